"""Sequences of unequal length in one padded batch: only the steps that exist are computed.

The steps that exist are gathered into the order of a `PackedSequence`, one time step after another and within it the
longest sequence first, and what comes out of the layers is put back to where it belongs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

__all__ = ["Lengths", "Ragged", "ragged"]

Lengths = Tensor | Sequence[int]


@dataclass(frozen=True)
class Ragged:
    """Where the steps of a padded batch go when it is packed; N is the sum of the lengths."""

    order: Tensor  # (B,), the longest sequence first
    order_back: Tensor  # (B,)
    batch_sizes: Tensor  # (longest,) on the CPU, sequences that are still running at each step
    rows: Tensor  # (N,), of the padded batch with its first two axes made one

    def packed(self, padded: Tensor) -> Tensor:
        """(T, B, ...) or (B, T, ...) to (N, ...)."""
        packed: Tensor = _Gather.apply(padded.flatten(0, 1), self.rows)  # type: ignore[no-untyped-call]
        return packed

    def padded(self, packed: Tensor, shape: Sequence[int]) -> Tensor:
        """(N, F) to (T, B, F) or (B, T, F), as `shape` begins, zero beyond the end of each sequence."""
        rows: Tensor = _Scatter.apply(packed, self.rows, shape[0] * shape[1])  # type: ignore[no-untyped-call]
        return rows.view(shape[0], shape[1], packed.shape[-1])


class _Gather(torch.autograd.Function):
    """The chosen rows. No row is chosen twice, so the gradient is copied, where PyTorch would add row by row."""

    generate_vmap_rule = True

    @staticmethod
    def forward(source: Tensor, rows: Tensor) -> Tensor:
        return source.index_select(0, rows)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor], output: Tensor) -> None:
        ctx.save_for_backward(inputs[1])
        ctx.count = len(inputs[0])

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return _Scatter.apply(gradient, ctx.saved_tensors[0], ctx.count), None  # type: ignore[no-untyped-call]


class _Scatter(torch.autograd.Function):
    """The rows at their places among `count` rows of zeros."""

    generate_vmap_rule = True

    @staticmethod
    def forward(source: Tensor, rows: Tensor, count: int) -> Tensor:
        return source.new_zeros(count, *source.shape[1:]).index_copy_(0, rows, source)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor, int], output: Tensor) -> None:
        ctx.save_for_backward(inputs[1])

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        return _Gather.apply(gradient, ctx.saved_tensors[0]), None, None  # type: ignore[no-untyped-call]


def ragged(lengths: Lengths, x: Tensor, *, batch_first: bool) -> Ragged:
    """Lay out a padded batch x, (T, B, I) or (B, T, I) with `batch_first`, of sequences of these lengths, (B,).

    Raises:
        ValueError: there is not one length per sequence, or one is not an integer between 1 and T.
    """
    given = torch.as_tensor(lengths, device="cpu")
    batch, steps = x.shape[:2] if batch_first else (x.shape[1], x.shape[0])
    if given.shape != (batch,):
        raise ValueError(f"lengths must have shape ({batch},); got {tuple(given.shape)}.")
    if given.dtype == torch.bool or given.is_floating_point() or given.is_complex():
        raise ValueError(f"lengths must be integers; got {given.dtype}.")
    if batch and not 1 <= given.min() <= given.max() <= steps:
        wrong = int(given.min() if given.min() < 1 else given.max())
        raise ValueError(f"lengths must be between 1 and the {steps} steps of the input; got {wrong}.")
    falling, order = torch.sort(given, descending=True, stable=True)
    running = torch.arange(int(falling[0]) if batch else steps).unsqueeze(1) < falling  # (longest, B)
    step, place = running.nonzero(as_tuple=True)
    rows = order[place] * steps + step if batch_first else step * batch + order[place]
    return Ragged(order.to(x.device), order.argsort().to(x.device), running.sum(1), rows.to(x.device))
