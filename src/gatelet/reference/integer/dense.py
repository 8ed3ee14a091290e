"""The integer dense layer."""

import numpy as np

from gatelet.reference.integer.arithmetic import Integers, clamp16, product, shift
from gatelet.reference.integer.weights import IntegerDense

__all__ = ["forward"]


def forward(x: Integers, layer: IntegerDense) -> Integers:
    """`y = clamp16(shift(shift(W x, 8) m + b, shift))`; x: (..., I), result: (..., O)."""
    sums = product(x, layer.weight) * layer.multiplier.astype(np.int64) + layer.bias.astype(np.int64)
    return clamp16(shift(sums, layer.shift))
