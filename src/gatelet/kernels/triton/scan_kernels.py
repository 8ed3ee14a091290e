"""The scan cells in Triton. One program runs one block of units of one sequence, a chunk of steps at a time.

Inside a chunk all steps are read at once and joined by an associative scan; from chunk to chunk goes the state.
Backward is the same recurrence from the end, over gradients.
"""

import triton
import triton.language as tl

MIN_GRU: tl.constexpr = tl.constexpr(2)  # cells are known by their number of gates
MIN_LSTM: tl.constexpr = tl.constexpr(3)


@triton.jit
def _joined(keep, add, next_keep, next_add):
    """Two steps as one."""
    return keep * next_keep, next_keep * add + next_add


@triton.jit
def _positive(a):
    return tl.where(a >= 0, a + 0.5, tl.sigmoid(a))


@triton.jit
def _gate(gates, row, g: tl.constexpr, unit, running, H, CELL: tl.constexpr):
    """Gate g (BT, BU) of the rows (BT,), zero where there is none."""
    at = row.to(tl.int64)[:, None] * (CELL * H) + g * H + unit[None, :]
    return tl.load(gates + at, running[:, None] & (unit < H)[None, :], 0.0).to(tl.float32)


@triton.jit
def _taken(gates, row, unit, running, H, CELL: tl.constexpr):
    """The share of the candidate in the new state; the rest is kept."""
    if CELL == MIN_GRU:
        return tl.sigmoid(_gate(gates, row, 0, unit, running, H, CELL))
    u = 1.0 + tl.exp(tl.minimum(-_gate(gates, row, 0, unit, running, H, CELL), 87.0))
    v = 1.0 + tl.exp(tl.minimum(-_gate(gates, row, 1, unit, running, H, CELL), 87.0))
    return u / (u + v)


@triton.jit
def _kept(taken, resets, row, running, RESETS: tl.constexpr):
    """The share of the old state: none after a reset, all where a sequence does not run."""
    keep = 1.0 - taken
    if RESETS:
        reset = tl.load(resets + row, running, 0) != 0
        keep = tl.where(reset[:, None], 0.0, keep)
    return tl.where(running[:, None], keep, 1.0)


@triton.jit
def _rows_of(table, k, sequence, steps, batch, REVERSE: tl.constexpr):
    """The rows of a sequence at some steps in the order of the recurrence, and whether there are any."""
    t = steps - 1 - k if REVERSE else k
    row = tl.load(table + t * batch + sequence, (k >= 0) & (k < steps), -1)
    return row, row >= 0


@triton.jit
def scan(
    gates, h0, table, resets, y, h_n, steps, batch, H,
    CELL: tl.constexpr, RESETS: tl.constexpr, REVERSE: tl.constexpr, BT: tl.constexpr, BU: tl.constexpr,
):  # fmt: skip
    """Give the states: gates (rows, G*H), h0 (B, H), table (T, B), resets (rows,) -> y (rows, H), h_n (B, H)."""
    sequence = tl.program_id(0)
    unit = tl.program_id(1) * BU + tl.arange(0, BU)
    h = tl.load(h0 + sequence * H + unit, unit < H, 0.0).to(tl.float32)
    last = tl.arange(0, BT)[:, None] == BT - 1
    for k0 in range(0, steps, BT):
        row, running = _rows_of(table, k0 + tl.arange(0, BT), sequence, steps, batch, REVERSE)
        taken = _taken(gates, row, unit, running, H, CELL)
        n = _positive(_gate(gates, row, CELL - 1, unit, running, H, CELL))
        add = tl.where(running[:, None], taken * n, 0.0)
        keep, add = tl.associative_scan((_kept(taken, resets, row, running, RESETS), add), 0, _joined)
        states = keep * h[None, :] + add
        at = row.to(tl.int64)[:, None] * H + unit[None, :]
        tl.store(y + at, states.to(y.dtype.element_ty), running[:, None] & (unit < H)[None, :])
        h = tl.sum(tl.where(last, states, 0.0), 0)
    tl.store(h_n + sequence * H + unit, h.to(h_n.dtype.element_ty), unit < H)


