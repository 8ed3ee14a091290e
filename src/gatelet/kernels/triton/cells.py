"""What happens to a tile of units once the products of the state are known, forward and backward, in Triton.

The equations are those of `gatelet.reference`; cells are known by their number of gates.
"""

import triton
import triton.language as tl

from gatelet.kernels.triton.draw import keeps
from gatelet.kernels.triton.tiles import read_part, read_vector, write_part

GRU: tl.constexpr = tl.constexpr(3)
LSTM: tl.constexpr = tl.constexpr(4)
MIX: tl.constexpr = tl.constexpr(1)  # zoneout: 0 none, 1 mixes by the rate, 2 draws
DRAW: tl.constexpr = tl.constexpr(2)


@triton.jit
def tanh(a):
    """In (1 - e) / (1 + e), where e = exp(-2 |a|) cannot overflow."""
    e = tl.exp(-2.0 * tl.abs(a))
    t = (1.0 - e) / (1.0 + e)
    return tl.where(a < 0, -t, t)


@triton.jit
def _zoned(old, new, seed, stream: tl.constexpr, t, sequence, unit, rate, threshold, ZONE: tl.constexpr):
    """The state after zoneout."""
    if ZONE == MIX:
        return new + rate * (old - new)
    if ZONE == DRAW:
        return tl.where(keeps(seed, stream, t, sequence, unit, threshold), old, new)
    return new


@triton.jit
def _zoned_backward(d, seed, stream: tl.constexpr, t, sequence, unit, rate, threshold, ZONE: tl.constexpr):
    """The gradients of the old and of the new state."""
    if ZONE == MIX:
        return rate * d, d - rate * d
    if ZONE == DRAW:
        kept = keeps(seed, stream, t, sequence, unit, threshold)
        return tl.where(kept, d, 0.0), tl.where(kept, 0.0, d)
    return d * 0.0, d


@triton.jit
def _product(
    products, place, running, unit, part, H, gains, b_hh, CELL: tl.constexpr, NORM: tl.constexpr, BIAS: tl.constexpr
):
    """The product of the state for one gate, with its gain and bias."""
    u = read_part(products, place, running, unit, part, H, CELL)
    if NORM:
        u = u * read_vector(gains, unit, part, H)
    if BIAS:
        u = u + read_vector(b_hh, unit, part, H)
    return u


@triton.jit
def finish(
    projected, products, gains, b_hh, seed, state, cell_state, y, gates, cells,
    row, place, sequence, running, kept, unit, t, H, rate, threshold,
    CELL: tl.constexpr, NORM: tl.constexpr, BIAS: tl.constexpr, ZONE: tl.constexpr, SAVE: tl.constexpr,
):  # fmt: skip
    """From the products to the new state, of the units (BN,) of some sequences (BM,), and what backward will read."""
    old = read_part(state, sequence, running, unit, 0, H, 1) * kept[:, None]
    a = read_part(projected, row, running, unit, 0, H, CELL)
    b = read_part(projected, row, running, unit, 1, H, CELL)
    c = read_part(projected, row, running, unit, 2, H, CELL)
    u_a = _product(products, place, running, unit, 0, H, gains, b_hh, CELL, NORM, BIAS)
    u_b = _product(products, place, running, unit, 1, H, gains, b_hh, CELL, NORM, BIAS)
    u_c = _product(products, place, running, unit, 2, H, gains, b_hh, CELL, NORM, BIAS)
    if CELL == GRU:
        first, second = tl.sigmoid(a + u_a), tl.sigmoid(b + u_b)  # r, z
        third, fourth = tanh(c + first * u_c), u_c  # n, W_hn h + b_hn
        new = third + second * (old - third)
    else:
        d = read_part(projected, row, running, unit, 3, H, CELL)
        u_d = _product(products, place, running, unit, 3, H, gains, b_hh, CELL, NORM, BIAS)
        first, second = tl.sigmoid(a + u_a), tl.sigmoid(b + u_b)  # i, f
        third, fourth = tanh(c + u_c), tl.sigmoid(d + u_d)  # g, o
        old_c = read_part(cell_state, sequence, running, unit, 0, H, 1) * kept[:, None]
        new_c = second * old_c + first * third
        new = fourth * tanh(new_c)
        new_c = _zoned(old_c, new_c, seed, 1, t, sequence, unit, rate, threshold, ZONE)
        write_part(cell_state, sequence, running, unit, 0, H, new_c, 1)
        if SAVE:
            write_part(cells, row, running, unit, 0, H, new_c, 1)
    new = _zoned(old, new, seed, 0, t, sequence, unit, rate, threshold, ZONE)
    write_part(state, sequence, running, unit, 0, H, new, 1)
    write_part(y, row, running, unit, 0, H, new, 1)
    if SAVE:
        write_part(gates, row, running, unit, 0, H, first, 4)
        write_part(gates, row, running, unit, 1, H, second, 4)
        write_part(gates, row, running, unit, 2, H, third, 4)
        write_part(gates, row, running, unit, 3, H, fourth, 4)


