"""GRU and LSTM in Triton, with LayerNorm on gates, zoneout, recurrent dropout and resets, for any H.

One program owns some rows of the batch for the whole sequence, so nobody waits for anybody outside it. Per step it
forms the products of its rows with W_hh, which stays in the second-level cache, tile by tile; then the gates and the
new state, which it reads back in the next step. Between these phases the threads of the program meet at a barrier.
"""

import triton
import triton.language as tl

from gatelet.kernels.triton.cells import differentiate, finish
from gatelet.kernels.triton.tiles import multiply, normalise, normalise_backward, read_part, write_part


@triton.jit
def _rows_of(table, resets, t, sequence, batch, RESETS: tl.constexpr):
    """Of the sequences (BM,) at step t: their rows, whether they run, and 0 where they start anew, else 1."""
    row = tl.load(table + t * batch + sequence, sequence < batch, -1)
    running = row >= 0
    kept = running.to(tl.float32)
    if RESETS:
        kept = tl.where(tl.load(resets + row, running, 0) != 0, 0.0, kept)
    return row, running, kept


@triton.jit
def forward(
    projected, w_hh, b_hh, gains, mask, seed, table, resets,
    state, cell_state, products, deviations, y, gates, cells, steps, batch, H, rate, threshold,
    CELL: tl.constexpr, BIAS: tl.constexpr, NORM: tl.constexpr, MASKED: tl.constexpr, ZONE: tl.constexpr,
    RESETS: tl.constexpr, SAVE: tl.constexpr, REVERSE: tl.constexpr, PRECISION: tl.constexpr,
    BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr,
):  # fmt: skip
    """Run a layer: projected (rows, G*H), w_hh (G*H, H), table (T, B) -> y (rows, H); states (B, H) are moved on.

    products is (rows, G*H) where backward will want the normalised ones, else (B, G*H) to work in.
    """
    sequence = tl.program_id(0) * BM + tl.arange(0, BM)
    for k in range(steps):
        t = steps - 1 - k if REVERSE else k
        row, running, kept = _rows_of(table, resets, t, sequence, batch, RESETS)
        place = row if NORM and SAVE else sequence
        multiply(
            state, sequence, mask, sequence, kept, w_hh, 1, H, products, place, running, H, CELL * H,
            MASKED, BM, BN, BK, PRECISION,
        )  # fmt: skip
        tl.debug_barrier()
        if NORM:
            normalise(products, place, running, deviations, place, H, CELL, BM, BN)
            tl.debug_barrier()
        for j0 in range(0, H, BN):
            finish(
                projected, products, gains, b_hh, seed, state, cell_state, y, gates, cells,
                row, place, sequence, running, kept, j0 + tl.arange(0, BN), t, H, rate, threshold,
                CELL, NORM, BIAS, ZONE, SAVE,
            )  # fmt: skip
        tl.debug_barrier()


@triton.jit
def backward(
    dy, gates, before, cells_before, normal, deviations, w_hh, gains, mask, seed, table, resets,
    dstate, dcell_state, through, dprojected, dproducts, steps, batch, H, rate, threshold,
    CELL: tl.constexpr, NORM: tl.constexpr, MASKED: tl.constexpr, ZONE: tl.constexpr,
    RESETS: tl.constexpr, REVERSE: tl.constexpr, PRECISION: tl.constexpr,
    BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr,
):  # fmt: skip
    """Give the gradients: dy (rows, H) and what `forward` left -> dprojected, dproducts (rows, G*H).

    before, cells_before (rows, H) are the states that steps started from; dstate, dcell_state (B, H)
    go back; through (B, H) is to work in.
    """
    sequence = tl.program_id(0) * BM + tl.arange(0, BM)
    ones = tl.full((BM,), 1.0, tl.float32)
    for k in range(steps):
        t = k if REVERSE else steps - 1 - k
        row, running, kept = _rows_of(table, resets, t, sequence, batch, RESETS)
        for j0 in range(0, H, BN):
            differentiate(
                dy, gates, before, cells_before, gains, seed, dstate, dcell_state, dprojected, dproducts,
                row, sequence, running, kept, j0 + tl.arange(0, BN), t, H, rate, threshold, CELL, NORM, ZONE,
            )  # fmt: skip
        tl.debug_barrier()
        if NORM:
            normalise_backward(dproducts, normal, row, running, deviations, H, CELL, BM, BN)
            tl.debug_barrier()
        multiply(
            dproducts, row, mask, sequence, ones, w_hh, H, 1, through, sequence, running, CELL * H, H,
            False, BM, BN, BK, PRECISION,
        )  # fmt: skip
        tl.debug_barrier()
        for j0 in range(0, H, BN):
            unit = j0 + tl.arange(0, BN)
            dold = read_part(through, sequence, running, unit, 0, H, 1)
            if MASKED:
                dold = dold * read_part(mask, sequence, running, unit, 0, H, 1)
            dold = (dold + read_part(dstate, sequence, running, unit, 0, H, 1)) * kept[:, None]
            write_part(dstate, sequence, running, unit, 0, H, dold, 1)
        tl.debug_barrier()
