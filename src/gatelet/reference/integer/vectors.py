"""Integer layers without products of matrices."""

import math

import numpy as np
from numpy.typing import NDArray

from gatelet.reference.integer.arithmetic import Integers, clamp16, inside32, shift, sigmoid, tanh_of_half

__all__ = ["accumulate", "affine", "divided", "divided_by_root", "embed", "sigmoid16", "tanh16"]

MOST = 2**15  # vectors of a sum, so that 32 bits hold it


def embed(rows: Integers, table: NDArray[np.int8], multiplier: NDArray[np.int16], by: int) -> Integers:
    """`clamp16(shift(table[row] m[row], by))`; rows: (...), table: (V, E), multiplier: (V,), result: (..., E)."""
    return clamp16(shift(table[rows].astype(np.int64) * multiplier[rows, None].astype(np.int64), by))


def affine(x: Integers, center: NDArray[np.int16], multiplier: NDArray[np.int16], by: int) -> Integers:
    """`clamp16(shift((x - center) m, by))`; x: (..., I), center and multiplier: (I,)."""
    return clamp16(shift((x - center) * multiplier.astype(np.int64), by))


def sigmoid16(x: Integers) -> Integers:
    """The logistic function of Q12 in Q15, its 1 as 32767."""
    return clamp16(sigmoid(x))


def tanh16(x: Integers) -> Integers:
    """The hyperbolic tangent of Q12 in Q15."""
    return tanh_of_half(2 * x)


def accumulate(sums: Integers, count: int, x: Integers) -> tuple[Integers, int]:
    """Add a vector to a sum of `count` others; a sum of 2^15 is halved before, and so is the count."""
    if count == MOST:
        sums, count = shift(sums, 1), count // 2
    return inside32(sums + x), count + 1


def divided(sums: Integers, count: Integers | int) -> Integers:
    """`clamp16(sums / count)`, to the nearest, halves away from zero."""
    return _quotient(sums, 256 * np.asarray(count))


def divided_by_root(sums: Integers, count: int) -> Integers:
    """`clamp16(sums / sqrt(count))`, the root in units of 2^-8, rounded down."""
    return _quotient(sums, np.asarray(math.isqrt(65536 * count)))


def _quotient(sums: Integers, d: Integers) -> Integers:
    """`clamp16(256 sums / d)`, in two steps that 32 bits hold."""
    whole, rest = np.divmod(np.abs(sums), d)
    return clamp16(np.sign(sums) * (256 * whole + (256 * rest + d // 2) // d))