@triton.jit
def _store_gates(gates, dgates, row, unit, running, H, old, taken, dh, CELL: tl.constexpr):
    """Write the gradients of the projected gates, from that of the new state."""
    inside = running[:, None] & (unit < H)[None, :]
    at = row.to(tl.int64)[:, None] * (CELL * H) + unit[None, :]
    a_n = _gate(gates, row, CELL - 1, unit, running, H, CELL)
    n = _positive(a_n)
    dtype = dgates.dtype.element_ty
    slope = tl.where(a_n >= 0, 1.0, n * (1.0 - n))
    tl.store(dgates + at + (CELL - 1) * H, (dh * taken * slope).to(dtype), inside)
    dshare = dh * (old - n) * taken * (1.0 - taken)
    if CELL == MIN_GRU:
        tl.store(dgates + at, (-dshare).to(dtype), inside)
    else:
        f = tl.sigmoid(_gate(gates, row, 0, unit, running, H, CELL))
        i = tl.sigmoid(_gate(gates, row, 1, unit, running, H, CELL))
        tl.store(dgates + at, (dshare * (1.0 - f)).to(dtype), inside)
        tl.store(dgates + at + H, (-dshare * (1.0 - i)).to(dtype), inside)


@triton.jit
def scan_backward(
    dy, dh_n, y, gates, h0, table, resets, dgates, dh0, steps, batch, H,
    CELL: tl.constexpr, RESETS: tl.constexpr, REVERSE: tl.constexpr, BT: tl.constexpr, BU: tl.constexpr,
):  # fmt: skip
    """Give the gradients: dy (rows, H), dh_n (B, H), what `scan` read and wrote -> dgates (rows, G*H), dh0 (B, H)."""
    sequence = tl.program_id(0)
    unit = tl.program_id(1) * BU + tl.arange(0, BU)
    state = sequence * H + unit
    carried = tl.load(dh_n + state, unit < H, 0.0).to(tl.float32)  # the gradient that comes from the step after
    first = tl.arange(0, BT)[:, None] == 0
    for chunk in range(tl.cdiv(steps, BT)):
        k = (tl.cdiv(steps, BT) - 1 - chunk) * BT + tl.arange(0, BT)
        row, running = _rows_of(table, k, sequence, steps, batch, REVERSE)
        inside = running[:, None] & (unit < H)[None, :]
        # the gradient of a state is its own, and what the step after keeps of it
        after, runs_after = _rows_of(table, k + 1, sequence, steps, batch, REVERSE)
        keep = _kept(_taken(gates, after, unit, runs_after, H, CELL), resets, after, runs_after, RESETS)
        keep = tl.where((k == tl.max(k, 0))[:, None], 1.0, keep)  # `carried` has met it already
        own = tl.load(dy + row.to(tl.int64)[:, None] * H + unit[None, :], inside, 0.0).to(tl.float32)
        keep, own = tl.associative_scan((keep, own), 0, _joined, reverse=True)
        dh = keep * carried[None, :] + own

        before, ran = _rows_of(table, k - 1, sequence, steps, batch, REVERSE)
        old = tl.load(y + before.to(tl.int64)[:, None] * H + unit[None, :], ran[:, None] & (unit < H)[None, :], 0.0)
        start = tl.load(h0 + state, unit < H, 0.0).to(tl.float32)
        old = tl.where(ran[:, None], old.to(tl.float32), start[None, :])
        taken = _taken(gates, row, unit, running, H, CELL)
        kept = _kept(taken, resets, row, running, RESETS)
        if RESETS:
            old = tl.where((tl.load(resets + row, running, 0) != 0)[:, None], 0.0, old)
        _store_gates(gates, dgates, row, unit, running, H, old, taken, dh, CELL)
        carried = tl.sum(tl.where(first, dh * kept, 0.0), 0)
    tl.store(dh0 + state, carried.to(dh0.dtype.element_ty), unit < H)
