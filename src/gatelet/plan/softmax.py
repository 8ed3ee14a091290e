"""Scores to probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gatelet.errors import ModelError
from gatelet.plan.operation import Arrays, OneToOne, Stateless
from gatelet.plan.values import Numbers, Shape


@dataclass(frozen=True, eq=False)
class Softmax(OneToOne, Stateless):
    """y_k = exp(x_k) / sum of exp(x), over the last axis.

    Attributes:
        source: (..., K).
        target: of the same shape.
        logarithm: write log y instead.
        barred: the first so many classes are never the answer: their probability is 0.
    """

    source: str
    target: str
    logarithm: bool = False
    barred: int = 0

    def shapes(self, given: Sequence[Shape]) -> tuple[Shape, ...]:
        """That of x."""
        size = given[0][-1] if given[0] else 0
        if not isinstance(size, int) or not 0 <= self.barred < size:
            raise ModelError(
                f"{self.source!r}, which Softmax reads, must have more than {self.barred} values in a row."
            )
        return (given[0],)

    def run(self, given: Sequence[Numbers], state: Arrays) -> tuple[Arrays, Arrays]:
        """One step."""
        x = given[0].copy()
        x[..., : self.barred] = -np.inf
        shifted = x - x.max(-1, keepdims=True, initial=-np.inf)
        log = shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))
        return (log if self.logarithm else np.exp(log),), ()
