"""Calls the native kernels: one layer, one direction, a whole sequence per call, float32 or bfloat16 on the CPU.

`GATELET_KERNELS=off` in the environment leaves everything to PyTorch's operators; `GATELET_ISA` (`avx512`, `avx2`,
`neon`, `portable`) forces an instruction set.
"""

import os
from functools import cache
from typing import Any

import torch
from torch import Tensor

from gatelet.kernels.cells import Cell
from gatelet.kernels.inputs import Inputs

try:
    from gatelet.kernels import _native
except ImportError:  # a source tree whose native part is not built
    _native = None  # type: ignore[assignment, unused-ignore]

__all__ = ["ENABLED", "addresses", "backward", "chosen", "forward", "isa", "isas", "rows_of"]

_FLOATS = 10  # of the tensors of Inputs; the others are integers

ENABLED = _native is not None and os.environ.get("GATELET_KERNELS", "on") != "off"


def isa() -> str:
    """Name the instruction set in use.

    Raises:
        ValueError: GATELET_ISA names one that this machine does not have.
    """
    return str(chosen().isa)


def isas() -> list[str]:
    """Name the instruction sets that this machine has kernels for, fastest first."""
    return [] if _native is None else list(_native.available())


def chosen() -> Any:
    """Give the kernels of the instruction set in use."""
    return _kernels(os.environ.get("GATELET_ISA", ""))


@cache
def _kernels(name: str) -> Any:
    return _native.Native(name)


def addresses(arrays: tuple[Tensor | None, ...]) -> tuple[int, ...]:
    """Give the address of each array's first element, 0 for None."""
    return tuple([0 if array is None else array.data_ptr() for array in arrays])


def _contiguous(given: Inputs) -> Inputs:
    if all([t is None or t.is_contiguous() for t in given.tensors]):
        return given
    tensors: list[Any] = [None if t is None else t.contiguous() for t in given.tensors]
    return Inputs._make([*tensors, *given.options])


def _check_shapes(cell: Cell, given: Inputs) -> None:
    """Refuse what would make a kernel read outside an array.

    Raises:
        RuntimeError: a size does not fit.
    """
    batch, hidden, inputs = given.h0.shape[0], given.w_hh.shape[-1], given.w_ih.shape[-1]
    gates = cell.gates * hidden
    steps = given.steps
    rows = steps * batch if given.offsets is None else int(given.offsets[-1])
    states = batch * hidden
    bias = cell.unit_values * hidden or gates
    columns = (bias, bias, gates, gates)
    sizes = (rows * inputs, states, states, gates * inputs, gates * hidden, *columns, states, 1, steps + 1, rows)
    if given.offsets is not None and (int(given.offsets[1]) != batch or (given.offsets.diff().diff() > 0).any()):
        raise RuntimeError(f"batch_sizes must start with {batch} and never rise; got {given.offsets.diff().tolist()}.")
    if cell.unit_values and (given.b_ih is None or given.b_hh is None):
        raise RuntimeError(f"b_ih and b_hh must have size {bias} for the cell {cell.name}; got none.")
    for k, (array, wanted) in enumerate(zip(given.tensors, sizes, strict=True)):
        if array is not None and array.numel() != wanted:
            name = given._fields[k].replace("w_", "weight_").replace("b_", "bias_")
            sizes_of = f"{batch} sequences and hidden size {hidden}"
            raise RuntimeError(f"{name} must have size {wanted} for {sizes_of}; got {array.numel()}.")


def _check_extras(cell: Cell, given: Inputs) -> None:
    """Refuse what a kernel would leave out.

    Raises:
        RuntimeError: LayerNorm in bfloat16, or LayerNorm, zoneout or recurrent dropout of a cell that has none.
    """
    any_extra = given.layer_norm_ih is not None or given.dropout_mask is not None or given.zoneout > 0.0
    if any_extra and not cell.takes_extras:
        raise RuntimeError(f"The cell {cell.name} must have no LayerNorm, zoneout or recurrent dropout; got some.")
    if given.layer_norm_ih is not None and given.x.dtype == torch.bfloat16:
        raise RuntimeError("A layer with LayerNorm must be float32; got bfloat16.")


def _check_dtypes(given: Inputs) -> None:
    """Refuse what a kernel would take for something else.

    Raises:
        RuntimeError: a dtype does not fit.
    """
    dtypes = {t.dtype for t in given.tensors[:_FLOATS] if t is not None}
    if dtypes not in ({torch.float32}, {torch.bfloat16}):
        names = ", ".join(sorted(str(dtype).removeprefix("torch.") for dtype in dtypes))
        raise RuntimeError(f"The tensors of a layer must all be float32 or all bfloat16; got {names}.")


