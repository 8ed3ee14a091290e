"""The integer dense layer."""

import numpy as np

from gatelet.reference.integer.arithmetic import Integers, clamp16, product, shift
from gatelet.reference.integer.weights import IntegerCell, IntegerDense

__all__ = ["forward", "seen"]


def forward(x: Integers, layer: IntegerDense) -> Integers:
    """`y = clamp16(shift(shift(W x, 8) m + b, shift))`; x: (..., I), result: (..., O)."""
    sums = product(x, layer.weight) * layer.multiplier.astype(np.int64) + layer.bias.astype(np.int64)
    return clamp16(shift(sums, layer.shift))


def seen(h: Integers, cell: IntegerCell) -> Integers:
    """What W_hh meets of the states (..., H): they themselves, or of low rank the sums (..., R) of the right factor."""
    return h if cell.right is None else forward(h, cell.right)
