"""Dropout whose masks are drawn fast, of the same features at every step of a sequence, and of whole tokens."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

_DRAWS = 1 << 16  # a value of 16 bits decides about an element, and each draw gives four of them


def dropout(x: Tensor, p: float) -> Tensor:
    """`torch.nn.functional.dropout` in training, with a mask that costs a CPU an eighth of the time.

    PyTorch draws a number per element there, which was a tenth of a small translator's training step.

    Args:
        x: any shape.
        p: probability with which each value is dropped; below 1 it is rounded to 1/65536.
    """
    dropped = round(p * _DRAWS)
    if x.device.type != "cpu" or dropped == _DRAWS:
        return functional.dropout(x, p)
    drawn = torch.randint(-(2**63), 2**63 - 1, (-(-x.numel() // 4),)).view(torch.int16)
    kept = drawn[: x.numel()].view(x.shape) >= dropped - _DRAWS // 2
    return x * kept.to(x.dtype).mul_(_DRAWS / (_DRAWS - dropped))


class Dropout(nn.Module):
    """`torch.nn.Dropout` by `dropout`."""

    def __init__(self, p: float) -> None:
        """Drop each value with probability `p` in [0, 1)."""
        super().__init__()
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        """Any shape to the same shape."""
        return dropout(x, self.p) if self.training and self.p else x

    def extra_repr(self) -> str:
        """The probability."""
        return f"p={self.p}"


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


class TokenDropout(nn.Module):
    """Zeroes the vectors of some tokens in training, wherever they stand in the batch, and scales up the others.

    Source: Gal and Ghahramani 2016 (arXiv:1512.05287); embedding dropout in Merity et al. 2018 (arXiv:1708.02182).
    """

    def __init__(self, p: float) -> None:
        """Drop each token of the vocabulary with probability `p` in [0, 1)."""
        super().__init__()
        self.p = p

    def forward(self, x: Tensor, tokens: Tensor, vocabulary: int) -> Tensor:
        """Vectors (..., F) of the tokens (...), whose numbers are below `vocabulary`, to the same shape."""
        if not self.training or not self.p:
            return x
        kept = x.new_empty(vocabulary).bernoulli_(1.0 - self.p)
        return x * (kept / (1.0 - self.p))[tokens].unsqueeze(-1)

    def extra_repr(self) -> str:
        """The probability."""
        return f"p={self.p}"
