"""The LSTM as an operation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from gatelet.plan.operation import Arrays
from gatelet.plan.recurrent import Recurrent, need_gains, need_plain, with_gains
from gatelet.plan.values import Numbers, Weights
from gatelet.reference import LayerWeights, lstm


@dataclass(frozen=True, eq=False)
class LSTM(Recurrent):
    """An LSTM without projection, gates i, f, g, o; the equations are those of `gatelet.reference.lstm`.

    Attributes:
        layer_norm_ih: (4H,) gains of the normalised W_ih x; None: not normalised.
        layer_norm_hh: (4H,) gains of the normalised W_hh h.
        cell: name under which the states c are written too, in the shape of h; "" for none.
        right: (R, H), where W_hh is of low rank: the product `weight_hh right`; None: it is `weight_hh`.
    """

    gates: ClassVar[int] = 4
    states: ClassVar[int] = 2

    layer_norm_ih: Weights | None = None
    layer_norm_hh: Weights | None = None
    cell: str = ""
    right: Weights | None = None

    @property
    def outputs(self) -> tuple[str, ...]:
        """The states h, and c where that has a name."""
        return (self.target, self.cell) if self.cell else (self.target,)

    def check_weights(self, size: int) -> None:
        """Raise ModelError unless all weights fit H."""
        super().check_weights(size)
        need_plain("LSTM", self.right, self.layer_norm_ih is None)
        need_gains("LSTM", self.layer_norm_ih, self.layer_norm_hh, 4 * size)

    def sequence(self, x: Numbers, state: Arrays) -> Arrays:
        """All states h and c (T, B, H) over x (T, B, I) from h and c (B, H)."""
        h, _, trace = lstm.forward(x, (state[0], state[1]), self.layer())
        return h, trace.c[1:]

    def layer(self) -> LayerWeights:
        """The weights in float64."""
        return with_gains(super().layer(), self.layer_norm_ih, self.layer_norm_hh)