@triton.jit
def _store(dprojected, dproducts, gains, row, running, unit, part, H, d, du, CELL: tl.constexpr, NORM: tl.constexpr):
    """The gradient of one gate, as the inputs' products see it and, with the gain, as the state's products do."""
    write_part(dprojected, row, running, unit, part, H, d, CELL)
    if NORM:
        du = du * read_vector(gains, unit, part, H)
    write_part(dproducts, row, running, unit, part, H, du, CELL)


@triton.jit
def differentiate(
    dy, gates, before, cells_before, gains, seed, dstate, dcell_state, dprojected, dproducts,
    row, sequence, running, kept, unit, t, H, rate, threshold,
    CELL: tl.constexpr, NORM: tl.constexpr, ZONE: tl.constexpr,
):  # fmt: skip
    """From the gradient of the new state to those of the gates, and to what reaches the old state without W_hh."""
    old = read_part(before, row, running, unit, 0, H, 1)
    first = read_part(gates, row, running, unit, 0, H, 4)
    second = read_part(gates, row, running, unit, 1, H, 4)
    third = read_part(gates, row, running, unit, 2, H, 4)
    fourth = read_part(gates, row, running, unit, 3, H, 4)
    dh = read_part(dstate, sequence, running, unit, 0, H, 1) + read_part(dy, row, running, unit, 0, H, 1)
    dold, dh = _zoned_backward(dh, seed, 0, t, sequence, unit, rate, threshold, ZONE)
    if CELL == GRU:  # r, z, n, W_hn h + b_hn
        d_c = dh * (1.0 - second) * (1.0 - third * third)
        d_b = dh * (old - third) * second * (1.0 - second)
        d_a = d_c * fourth * first * (1.0 - first)
        dold += dh * second
        _store(dprojected, dproducts, gains, row, running, unit, 2, H, d_c, d_c * first, CELL, NORM)
    else:  # i, f, g, o
        old_c = read_part(cells_before, row, running, unit, 0, H, 1)
        tanh_c = tanh(second * old_c + first * third)
        dc = read_part(dcell_state, sequence, running, unit, 0, H, 1)
        dold_c, dc = _zoned_backward(dc, seed, 1, t, sequence, unit, rate, threshold, ZONE)
        dc += dh * fourth * (1.0 - tanh_c * tanh_c)
        d_a = dc * third * first * (1.0 - first)
        d_b = dc * old_c * second * (1.0 - second)
        d_c = dc * first * (1.0 - third * third)
        d_d = dh * tanh_c * fourth * (1.0 - fourth)
        dold_c = (dold_c + dc * second) * kept[:, None]
        write_part(dcell_state, sequence, running, unit, 0, H, dold_c, 1)
        _store(dprojected, dproducts, gains, row, running, unit, 2, H, d_c, d_c, CELL, NORM)
        _store(dprojected, dproducts, gains, row, running, unit, 3, H, d_d, d_d, CELL, NORM)
    _store(dprojected, dproducts, gains, row, running, unit, 0, H, d_a, d_a, CELL, NORM)
    _store(dprojected, dproducts, gains, row, running, unit, 1, H, d_b, d_b, CELL, NORM)
    write_part(dstate, sequence, running, unit, 0, H, dold, 1)
