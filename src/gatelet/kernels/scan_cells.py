"""The scan cells in PyTorch's operators: what each keeps of its state and adds to it, and one layer over a sequence."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from gatelet.kernels.linear_recurrence import parallel, sequential

__all__ = ["CELLS", "ScanCell", "Scanned", "gradients", "run"]


class Scanned(NamedTuple):
    """One direction of one layer of a scan cell whose inputs are projected. G is 2 (minGRU) or 3 (minLSTM)."""

    gates: Tensor  # (T, B, G*H), (B, T, G*H) with batch_first, or packed (N, G*H) with offsets
    h0: Tensor  # (B, H)
    offsets: Tensor | None = None  # (T + 1,) int64, first row of each step of a packed batch
    resets: Tensor | None = None  # as gates without its last axis, nonzero zeroes the state before that step
    batch_first: bool = False
    reverse: bool = False

    @property
    def steps(self) -> int:
        """T."""
        if self.offsets is not None:
            return len(self.offsets) - 1
        return self.gates.shape[1 if self.batch_first else 0]


def _positive(a: Tensor) -> Tensor:
    return torch.where(a >= 0, a + 0.5, torch.sigmoid(a))


def _min_gru(gates: Tensor) -> tuple[Tensor, Tensor]:
    a_z, a_n = gates.chunk(2, dim=-1)
    return torch.sigmoid(-a_z), torch.sigmoid(a_z) * _positive(a_n)


def _min_lstm(gates: Tensor) -> tuple[Tensor, Tensor]:
    a_f, a_i, a_n = gates.chunk(3, dim=-1)
    ratio = F.logsigmoid(a_f) - F.logsigmoid(a_i)  # f / (f + i) = s(ln f - ln i)
    return torch.sigmoid(ratio), torch.sigmoid(-ratio) * _positive(a_n)


class ScanCell(NamedTuple):
    """What must be known of a scan cell."""

    name: str
    gates: int  # G: the weight is (G*H, I), the bias (G*H,)
    coefficients: Callable[[Tensor], tuple[Tensor, Tensor]]  # (..., G*H) -> keep and add, (..., H) each


CELLS = {cell.name: cell for cell in (ScanCell("min_gru", 2, _min_gru), ScanCell("min_lstm", 3, _min_lstm))}


def run(cell: ScanCell, given: Scanned, *, in_parallel: bool = True) -> tuple[Tensor, Tensor]:
    """Return y, laid out as the gates, and h_n (B, H); sequentially, or in parallel over time."""
    keep, add = cell.coefficients(given.gates)
    if given.resets is not None:
        keep = keep * (given.resets == 0).unsqueeze(-1)
    batch = len(given.h0)
    offsets = None if given.offsets is None else given.offsets.to(keep.device)  # packed batches have theirs on the CPU
    if offsets is not None:
        rows = offsets[:-1, None] + torch.arange(batch, device=keep.device)  # (T, B)
        running = rows < offsets[1:, None]
        rows = torch.where(running, rows, 0)
        # beyond its end a sequence keeps its state, and before its end, in reverse, its first one
        keep = torch.where(running.unsqueeze(-1), keep[rows], 1.0)
        add = torch.where(running.unsqueeze(-1), add[rows], 0.0)
    elif given.batch_first:
        keep, add = keep.transpose(0, 1), add.transpose(0, 1)
    if given.reverse:
        keep, add = keep.flip(0), add.flip(0)
    y = (parallel if in_parallel else sequential)(keep, add, given.h0)
    h_n = y[-1]
    if given.reverse:
        y = y.flip(0)
    if offsets is not None:
        row = torch.arange(len(given.gates), device=y.device)
        step = torch.searchsorted(offsets, row, right=True) - 1
        return y.flatten(0, 1)[step * batch + row - offsets[step]], h_n
    return (y.transpose(0, 1) if given.batch_first else y), h_n


def gradients(
    cell: ScanCell, upstream: tuple[Tensor | None, Tensor | None], given: Scanned, wanted: tuple[bool, bool]
) -> list[Tensor | None]:
    """Give the gradients of the gates and of h0, themselves differentiable; `upstream` is of y and h_n."""
    outputs = run(cell, given)
    pairs = [(y, dy) for y, dy in zip(outputs, upstream, strict=True) if dy is not None]
    asked = [t for t, need in zip((given.gates, given.h0), wanted, strict=True) if need]
    found = iter(
        torch.autograd.grad([y for y, _ in pairs], asked, [dy for _, dy in pairs], create_graph=True, allow_unused=True)
    )
    return [next(found) if need else None for need in wanted]
