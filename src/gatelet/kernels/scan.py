"""Run a stack of scan cells, minGRU or minLSTM, over a batch: the place that chooses what computes them.

The gates of a scan cell see the input alone. They are projected in one product, and what is left is a linear recurrence
in every unit, of which there are three forms:

    fused        one pass over time in a kernel of our own: natively on a CPU (float32 and bfloat16), in Triton on a GPU
    parallel     about 2 log2(T) rounds of PyTorch's operators: any device, any dtype, any transformation of PyTorch's
    sequential   T rounds of PyTorch's operators: the textbook

Weights are a flat list, `weight_ih` and, where there are biases, `bias_ih`; layer by layer, the reverse direction after
the forward one. Layouts are those of `kernels.recurrent`.
"""

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Literal, Unpack

import torch
from torch import Tensor
from torch.nn import functional as F

from gatelet.kernels import native, scan_cells
from gatelet.kernels.scan_cells import CELLS, ScanCell, Scanned
from gatelet.kernels.scan_operators import SCANS
from gatelet.kernels.stack import Stack, check_steps, places

__all__ = ["Form", "min_gru", "min_lstm"]

Form = Literal["fused", "parallel", "sequential"]


def min_gru(
    x: Tensor, h0: Tensor, weights: Sequence[Tensor], *, form: Form | None = None, **stack: Unpack[Stack]
) -> tuple[Tensor, Tensor]:
    """Run stacked minGRUs; the equation is that of `gatelet.reference.min_gru.forward`.

    Args:
        x: (T, B, I), (B, T, I) with `batch_first`, or packed (N, I) with `batch_sizes`.
        h0: (L*D, B, H).
        weights: flat; each `weight_ih` is (2H, I), or (2H, D*H) from the second layer on, each `bias_ih` (2H,).
        form: one of the three; by default fused where there is a kernel, else parallel.
        stack: the layers and the layout (`gatelet.kernels.stack.Stack`).

    Returns:
        y, laid out as `x`, with D*H features; h_n: (L*D, B, H).

    Raises:
        RuntimeError: there are no steps, or shapes do not fit, or the form is "fused" and there is no kernel.
    """
    return _run(CELLS["min_gru"], x, h0, weights, form, stack)


def min_lstm(
    x: Tensor, h0: Tensor, weights: Sequence[Tensor], *, form: Form | None = None, **stack: Unpack[Stack]
) -> tuple[Tensor, Tensor]:
    """Run stacked minLSTMs; the equation is that of `gatelet.reference.min_lstm.forward`.

    Arguments, results and errors are those of `min_gru`, with weights of 3H rows.
    """
    return _run(CELLS["min_lstm"], x, h0, weights, form, stack)


def _run(
    cell: ScanCell, x: Tensor, h0: Tensor, weights: Sequence[Tensor], form: Form | None, stack: Stack
) -> tuple[Tensor, Tensor]:
    check_steps(x, stack)
    offsets, resets = places(stack)
    batch_first = stack.get("batch_first", False)
    dropout = stack.get("dropout", 0.0) if stack.get("training", False) else 0.0
    directions, per_direction = (2 if stack.get("bidirectional") else 1), (2 if stack.get("bias", True) else 1)
    last = []
    for layer in range(stack["num_layers"]):
        if layer > 0 and dropout > 0.0:
            x = F.dropout(x, dropout)
        outputs = []
        for direction in range(directions):
            k = layer * directions + direction
            gates = F.linear(x, *weights[k * per_direction : (k + 1) * per_direction])
            given = Scanned(gates, h0[k].to(gates.dtype), offsets, resets, batch_first, direction == 1)
            y, h_n = _one(cell, given, form)
            outputs.append(y)
            last.append(h_n)
        x = outputs[0] if directions == 1 else torch.cat(outputs, dim=-1)
    return x, torch.stack(last)


def _one(cell: ScanCell, given: Scanned, form: Form | None) -> tuple[Tensor, Tensor]:
    """One direction of one layer."""
    if form is None:
        form = "fused" if _has_kernel(given) else "parallel"
    if form != "fused":
        return scan_cells.run(cell, given, in_parallel=form == "parallel")
    if not _has_kernel(given):
        of_what = f"{given.gates.dtype} on {given.gates.device.type}"
        raise RuntimeError(f"The form 'fused' needs a kernel, and there is none for {of_what}.")
    y, h_n = SCANS[cell.name](*given)
    return y, h_n


def _has_kernel(given: Scanned) -> bool:
    """Whether there is a kernel for this: float32 or bfloat16, not empty, on a CPU, or on a GPU with Triton."""
    device = given.gates.device.type
    if given.gates.numel() == 0 or not (
        native.ENABLED if device == "cpu" else device == "cuda" and find_spec("triton")
    ):
        return False
    if not torch.compiler.is_compiling() and torch._C._functorch.peek_interpreter_stack() is not None:
        return False  # under vmap or torch.func.grad
    return given.gates.dtype in (torch.float32, torch.bfloat16)
