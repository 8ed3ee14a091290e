"""The minLSTM as an operation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from gatelet.plan.recurrent import Recurrent
from gatelet.plan.values import need_array
from gatelet.reference import min_lstm


@dataclass(frozen=True, eq=False)
class MinLSTM(Recurrent):
    """A minLSTM, gates f, i, n; the equations are those of `gatelet.reference.min_lstm`.

    Its gates see the input alone: `weight_hh` (0, 0) and `bias_hh` (0,) are empty.
    """

    gates: ClassVar[int] = 3

    def check_weights(self, size: int) -> None:
        """Raise ModelError unless all weights fit H."""
        need_array("weight_hh of MinLSTM", self.weight_hh, (0, 0))
        need_array("bias_ih of MinLSTM", self.bias_ih, (3 * size,))
        need_array("bias_hh of MinLSTM", self.bias_hh, (0,))

    def forward(self) -> Callable[..., tuple[Any, Any, Any]]:
        """The equations."""
        return min_lstm.forward
