"""Rounding, clamping and gates in integers.

`Qk` is a number times `2^k`, rounded. Gates read Q12 and give Q15.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "TANH_TABLE",
    "Integers",
    "clamp16",
    "floor_shift",
    "half_tanh",
    "inside32",
    "product",
    "shift",
    "sigmoid",
    "tanh_of_half",
]

Integers = NDArray[np.int64]
SUM_SHIFT = 8  # sums of products are shifted by this much before they meet their multiplier

TANH_TABLE: Integers = np.rint(2**15 * np.tanh(np.arange(190) / 32)).astype(np.int64)  # the last is the first 32768


def inside32(a: Integers) -> Integers:
    """Return `a`, or raise OverflowError if a device could not hold it in 32 bits."""
    if a.size and (a.max() > 2**31 - 1 or a.min() < -(2**31)):
        raise OverflowError(f"Sums must stay within 32 bits; got {a.min()} ... {a.max()}.")
    return a


def floor_shift(a: Integers, s: int) -> Integers:
    """`floor(a / 2^s)`."""
    return inside32(a) >> s


def shift(a: Integers, s: int) -> Integers:
    """`floor((a + 2^(s-1)) / 2^s)`: to the nearest, halves up; s is at least 1."""
    return floor_shift(a + 2 ** (s - 1), s)


def clamp16(a: Integers) -> Integers:
    """The nearest 16-bit integer."""
    return np.clip(a, -(2**15), 2**15 - 1)


def half_tanh(u: Integers) -> Integers:
    """`tanh(u / 2)` for `u >= 0` in Q12, in Q15: 0 ... 32768.

    Linear between the 190 values of a table, `2^8` apart in u; 32768 beyond its end. Off by at most 9.4e-5 + 2^-15.
    """
    last = len(TANH_TABLE) - 1
    k = np.minimum(u >> 8, last - 1)
    low, high = TANH_TABLE[k], TANH_TABLE[k + 1]
    between = low + (((high - low) * (u & 255) + 128) >> 8)
    return np.where(u >= last << 8, 2**15, between)


def sigmoid(v: Integers) -> Integers:
    """`1 / (1 + exp(-v))` for v in Q12, in Q15: 0 ... 32768."""
    return (32769 + np.sign(v) * half_tanh(np.abs(v))) >> 1


def tanh_of_half(u: Integers) -> Integers:
    """`tanh(u / 2)` for u in Q12, in Q15: -32767 ... 32767."""
    return np.sign(u) * clamp16(half_tanh(np.abs(u)))


def product(x: Integers, weight: NDArray[Any]) -> Integers:
    """`shift(W x, 8)`; x: (..., I), weight: (R, I), result: (..., R)."""
    sums = x.astype(np.float64) @ weight.T.astype(np.float64)  # exact: they are far below 2^53, and faster so
    return shift(inside32(sums.astype(np.int64)), SUM_SHIFT)
