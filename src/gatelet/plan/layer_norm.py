"""Layer normalisation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gatelet.plan.operation import Arrays, OneToOne, Stateless
from gatelet.plan.values import Numbers, Shape, Weights, need_array, need_number, need_rows


@dataclass(frozen=True, eq=False)
class LayerNorm(OneToOne, Stateless):
    """y = (x - mean) / sqrt(variance + epsilon) * gain + bias over the last axis (Ba et al. 2016, arXiv:1607.06450).

    Attributes:
        source: (F,) or rows (N, F).
        target: of the same shape.
        gain: (F,).
        bias: (F,).
        epsilon: added to the variance, which is the biased one.
    """

    source: str
    target: str
    gain: Weights
    bias: Weights
    epsilon: float = 1e-5

    def shapes(self, given: Sequence[Shape]) -> tuple[Shape, ...]:
        """That of x."""
        need_array("gain of LayerNorm", self.gain, (self.gain.size,))
        need_array("bias of LayerNorm", self.bias, (self.gain.size,))
        need_number("epsilon of LayerNorm", self.epsilon)
        need_rows(f"{self.source!r}, which LayerNorm reads,", given[0], self.gain.size)
        return (given[0],)

    def run(self, given: Sequence[Numbers], state: Arrays) -> tuple[Arrays, Arrays]:
        """One step."""
        x = given[0]
        scale = np.sqrt(x.var(-1, keepdims=True) + self.epsilon)
        return ((x - x.mean(-1, keepdims=True)) / scale * self.gain + self.bias,), ()
