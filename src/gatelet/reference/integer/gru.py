"""The integer GRU, reset after the product."""

import numpy as np

from gatelet.reference.integer.arithmetic import Integers, floor_shift, inside32, product, shift, sigmoid, tanh_of_half
from gatelet.reference.integer.dense import seen
from gatelet.reference.integer.weights import IntegerCell

__all__ = ["forward"]


def forward(x: Integers, h0: Integers, cell: IntegerCell) -> tuple[Integers, Integers]:
    """Run one GRU layer forward in time.

        P_x = shift(W_x x, 8) m_x      P_h = shift(W_h h, 8) m_h                          per gate
        r = sigmoid(shift(P_x + P_h + b_r, s))      z = sigmoid(shift(P_x + P_h + b_z, s))
        n = shift(P_x + b_n, s)                     u = clamp(shift(P_h + b_u, s), -65536, 65535)
        n = tanh_of_half(2 n + shift(floor(r / 2) u, 13))
        h' = n + shift(z (h - n), 15)

    Of low rank, W_h meets clamp16(shift(shift(W_r h, 8) m, s_r)) instead of h, where W_r is the right factor.

    Args:
        x: (T, B, I) 16-bit integers.
        h0: (B, H) in Q15.
        cell: biases r, z, n of x, n of h.

    Returns:
        y: (T, B, H) in Q15, every state; h_n: (B, H), the last one.
    """
    s, m_ih, m_hh = cell.shift, cell.multiplier_ih.astype(np.int64), cell.multiplier_hh.astype(np.int64)
    b_r, b_z, b_n, b_u = np.split(cell.bias.astype(np.int64), 4)
    h = np.empty((len(x) + 1, *h0.shape), np.int64)
    h[0] = h0
    for t in range(len(x)):
        x_r, x_z, x_n = np.split(product(x[t], cell.weight_ih) * m_ih, 3, axis=-1)
        h_r, h_z, h_n = np.split(product(seen(h[t], cell), cell.weight_hh) * m_hh, 3, axis=-1)
        r = sigmoid(shift(x_r + h_r + b_r, s))
        z = sigmoid(shift(x_z + h_z + b_z, s))
        u = np.clip(shift(h_n + b_u, s), -65536, 65535)
        n = tanh_of_half(inside32(2 * shift(x_n + b_n, s) + shift((r >> 1) * u, 13)))
        h[t + 1] = n + floor_shift(inside32(z * (h[t] - n)) + 2**14, 15)
    return h[1:], h[len(x)]
