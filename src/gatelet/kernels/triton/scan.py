"""Calls the Triton kernels of the scan cells: one layer, one direction, a whole sequence per call."""

import torch
from torch import Tensor

from gatelet.kernels.scan_cells import ScanCell, Scanned
from gatelet.kernels.triton import scan_kernels
from gatelet.kernels.triton.rows import row_table

__all__ = ["backward", "forward"]

STEPS, UNITS = 32, 32  # of one tile


def forward(cell: ScanCell, given: Scanned) -> tuple[Tensor, Tensor]:
    """Return y, laid out as the gates, and h_n (B, H)."""
    gates, h0 = given.gates.contiguous(), given.h0.contiguous()
    y, h_n = gates.new_empty((*gates.shape[:-1], h0.shape[-1])), torch.empty_like(h0)
    table, resets, sizes, options = _arguments(cell, given)
    grid = (sizes[1], -(-sizes[2] // UNITS))
    scan_kernels.scan[grid](gates, h0, table, resets, y, h_n, *sizes, **options)
    return y, h_n


def backward(
    cell: ScanCell, dy: Tensor | None, dh_n: Tensor | None, y: Tensor, given: Scanned
) -> tuple[Tensor, Tensor]:
    """Return the gradients of the gates and of h0; None stands for zeros."""
    gates, h0 = given.gates.contiguous(), given.h0.contiguous()
    dy = torch.zeros_like(y) if dy is None else dy.contiguous()
    dh_n = torch.zeros_like(h0) if dh_n is None else dh_n.contiguous()
    dgates, dh0 = torch.empty_like(gates), torch.empty_like(h0)
    table, resets, sizes, options = _arguments(cell, given)
    grid = (sizes[1], -(-sizes[2] // UNITS))
    scan_kernels.scan_backward[grid](dy, dh_n, y, gates, h0, table, resets, dgates, dh0, *sizes, **options)
    return dgates, dh0


def _arguments(cell: ScanCell, given: Scanned) -> tuple[Tensor, Tensor, tuple[int, int, int], dict[str, int | bool]]:
    """The table of rows, the resets or something in their place, the sizes T, B, H, and what is compiled in."""
    batch, hidden = given.h0.shape
    table = row_table(given.steps, batch, given.offsets, given.batch_first, given.gates.device)
    resets = table if given.resets is None else given.resets.contiguous()
    options = {"RESETS": given.resets is not None, "REVERSE": given.reverse, "BT": STEPS, "BU": UNITS}
    return table, resets, (given.steps, batch, hidden), options | {"CELL": cell.gates}
