"""The fused scan kernels as PyTorch operators, `torch.ops.gatelet.min_gru_scan` and so on.

Every cell of `scan_cells.CELLS` has `{cell}_scan` and `{cell}_scan_backward`, with the arguments of
`scan_cells.Scanned`. Nothing but inputs and outputs is kept for backward, which finds the gates again.
"""

from typing import Any

import torch
from torch import Tensor

from gatelet.kernels import native_scan, scan_cells
from gatelet.kernels.scan_cells import CELLS, ScanCell, Scanned

__all__ = ["SCANS"]

_INPUTS = "Tensor gates, Tensor h0, Tensor? offsets, Tensor? resets, bool batch_first, bool reverse"

SCANS: dict[str, Any] = {}  # by name of the cell


def _save(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
    ctx.save_for_backward(output[0], *inputs[:4])
    ctx.options = inputs[4:]
    ctx.set_materialize_grads(False)


def _define(cell: ScanCell) -> None:
    """Define and register the two operators of a cell."""
    name, backward_name = f"gatelet::{cell.name}_scan", f"gatelet::{cell.name}_scan_backward"
    torch.library.define(name, f"({_INPUTS}) -> (Tensor y, Tensor h_n)")
    torch.library.define(
        backward_name, f"(Tensor? dy, Tensor? dh_n, Tensor y, {_INPUTS}) -> (Tensor dgates, Tensor dh0)"
    )
    SCANS[cell.name] = getattr(torch.ops.gatelet, f"{cell.name}_scan").default
    scan_backward = getattr(torch.ops.gatelet, f"{cell.name}_scan_backward").default

    def compute(*inputs: Any) -> tuple[Tensor, Tensor]:
        return native_scan.forward(cell, Scanned(*inputs))

    def fake(gates: Tensor, h0: Tensor, *rest: Any) -> tuple[Tensor, Tensor]:
        return gates.new_empty((*gates.shape[:-1], h0.shape[-1])), gates.new_empty(h0.shape)

    def compute_backward(dy: Tensor | None, dh_n: Tensor | None, y: Tensor, *inputs: Any) -> tuple[Tensor, Tensor]:
        return native_scan.backward(cell, dy, dh_n, y, Scanned(*inputs))

    def fake_backward(dy: Any, dh_n: Any, y: Tensor, gates: Tensor, h0: Tensor, *rest: Any) -> tuple[Tensor, Tensor]:
        return gates.new_empty(gates.shape), gates.new_empty(h0.shape)

    def backward(ctx: Any, dy: Tensor | None, dh_n: Tensor | None) -> tuple[Tensor | None, ...]:
        y, *tensors = ctx.saved_tensors
        wanted = ctx.needs_input_grad[:2]
        if torch.is_grad_enabled():  # double backward
            found = scan_cells.gradients(cell, (dy, dh_n), Scanned(*tensors, *ctx.options), wanted)
        else:
            found = list(scan_backward(dy, dh_n, y, *tensors, *ctx.options))
        return (*[g if need else None for g, need in zip(found, wanted, strict=True)], None, None, None, None)

    def compute_on_gpu(*inputs: Any) -> tuple[Tensor, Tensor]:
        from gatelet.kernels.triton import scan

        return scan.forward(cell, Scanned(*inputs))

    def compute_backward_on_gpu(dy: Any, dh_n: Any, y: Tensor, *inputs: Any) -> tuple[Tensor, Tensor]:
        from gatelet.kernels.triton import scan

        return scan.backward(cell, dy, dh_n, y, Scanned(*inputs))

    torch.library.impl(name, "CUDA", compute_on_gpu)
    torch.library.impl(backward_name, "CUDA", compute_backward_on_gpu)
    for operator, computed, faked in ((name, compute, fake), (backward_name, compute_backward, fake_backward)):
        torch.library.impl(operator, "CPU", computed)
        torch.library.register_fake(operator, faked)
    torch.library.register_autograd(name, backward, setup_context=_save)


for _cell in CELLS.values():
    _define(_cell)
