"""GRU and LSTM on a GPU where cuDNN does not compute them, as one function for autograd."""

from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor

from gatelet.kernels import unrolled
from gatelet.kernels.inputs import Inputs
from gatelet.kernels.triton.projected import Projected

__all__ = ["handles", "run"]

GATES = {"gru": 3, "lstm": 4}


def handles(cell: str, given: Inputs) -> bool:
    """Whether the Triton kernels compute this."""
    if cell not in GATES or not given.x.is_cuda or given.x.numel() == 0 or find_spec("triton") is None:
        return False
    if torch._C._functorch.peek_interpreter_stack() is not None:
        return False  # under vmap or torch.func.grad
    same = [t for t in given.tensors[:9] if t is not None]
    return all(t.is_cuda and t.dtype == given.x.dtype for t in same) and given.x.dtype in (
        torch.float32,
        torch.bfloat16,
        torch.float16,
    )


def run(cell: str, given: Inputs) -> tuple[Tensor, ...]:
    """Return y, laid out as x, and the last states, (B, H) each; as `unrolled.run`."""
    projected = unrolled.product(given.x, given.w_ih, given.b_ih, given.layer_norm_ih, given.h0.shape[-1])
    wide = (given.h0, given.c0, given.w_hh, given.b_hh, given.layer_norm_hh, given.dropout_mask)
    *tensors, mask = (projected, *(None if t is None else t.to(projected.dtype) for t in wide))  # autocast narrows
    rest = (mask, given.zoneout_seed, given.offsets, given.resets)
    save = torch.is_grad_enabled() and any(t is not None and t.requires_grad for t in tensors)
    results: tuple[Tensor, ...] = _Recurrence.apply(cell, save, *tensors, *rest, *given.options)  # type: ignore[no-untyped-call]
    return results


class _Recurrence(torch.autograd.Function):
    """y and the last states from the projected inputs."""

    @staticmethod
    def forward(ctx: Any, cell: str, save: bool, *arguments: Any) -> tuple[Tensor, ...]:
        from gatelet.kernels.triton import launch

        given = Projected(*arguments)
        results, saved = launch.forward(GATES[cell], given, save=save)
        ctx.cell, ctx.options = cell, given[10:]
        ctx.save_for_backward(*given[:10], *saved)
        ctx.set_materialize_grads(False)
        return results

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor | None) -> tuple[Tensor | None, ...]:
        from gatelet.kernels.triton import launch

        given = Projected(*ctx.saved_tensors[:10], *ctx.options)
        if torch.is_grad_enabled():  # double backward
            found = _differentiable_gradients(ctx.cell, upstream, given, ctx.needs_input_grad[2:8])
        else:
            found = launch.backward(GATES[ctx.cell], upstream, given, ctx.saved_tensors[10:])
        return (None, None, *found, *[None] * 7)


def _differentiable_gradients(
    cell: str, upstream: tuple[Tensor | None, ...], given: Projected, wanted: tuple[bool, ...]
) -> list[Tensor | None]:
    """The gradients of the first six of `given`, from the equations step by step."""
    tensors = given[:6]
    inputs = Inputs(
        given.projected, given.h0, given.c0, given.w_hh, given.w_hh, None, given.b_hh, None, given.gains, *given[6:]
    )  # x and w_ih, of which there are none, are not read
    outputs = unrolled.run_projected(cell, given.projected, inputs)
    pairs = [(y, dy) for y, dy in zip(outputs, upstream, strict=True) if dy is not None]
    asked = [t for t, need in zip(tensors, wanted, strict=True) if need and t is not None]
    found = iter(
        torch.autograd.grad([y for y, _ in pairs], asked, [dy for _, dy in pairs], create_graph=True, allow_unused=True)
    )
    return [next(found) if need and t is not None else None for t, need in zip(tensors, wanted, strict=True)]
