"""What every way of computing a layer is given."""

from typing import Any, NamedTuple

import torch
from torch import Tensor

__all__ = ["Inputs"]


class Inputs(NamedTuple):
    """One direction of one layer, in PyTorch's layout and gate order."""

    x: Tensor  # (T, B, I), (B, T, I) with batch_first, or packed (N, I) with offsets
    h0: Tensor  # (B, H)
    c0: Tensor | None  # (B, H), cells with a cell state
    w_ih: Tensor  # (G*H, I)
    w_hh: Tensor  # (G*H, H)
    b_ih: Tensor | None = None  # (G*H,); of a FastGRNN b_z, b_n (2H,)
    b_hh: Tensor | None = None  # (G*H,); of a FastGRNN s(zeta), s(nu) (2H,), the same for all units
    layer_norm_ih: Tensor | None = None  # (G*H,) gains of the normalised W_ih x; None: not normalised
    layer_norm_hh: Tensor | None = None  # (G*H,) gains of the normalised W_hh h; None if and only if the other is
    dropout_mask: Tensor | None = None  # (B, H), multiplies the state before W_hh
    zoneout_seed: Tensor | None = None  # one int64: draw which units keep their state; None: mix by the rate
    offsets: Tensor | None = None  # (T + 1,) int64, first row of each step of a packed batch
    resets: Tensor | None = None  # (rows,) uint8, nonzero zeroes the state before that row's step
    zoneout: float = 0.0  # the rate at which units keep their old state, 0 for none
    batch_first: bool = False
    reverse: bool = False

    @property
    def tensors(self) -> tuple[Tensor | None, ...]:
        """All fields that may be tensors, in their order."""
        return self[:13]

    @property
    def options(self) -> tuple[float, bool, bool]:
        """The fields after the tensors."""
        return self[13:]

    def to(self, dtype: torch.dtype) -> "Inputs":
        """The same with all floating-point tensors in that dtype."""
        tensors: list[Any] = [t.to(dtype) if t is not None and t.is_floating_point() else t for t in self.tensors]
        return Inputs._make([*tensors, *self.options])

    @property
    def steps(self) -> int:
        """T."""
        if self.offsets is not None:
            return len(self.offsets) - 1
        return self.x.shape[1 if self.batch_first else 0]
