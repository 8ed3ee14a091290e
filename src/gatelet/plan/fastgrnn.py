"""FastGRNN as an operation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from gatelet.errors import ModelError
from gatelet.plan.recurrent import Recurrent
from gatelet.plan.values import Weights, need_array
from gatelet.reference import LayerWeights, fastgrnn


@dataclass(frozen=True, eq=False)
class FastGRNN(Recurrent):
    """A FastGRNN; the equations are those of `gatelet.reference.fastgrnn`.

    Gate and candidate share `weight_ih` (H, I) and `weight_hh` (H, H); `bias_ih` (2H,) is b_z, b_n and `bias_hh` (0,)
    is empty. Weights of low rank are multiplied out before they come here.

    Attributes:
        scales: (2,) zeta and nu before the sigmoid.
    """

    gates: ClassVar[int] = 1

    scales: Weights | None = None

    def check_weights(self, size: int) -> None:
        """Raise ModelError unless all weights fit H."""
        need_array("weight_hh of FastGRNN", self.weight_hh, (size, size))
        need_array("bias_ih of FastGRNN", self.bias_ih, (2 * size,))
        need_array("bias_hh of FastGRNN", self.bias_hh, (0,))
        need_array("scales of FastGRNN", self.scales, (2,))

    def forward(self) -> Callable[..., tuple[Any, Any, Any]]:
        """The equations."""
        return fastgrnn.forward

    def layer(self) -> LayerWeights:
        """The weights in float64."""
        plain = super().layer()
        if self.scales is None:
            raise ModelError("FastGRNN must have scales; it has none.")
        return LayerWeights(
            plain.weight_ih, plain.weight_hh, plain.bias_ih, plain.bias_hh, scales=self.scales.astype(np.float64)
        )
