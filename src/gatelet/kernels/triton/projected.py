"""What the recurrent Triton kernels are given."""

from typing import NamedTuple

from torch import Tensor

__all__ = ["Projected"]


class Projected(NamedTuple):
    """One direction of one layer whose inputs are projected."""

    projected: Tensor  # (T, B, G*H), (B, T, G*H) or packed (N, G*H)
    h0: Tensor  # (B, H)
    c0: Tensor | None  # (B, H), LSTM only
    w_hh: Tensor  # (G*H, H)
    b_hh: Tensor | None  # (G*H,)
    gains: Tensor | None  # (G*H,) of the normalised W_hh h; None: not normalised
    mask: Tensor | None  # (B, H), multiplies the state before W_hh
    seed: Tensor | None  # one int64: draw which units keep their state; None: mix by the rate
    offsets: Tensor | None  # (T + 1,) int64 if packed
    resets: Tensor | None  # as projected without its last axis
    zoneout: float
    batch_first: bool
    reverse: bool

    @property
    def steps(self) -> int:
        """T."""
        if self.offsets is not None:
            return len(self.offsets) - 1
        return self.projected.shape[1 if self.batch_first else 0]
