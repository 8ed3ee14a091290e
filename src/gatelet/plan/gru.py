"""The GRU as an operation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from gatelet.plan.recurrent import Recurrent, need_gains, need_plain, with_gains
from gatelet.plan.values import Weights
from gatelet.reference import LayerWeights, gru


@dataclass(frozen=True, eq=False)
class GRU(Recurrent):
    """A GRU, gates r, z, n; the equations are those of `gatelet.reference.gru`.

    Attributes:
        reset_after: r multiplies the product W_hn h + b_hn (PyTorch, ONNX `linear_before_reset=1`), else h before it.
        layer_norm_ih: (3H,) gains of the normalised W_ih x; None: not normalised.
        layer_norm_hh: (3H,) gains of the normalised W_hh h.
        right: (R, H), where W_hh is of low rank: the product `weight_hh right`; None: it is `weight_hh`.
    """

    gates: ClassVar[int] = 3

    reset_after: bool = True
    layer_norm_ih: Weights | None = None
    layer_norm_hh: Weights | None = None
    right: Weights | None = None

    def check_weights(self, size: int) -> None:
        """Raise ModelError unless all weights fit H."""
        super().check_weights(size)
        need_plain("GRU", self.right, self.reset_after and self.layer_norm_ih is None)
        need_gains("GRU", self.layer_norm_ih, self.layer_norm_hh, 3 * size)

    def forward(self) -> Callable[..., tuple[Any, Any, Any]]:
        """The equations."""
        return partial(gru.forward, reset_after=self.reset_after)

    def layer(self) -> LayerWeights:
        """The weights in float64."""
        return with_gains(super().layer(), self.layer_norm_ih, self.layer_norm_hh)
