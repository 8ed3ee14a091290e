"""The minGRU as an operation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from gatelet.plan.recurrent import Recurrent
from gatelet.plan.values import need_array
from gatelet.reference import min_gru


@dataclass(frozen=True, eq=False)
class MinGRU(Recurrent):
    """A minGRU, gates z, n; the equations are those of `gatelet.reference.min_gru`.

    Its gates see the input alone: `weight_hh` (0, 0) and `bias_hh` (0,) are empty.
    """

    gates: ClassVar[int] = 2

    def check_weights(self, size: int) -> None:
        """Raise ModelError unless all weights fit H."""
        need_array("weight_hh of MinGRU", self.weight_hh, (0, 0))
        need_array("bias_ih of MinGRU", self.bias_ih, (2 * size,))
        need_array("bias_hh of MinGRU", self.bias_hh, (0,))

    def forward(self) -> Callable[..., tuple[Any, Any, Any]]:
        """The equations."""
        return min_gru.forward
