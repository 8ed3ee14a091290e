"""Integer layers without products of matrices."""

import numpy as np
from numpy.typing import NDArray

from gatelet.reference.integer.arithmetic import Integers, clamp16, shift, sigmoid, tanh_of_half

__all__ = ["affine", "embed", "sigmoid16", "tanh16"]


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
