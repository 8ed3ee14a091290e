"""The integer FastGRNN."""

import numpy as np

from gatelet.reference.integer.arithmetic import Integers, clamp16, floor_shift, product, shift, sigmoid, tanh_of_half
from gatelet.reference.integer.weights import IntegerCell

__all__ = ["forward"]


def forward(x: Integers, h0: Integers, cell: IntegerCell) -> tuple[Integers, Integers]:
    """Run one FastGRNN layer forward in time; `e >= 1` is the exponent of the state.

        a = shift(W x, 8) m_x + shift(U h, 8) m_h
        z = sigmoid(shift(a + b_z, s))      n = tanh_of_half(2 shift(a + b_n, s))
        w = shift(zeta (32768 - z) + 32768 nu, 16)
        h' = clamp16(shift(z h + floor(w n / 2^(e-1)), 15))

    Args:
        x: (T, B, I) 16-bit integers.
        h0: (B, H) in units of `2^(e-15)`.
        cell: biases z, n.

    Returns:
        y: (T, B, H) in that unit, every state; h_n: (B, H), the last one.
    """
    s, m_ih, m_hh = cell.shift, cell.multiplier_ih.astype(np.int64), cell.multiplier_hh.astype(np.int64)
    b_z, b_n = np.split(cell.bias.astype(np.int64), 2)
    h = np.empty((len(x) + 1, *h0.shape), np.int64)
    h[0] = h0
    for t in range(len(x)):
        a = product(x[t], cell.weight_ih) * m_ih + product(h[t], cell.weight_hh) * m_hh
        z = sigmoid(shift(a + b_z, s))
        n = tanh_of_half(2 * shift(a + b_n, s))
        share = shift(cell.zeta * (2**15 - z) + cell.nu * 2**15, 16)
        h[t + 1] = clamp16(shift(z * h[t] + floor_shift(share * n, cell.exponent - 1), 15))
    return h[1:], h[len(x)]
