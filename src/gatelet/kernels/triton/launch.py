"""Calls the Triton kernels of GRU and LSTM: one layer, one direction, a whole sequence per call."""

from typing import Any

import torch
from torch import Tensor

from gatelet.kernels.triton import recurrent_kernels
from gatelet.kernels.triton.projected import Projected
from gatelet.kernels.triton.rows import row_table

__all__ = ["backward", "forward"]

ROWS, COLUMNS, DEPTH = 16, 64, 64  # of one tile: sequences, columns of the product, and what is summed at a time


def forward(gates: int, given: Projected, *, save: bool) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
    """Run the layer.

    Args:
        gates: G, which says which cell it is.
        given: the layer.
        save: whether to keep what `backward` reads.

    Returns:
        y, laid out as the projected inputs, h_n and, of an LSTM, c_n; and what is saved.
    """
    batch, hidden = given.h0.shape
    projected = given.projected.contiguous()
    rows = projected.numel() // (gates * hidden)
    state = given.h0.float().clone()
    cell_state = state if given.c0 is None else given.c0.float().clone()
    y = projected.new_empty((*projected.shape[:-1], hidden))
    saved_rows = rows if save else 0
    kept = projected.new_empty((saved_rows, 4 * hidden))
    cells = projected.new_empty((saved_rows if given.c0 is not None else 0, hidden))
    placed = rows if save and given.gains is not None else batch
    products = state.new_empty((placed, gates * hidden))
    deviations = state.new_empty((placed, gates))
    table, tensors, sizes, options = _arguments(gates, given)
    recurrent_kernels.forward[(-(-batch // ROWS),)](
        projected, *tensors[:5], table, tensors[5], state, cell_state, products, deviations, y, kept, cells, *sizes,
        BIAS=given.b_hh is not None, SAVE=save, **options,
    )  # fmt: skip
    last = (state,) if given.c0 is None else (state, cell_state)
    saved = (y, kept, cells, products if save else products[:0], deviations)
    return (y, *(s.to(y.dtype) for s in last)), saved


def backward(
    gates: int, upstream: tuple[Tensor | None, ...], given: Projected, saved: tuple[Tensor, ...]
) -> list[Tensor | None]:
    """Give the gradients of the projected inputs, h0, c0, w_hh, b_hh and the gains; None for what there is not.

    Args:
        gates: as given to `forward`.
        upstream: the gradients of y and the last states, None for zeros.
        given: as given to `forward`.
        saved: as `forward` gave it.
    """
    y, kept, cells, normal, deviations = saved
    batch, hidden = given.h0.shape
    has_cell_state = given.c0 is not None
    table, tensors, sizes, options = _arguments(gates, given)
    w_hh, _, gains, mask, seed, resets = tensors
    before = _before(y, given.h0, table, given)
    cells_before = _before(cells, given.c0, table, given) if given.c0 is not None else before
    dy = torch.zeros_like(y) if upstream[0] is None else upstream[0].contiguous()
    dstates = [torch.zeros_like(given.h0) if d is None else d for d in upstream[1:]]
    dstate, dcell_state = (d.float().clone() for d in (dstates[0], dstates[-1]))
    dprojected = torch.empty_like(given.projected, memory_format=torch.contiguous_format)
    dproducts = dprojected.new_empty((len(before), gates * hidden))
    through = torch.empty_like(dstate)
    recurrent_kernels.backward[(-(-batch // ROWS),)](
        dy, kept, before, cells_before, normal, deviations, w_hh, gains, mask, seed, table, resets,
        dstate, dcell_state, through, dprojected, dproducts, *sizes, **options,
    )  # fmt: skip
    into_bias = dproducts
    dgains = None
    if given.gains is not None:
        into_bias = dprojected.reshape(len(before), gates * hidden)
        if gates == 3:  # r stands before the product of the candidate
            r = kept[:, :hidden]
            into_bias = torch.cat([into_bias[:, : 2 * hidden], into_bias[:, 2 * hidden :] * r], dim=1)
        dgains = (into_bias * normal).sum(0).to(y.dtype)
    if given.mask is not None:
        before = before * _by_row(given.mask, table, given)
    dw_hh = dproducts.T @ before
    db_hh = None if given.b_hh is None else into_bias.sum(0)
    dc0 = dcell_state.to(y.dtype) if has_cell_state else None
    return [dprojected, dstate.to(y.dtype), dc0, dw_hh, db_hh, dgains]


def _arguments(gates: int, given: Projected) -> tuple[Tensor, list[Tensor], tuple[Any, ...], dict[str, Any]]:
    """The table of rows; w_hh, b_hh, gains, mask, seed, resets, or the table in their place; sizes; options."""
    batch, hidden = given.h0.shape
    w_hh = given.w_hh.contiguous()
    table = row_table(given.steps, batch, given.offsets, given.batch_first, w_hh.device)
    optional = (given.b_hh, given.gains, given.mask, given.seed, given.resets)
    tensors = [w_hh, *(table if t is None else t.contiguous() for t in optional)]
    sizes = (given.steps, batch, hidden, given.zoneout, int(given.zoneout * 2**24))
    drawn = 2 if given.seed is not None else 1
    precise = not torch.backends.cuda.matmul.allow_tf32
    options = {
        "CELL": gates,
        "NORM": given.gains is not None,
        "MASKED": given.mask is not None,
        "ZONE": drawn if given.zoneout > 0.0 else 0,
        "RESETS": given.resets is not None,
        "REVERSE": given.reverse,
        "PRECISION": "ieee" if precise else "tf32",
        "BM": ROWS,
        "BN": COLUMNS,
        "BK": DEPTH,
    }
    return table, tensors, sizes, options


def _before(states: Tensor, first: Tensor, table: Tensor, given: Projected) -> Tensor:
    """Give (rows, H), the state that each row's step started from, of the states after each step."""
    hidden = first.shape[-1]
    states = states.reshape(-1, hidden)
    start = len(states) + torch.arange(len(first), device=table.device, dtype=table.dtype).expand_as(table[:1])
    ahead = torch.cat([table[1:], start]) if given.reverse else torch.cat([start, table[:-1]])
    ahead = torch.where(ahead < 0, start, ahead)  # in reverse, a sequence that ends early starts from its first state
    source = torch.empty(len(states), dtype=torch.int64, device=table.device)
    running = table >= 0
    source[table[running].long()] = ahead[running].long()
    before = torch.cat([states, first.to(states.dtype)])[source]
    return before if given.resets is None else before * (given.resets.reshape(-1, 1) == 0)


def _by_row(values: Tensor, table: Tensor, given: Projected) -> Tensor:
    """Give (rows, H) from (B, H): the values of each row's sequence."""
    rows = int((table >= 0).sum())
    sequence = torch.empty(rows, dtype=torch.int64, device=table.device)
    running = table >= 0
    each = torch.arange(len(values), device=table.device).expand_as(table)
    sequence[table[running].long()] = each[running]
    return values[sequence]
