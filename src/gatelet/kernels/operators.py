"""The native kernels as PyTorch operators, `torch.ops.gatelet.*`, so that autograd and the compiler know them.

Every cell of `CELLS` has `{cell}_layer` and `{cell}_layer_backward`, all with the same arguments: those of
`inputs.Inputs`. One call runs one direction of one layer over a whole sequence. x is (T, B, I), (B, T, I) with
`batch_first`, or packed (N, I) with `offsets` (T + 1,), the first row of each step; y is laid out as x. `save` keeps
what backward reads. What a cell does not have is None among the arguments and (0,) among the results.
"""

from typing import Any

import torch
from torch import Tensor

from gatelet.kernels import native, unrolled
from gatelet.kernels.cells import CELLS, Cell
from gatelet.kernels.inputs import Inputs

__all__ = ["LAYERS", "autocast_dtype"]

_INPUTS = (
    "Tensor x, Tensor h0, Tensor? c0, Tensor w_ih, Tensor w_hh, Tensor? b_ih, Tensor? b_hh, Tensor? layer_norm_ih,"
    " Tensor? layer_norm_hh, Tensor? dropout_mask, Tensor? zoneout_seed, Tensor? offsets, Tensor? resets,"
    " float zoneout, bool batch_first, bool reverse"
)
_FORWARD = f"({_INPUTS}, bool save) -> (Tensor y, Tensor h_n, Tensor c_n, Tensor gates, Tensor cells)"
_BACKWARD = (
    f"(Tensor? dy, Tensor? dh_n, Tensor? dc_n, Tensor y, Tensor gates, Tensor cells, {_INPUTS}, bool wants_dx)"
    " -> (Tensor dx, Tensor dh0, Tensor dc0, Tensor dw_ih, Tensor dw_hh, Tensor db_ih, Tensor db_hh,"
    " Tensor dlayer_norm_ih, Tensor dlayer_norm_hh)"
)
_TENSORS = 13  # of Inputs
_DIFFERENTIABLE = 9  # of those

LAYERS: dict[str, Any] = {}  # by name of the cell


def _save(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
    """Keep inputs and outputs. Gradients that nobody wants stay None."""
    y, _, _, gates, cells = output
    ctx.save_for_backward(y, gates, cells, *inputs[:_TENSORS])
    ctx.options = inputs[_TENSORS:-1]  # zoneout, batch_first, reverse
    ctx.set_materialize_grads(False)


def _define(cell: Cell) -> None:
    """Define and register the two operators of a cell."""
    name, backward_name = f"gatelet::{cell.name}_layer", f"gatelet::{cell.name}_layer_backward"
    torch.library.define(name, _FORWARD)
    torch.library.define(backward_name, _BACKWARD)
    LAYERS[cell.name] = getattr(torch.ops.gatelet, f"{cell.name}_layer").default
    layer_backward = getattr(torch.ops.gatelet, f"{cell.name}_layer_backward").default

    def compute(*inputs: Any) -> tuple[Tensor, ...]:
        return native.forward(cell, Inputs(*inputs[:-1]), save=inputs[-1])

    def fake(*inputs: Any) -> tuple[Tensor, ...]:
        return native.empty_results(cell, Inputs(*inputs[:-1]), save=inputs[-1])

    def compute_backward(*inputs: Any) -> tuple[Tensor, ...]:
        return native.backward(cell, inputs[:3], inputs[3:6], Inputs(*inputs[6:-1]), wants_dx=inputs[-1])

    def fake_backward(*inputs: Any) -> tuple[Tensor, ...]:
        return native.empty_gradients(Inputs(*inputs[6:-1]), wants_dx=inputs[-1])

    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Tensor | None, ...]:
        """Give one gradient per input of the forward operator."""
        saved, tensors = ctx.saved_tensors[:3], ctx.saved_tensors[3:]
        wanted = ctx.needs_input_grad[:_DIFFERENTIABLE]
        upstream = gradients[:3]  # of y, h_n and c_n
        if torch.is_grad_enabled():  # double backward
            found = unrolled.gradients(cell.name, upstream, Inputs(*tensors, *ctx.options), wanted)
        else:
            found = layer_backward(*upstream, *saved, *tensors, *ctx.options, wanted[0])
        needed = [g if need else None for g, need in zip(found, wanted, strict=True)]
        return (*needed, *[None] * (_TENSORS - _DIFFERENTIABLE + len(ctx.options) + 1))

    for operator, computed, faked in ((name, compute, fake), (backward_name, compute_backward, fake_backward)):
        torch.library.impl(operator, "CPU", computed)
        torch.library.register_fake(operator, faked)
    torch.library.register_autograd(name, backward, setup_context=_save)
    _register_autocast(cell, name)


def autocast_dtype(cell: Cell, given: Inputs) -> torch.dtype:
    """What a cell computes in within a CPU's autocast: bfloat16 if asked for and if there is a kernel, else float32."""
    asked = torch.get_autocast_dtype("cpu") == torch.bfloat16
    return torch.bfloat16 if asked and cell.in_bfloat16(given.layer_norm_ih is not None) else torch.float32


def _register_autocast(cell: Cell, name: str) -> None:
    """Cast the inputs of the forward operator; `torch.library.register_autocast` knows but one dtype."""
    key = torch._C.DispatchKey.AutocastCPU

    def cast(*inputs: Any) -> Any:
        given = Inputs(*inputs[:-1])
        dtype = autocast_dtype(cell, given)
        with torch._C._ExcludeDispatchKeyGuard(torch._C.DispatchKeySet(key)):
            return LAYERS[cell.name](*given.to(dtype), inputs[-1])

    LAYERS[cell.name].py_impl(key)(cast)
    torch.library.impl(name, "AutocastCPU", cast)


for _cell in CELLS.values():
    _define(_cell)
