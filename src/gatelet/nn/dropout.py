"""Dropout that forgets the same features at every step of a sequence."""

from __future__ import annotations

from torch import Tensor, nn


class SequenceDropout(nn.Module):
    """Zeroes features in training, the same ones for all steps of a sequence, and scales up the others.

    Source: Gal and Ghahramani, A Theoretically Grounded Application of Dropout in Recurrent Neural Networks, 2016
    (arXiv:1512.05287), who call it variational.
    """

    def __init__(self, p: float) -> None:
        """Drop each feature with probability `p` in [0, 1)."""
        super().__init__()
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, F) to the same shape."""
        if not self.training or not self.p:
            return x
        kept = x.new_empty(len(x), 1, x.shape[2]).bernoulli_(1.0 - self.p)
        return x * (kept / (1.0 - self.p))

    def extra_repr(self) -> str:
        """The probability."""
        return f"p={self.p}"
