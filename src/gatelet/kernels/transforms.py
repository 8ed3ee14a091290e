"""The native layers under `torch.func`: `grad` and `vjp`, `vmap`, and so gradients per sample and `jacrev`.

PyTorch lets an operator of one's own take part in autograd, but not in these; an `autograd.Function` may. Where a
second derivative or forward mode is asked for (`hessian`, `jvp`, `jacfwd`), the step-by-step path computes.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from gatelet.kernels import unrolled
from gatelet.kernels.cells import CELLS
from gatelet.kernels.inputs import Inputs
from gatelet.kernels.operators import LAYERS, autocast_dtype

__all__ = ["active", "layer", "native"]

_INPUTS = len(Inputs._fields)
_DIFFERENTIABLE = 9  # of them
Dims = tuple[int | None, ...]


def layer(cell: str, given: Inputs, save: bool) -> tuple[Tensor, ...]:
    """Call the native operator of a cell, under whatever transforms."""
    if active():
        if torch.is_autocast_enabled("cpu"):  # which would change what the operator computes, but not what is saved
            given = given.to(autocast_dtype(CELLS[cell], given))
        return tuple(_Layer.apply(cell, save, *given))  # type: ignore[no-untyped-call]
    return tuple(LAYERS[cell](*given, save))


def active() -> bool:
    """Whether there are transforms around this call."""
    return not torch.compiler.is_compiling() and torch._C._functorch.peek_interpreter_stack() is not None


def native() -> bool:
    """Whether the native layers take part in the transforms that are on: any number of vmaps, and one gradient."""
    if not active():
        return True
    kinds = [interpreter.key() for interpreter in torch._C._functorch.get_interpreter_stack() or ()]
    types = torch._C._functorch.TransformType
    return all(kind in (types.Vmap, types.Grad) for kind in kinds) and kinds.count(types.Grad) <= 1


class _Layer(torch.autograd.Function):
    @staticmethod
    def forward(cell: str, save: bool, *inputs: Any) -> Any:
        return tuple(LAYERS[cell](*inputs, save))

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
        given = Inputs(*inputs[2:])
        y, _, _, gates, cells = output
        ctx.mark_non_differentiable(gates, cells)
        ctx.save_for_backward(y, gates, cells, *given.tensors)
        ctx.cell, ctx.options = inputs[0], given.options

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        saved, tensors = ctx.saved_tensors[:3], ctx.saved_tensors[3:]
        wanted = ctx.needs_input_grad[2:]
        found = _LayerBackward.apply(ctx.cell, wanted[0], *gradients[:3], *saved, *tensors, *ctx.options)  # type: ignore[no-untyped-call]
        given = [g if need else None for g, need in zip(found, wanted, strict=False)]
        return None, None, *given, *[None] * (_INPUTS - _DIFFERENTIABLE)

    @staticmethod
    def vmap(info: Any, in_dims: Dims, *args: Any) -> Any:
        return _one_by_one(_Layer.apply, info.batch_size, in_dims, args)


class _LayerBackward(torch.autograd.Function):
    @staticmethod
    def forward(cell: str, wants_dx: bool, *inputs: Any) -> Any:
        return tuple(getattr(torch.ops.gatelet, f"{cell}_layer_backward")(*inputs, wants_dx))

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
        given = Inputs(*inputs[8:])
        ctx.save_for_backward(*inputs[2:5], *given.tensors)
        ctx.cell, ctx.wants_dx, ctx.options = inputs[0], inputs[1], given.options

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        """Differentiate the gradients that the step-by-step path gives, for those of the layer."""
        upstream, tensors = ctx.saved_tensors[:3], ctx.saved_tensors[3:]
        needs = (*ctx.needs_input_grad[2:5], *ctx.needs_input_grad[8 : 8 + _DIFFERENTIABLE])
        values = (*upstream, *tensors[:_DIFFERENTIABLE])
        places = [k for k, (value, need) in enumerate(zip(values, needs, strict=True)) if need and value is not None]

        def first(*chosen: Tensor) -> tuple[Tensor, ...]:
            now = list(values)
            for k, value in zip(places, chosen, strict=True):
                now[k] = value
            return _gradients(ctx.cell, now[:3], Inputs(*now[3:], *tensors[_DIFFERENTIABLE:], *ctx.options), asked)

        asked = [k for k in range(_DIFFERENTIABLE) if tensors[k] is not None and (k > 0 or ctx.wants_dx)]
        pull = torch.func.vjp(first, *(values[k] for k in places))[1]
        found = iter(pull(tuple(gradients[k] for k in asked)))
        placed = [next(found) if k in places else None for k in range(3 + _DIFFERENTIABLE)]
        return None, None, *placed[:3], None, None, None, *placed[3:], *[None] * (_INPUTS - _DIFFERENTIABLE)

    @staticmethod
    def vmap(info: Any, in_dims: Dims, *args: Any) -> Any:
        return _one_by_one(_LayerBackward.apply, info.batch_size, in_dims, args)


def _gradients(cell: str, upstream: Sequence[Tensor | None], given: Inputs, asked: Sequence[int]) -> tuple[Tensor, ...]:
    """The gradients of some of the inputs, by the step-by-step path."""

    def outputs(*chosen: Tensor) -> tuple[Tensor, ...]:
        now: list[Any] = list(given)
        for k, value in zip(asked, chosen, strict=True):
            now[k] = value
        return unrolled.run(cell, Inputs(*now))

    results, pull = torch.func.vjp(outputs, *(given[k] for k in asked))[:2]
    given_upstream = tuple(
        torch.zeros_like(result) if dy is None else dy for result, dy in zip(results, upstream, strict=False)
    )
    return tuple(pull(given_upstream))


def _one_by_one(
    function: Callable[..., tuple[Tensor, ...]], size: int, in_dims: Dims, args: tuple[Any, ...]
) -> tuple[tuple[Tensor, ...], tuple[int, ...]]:
    """Call once per sample: weights that differ, or whose gradients do, leave nothing to compute together."""
    found = []
    for sample in range(size):
        chosen = [value if dim is None else value.select(dim, sample) for value, dim in zip(args, in_dims, strict=True)]
        found.append(function(*chosen))
    results = tuple(torch.stack(parts) for parts in zip(*found, strict=True))
    return results, (0,) * len(results)
