"""Calls the native kernels of the scan cells: one layer, one direction, a whole sequence per call, on the CPU."""

import torch
from torch import Tensor

from gatelet.kernels import native
from gatelet.kernels.scan_cells import ScanCell, Scanned

__all__ = ["backward", "forward"]


def forward(cell: ScanCell, given: Scanned) -> tuple[Tensor, Tensor]:
    """Run one direction of one layer; the gates and h0 are both float32 or both bfloat16.

    Args:
        cell: which.
        given: the layer.

    Returns:
        y (..., H), laid out as the gates, and h_n (B, H).

    Raises:
        RuntimeError: a size or a dtype does not fit.
    """
    given = _contiguous(given)
    _check(cell, given)
    gates, h0 = given.gates, given.h0
    y, h_n = gates.new_empty((*gates.shape[:-1], h0.shape[-1])), torch.empty_like(h0)
    native.chosen().scan(cell.name, (*_arguments(given), y.data_ptr(), h_n.data_ptr()), torch.get_num_threads())
    return y, h_n


def backward(
    cell: ScanCell, dy: Tensor | None, dh_n: Tensor | None, y: Tensor, given: Scanned
) -> tuple[Tensor, Tensor]:
    """Give the gradients of the gates and of h0.

    Args:
        cell: which.
        dy: laid out as y; None for zeros. Its rows may lie further apart than H.
        dh_n: (B, H); None for zeros.
        y: as `forward` gave it.
        given: as given to `forward`.
    """
    given = _contiguous(given)
    dy = native.rows_of(dy)
    dh_n = None if dh_n is None else dh_n.contiguous()
    dgates, dh0 = torch.empty_like(given.gates), torch.empty_like(given.h0)
    arrays = native.addresses((dy, dh_n, y, dgates, dh0))
    stride = 0 if dy is None else dy.stride(0)
    native.chosen().scan_backward(cell.name, (*_arguments(given), stride, *arrays), torch.get_num_threads())
    return dgates, dh0


def _contiguous(given: Scanned) -> Scanned:
    gates, h0, offsets, resets = (None if t is None else t.contiguous() for t in given[:4])
    assert gates is not None and h0 is not None
    return Scanned(gates, h0, offsets, resets, given.batch_first, given.reverse)


def _check(cell: ScanCell, given: Scanned) -> None:
    """Refuse what would make a kernel read outside an array."""
    batch, hidden = given.h0.shape
    steps, offsets = given.steps, given.offsets
    rows = steps * batch if offsets is None else int(offsets[-1])
    if offsets is not None and (int(offsets[1]) != batch or (offsets.diff().diff() > 0).any()):
        raise RuntimeError(f"batch_sizes must start with {batch} and never rise; got {offsets.diff().tolist()}.")
    sizes = {"gates": (given.gates, rows * cell.gates * hidden), "resets": (given.resets, rows)}
    for name, (array, wanted) in sizes.items():
        if array is not None and array.numel() != wanted:
            sizes_of = f"{batch} sequences and hidden size {hidden}"
            raise RuntimeError(f"{name} must have size {wanted} for {sizes_of}; got {array.numel()}.")
    if given.gates.dtype != given.h0.dtype or given.gates.dtype not in (torch.float32, torch.bfloat16):
        both = f"{given.gates.dtype} and {given.h0.dtype}"
        raise RuntimeError(f"The gates and h0 must both be float32 or bfloat16; got {both}.")


def _arguments(given: Scanned) -> tuple[int, ...]:
    """The fields of gatelet::Scan in the order in which native/bindings reads them."""
    batch, hidden = given.h0.shape
    half = given.gates.dtype == torch.bfloat16
    sizes = (given.steps, batch, given.batch_first, given.reverse, hidden, half)
    return sizes + native.addresses((given.gates, given.h0, given.offsets, given.resets))
