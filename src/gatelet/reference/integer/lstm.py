"""The integer LSTM."""

import numpy as np

from gatelet.reference.integer.arithmetic import Integers, clamp16, floor_shift, product, shift, sigmoid, tanh_of_half
from gatelet.reference.integer.dense import seen
from gatelet.reference.integer.weights import IntegerCell

__all__ = ["forward"]


def forward(
    x: Integers, state: tuple[Integers, Integers], cell: IntegerCell
) -> tuple[Integers, tuple[Integers, Integers]]:
    """Run one LSTM layer forward in time; `e` is the exponent of the cell state. Of low rank as in `gru`.

        a = shift(shift(W_x x, 8) m_x + shift(W_h h, 8) m_h + b, s)                       per gate
        i = sigmoid(a_i)   f = sigmoid(a_f)   g = tanh_of_half(2 a_g)   o = sigmoid(a_o)
        c' = clamp16(shift(f c + floor(i g / 2^e), 15))
        h' = shift(o tanh_of_half(shift(2^e c', 2)), 15)

    Args:
        x: (T, B, I) 16-bit integers.
        state: h0 (B, H) in Q15, c0 (B, H) in units of `2^(e-15)`.
        cell: gates i, f, g, o.

    Returns:
        y: (T, B, H) in Q15, every h; the last (h_n, c_n).
    """
    s, e, bias = cell.shift, cell.exponent, cell.bias.astype(np.int64)
    m_ih, m_hh = cell.multiplier_ih.astype(np.int64), cell.multiplier_hh.astype(np.int64)
    h, c = state
    y = np.empty((len(x), *h.shape), np.int64)
    for t in range(len(x)):
        a = shift(product(x[t], cell.weight_ih) * m_ih + product(seen(h, cell), cell.weight_hh) * m_hh + bias, s)
        a_i, a_f, a_g, a_o = np.split(a, 4, axis=-1)
        i, f, o = sigmoid(a_i), sigmoid(a_f), sigmoid(a_o)
        c = clamp16(shift(f * c + floor_shift(i * tanh_of_half(2 * a_g), e), 15))
        h = shift(o * tanh_of_half(shift(c * 2**e, 2)), 15)
        y[t] = h
    return y, (h, c)