def _layer(given: Inputs) -> tuple[int, ...]:
    """Sizes and addresses in the order in which native/bindings reads them."""
    sizes = (given.steps, given.h0.shape[0], given.batch_first, given.reverse, given.x.shape[-1], given.h0.shape[-1])
    return sizes + addresses(given.tensors)


def forward(cell: Cell, given: Inputs, *, save: bool) -> tuple[Tensor, ...]:
    """Run one direction of one layer. All tensors but seed, offsets and resets are float32, or all are bfloat16.

    Args:
        cell: which.
        given: the layer.
        save: whether to keep what `backward` reads.

    Returns:
        y (..., H), h_n (B, H), c_n (B, H), gates (..., `saved_columns`) and cells (..., H), laid out as x. What the
        cell does not have, or is not saved, is (0,).

    Raises:
        RuntimeError: a size or a dtype does not fit.
    """
    given = _contiguous(given)
    _check_shapes(cell, given)
    _check_dtypes(given)
    _check_extras(cell, given)
    results = empty_results(cell, given, save=save)
    addresses = [result.data_ptr() for result in results]  # 0 where there is nothing in it
    threads = torch.get_num_threads()
    half = given.x.dtype == torch.bfloat16
    chosen().forward(cell.name, half, _layer(given), given.zoneout, tuple(addresses), threads)
    return results


def empty_results(cell: Cell, given: Inputs, *, save: bool) -> tuple[Tensor, ...]:
    """Give what `forward` returns, not yet filled."""
    x = given.x
    *rows, _ = x.shape
    batch, hidden = given.h0.shape
    saved = cell.saved_columns(hidden, given.layer_norm_ih is not None)
    y, h_n = x.new_empty((*rows, hidden)), x.new_empty((batch, hidden))
    c_n = x.new_empty((batch, hidden) if cell.has_cell_state else 0)
    gates = x.new_empty((*rows, saved) if save else 0)
    cells = x.new_empty((*rows, hidden) if save and cell.has_cell_state else 0)
    return y, h_n, c_n, gates, cells


def backward(
    cell: Cell,
    gradients: tuple[Tensor | None, Tensor | None, Tensor | None],
    saved: tuple[Tensor, Tensor, Tensor],
    given: Inputs,
    *,
    wants_dx: bool,
) -> tuple[Tensor, ...]:
    """Give the gradients of one direction of one layer.

    Args:
        cell: which.
        gradients: dy, laid out as x, dh_n (B, H) and dc_n; None for zeros. Rows of dy may lie further apart than H.
        saved: y, gates and cells, as `forward` gave them.
        given: as given to `forward`.
        wants_dx: whether the gradient of x is wanted.

    Returns:
        dx, dh0, dc0, dw_ih, dw_hh, db_ih, db_hh, dlayer_norm_ih, dlayer_norm_hh. What is not wanted, or the cell does
        not have, is (0,).
    """
    given = _contiguous(given)
    dy, dh_n, dc_n = gradients
    dy = rows_of(dy)
    upstream = (dy, *(None if d is None else d.contiguous() for d in (dh_n, dc_n)))
    results = empty_gradients(given, wants_dx=wants_dx)
    arrays = (0 if dy is None else dy.stride(0), *addresses(upstream), *addresses(saved), *addresses(results))
    half = given.x.dtype == torch.bfloat16
    chosen().backward(cell.name, half, _layer(given), given.zoneout, arrays, torch.get_num_threads())
    return results


def empty_gradients(given: Inputs, *, wants_dx: bool) -> tuple[Tensor, ...]:
    """Give what `backward` returns, not yet filled."""
    x, h0 = given.x, given.h0
    gates = given.w_ih.shape[0]
    bias = gates if given.b_ih is None else given.b_ih.shape[0]
    has_gains = given.layer_norm_ih is not None
    shapes = [
        x.shape if wants_dx else (0,),
        h0.shape,
        h0.shape if given.c0 is not None else (0,),
        given.w_ih.shape,
        given.w_hh.shape,
        (bias,),
        (bias,),
        (gates if has_gains else 0,),
        (gates if has_gains else 0,),
    ]
    return tuple([x.new_empty(shape) for shape in shapes])


def rows_of(gradient: Tensor | None) -> Tensor | None:
    """Give (..., H) as (rows, H), of which the values of a row lie side by side."""
    if gradient is None:
        return None
    rows = gradient.reshape(-1, gradient.shape[-1])
    return rows if rows.stride(1) == 1 else rows.contiguous()
