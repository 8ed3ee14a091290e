"""Dense layers and tables of vectors in integers."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gatelet.deploy.quantization.rows import fitting_shift, integer_bias, largest_shift, quantize_rows, row_scale
from gatelet.reference import Array
from gatelet.reference.integer import IntegerDense
from gatelet.reference.integer.weights import LARGEST_SHIFT

__all__ = ["QuantizedTable", "quantize_dense", "quantize_table"]


def quantize_dense(weight: Array, bias: Array, x_unit: float, y_unit: float) -> IntegerDense:
    """Give `y = W x + b` in integers.

    Args:
        weight: (O, I).
        bias: (O,).
        x_unit, y_unit: what one unit of the 16-bit input and output stands for. What does not fit is clamped.

    Raises:
        ValueError: the sums do not fit 32 bits; y_unit is too small then.
    """
    bound = float((np.abs(weight).sum(axis=1) * x_unit * 2**15 + np.abs(bias)).max())
    shift = largest_shift(bound, y_unit, 1, LARGEST_SHIFT)
    shift = fitting_shift([(weight, x_unit)], shift, y_unit, 1)
    while True:  # multipliers are rounded up, so the bound may be missed by a little
        try:
            rows = quantize_rows(weight, row_scale(x_unit, y_unit, shift))
            return IntegerDense(*rows, integer_bias(bias, y_unit, shift), shift)
        except ValueError:
            if shift == 1:
                raise
            shift -= 1


@dataclass(frozen=True)
class QuantizedTable:
    """Vectors in 8 bits, one scale per row."""

    table: NDArray[np.int8]  # (V, E)
    multiplier: NDArray[np.int16]  # (V,)
    shift: int
    unit: float  # of the 16-bit vectors that come out


def quantize_table(vectors: Array, unit: float | None = None) -> QuantizedTable:
    """Give a table of vectors in 8 bits.

    Args:
        vectors: (V, E).
        unit: of the 16-bit vectors that come out; by default as small as they allow.
    """
    largest = float(np.abs(vectors).max(initial=0.0)) or 1.0
    unit = largest / (2**15 - 1) if unit is None else unit
    # the largest multiplier, of which 127 / 2^shift is the largest value, is then between 2^13 and 2^14 + 1
    shift = int(np.clip(np.floor(np.log2(2**14 * 127 * unit / largest)), 1, LARGEST_SHIFT))
    row_largest = np.abs(vectors).max(axis=1, initial=0.0)
    multiplier = np.maximum(np.ceil(row_largest / unit * 2.0**shift / 127), 1)
    table = np.rint(vectors / unit * 2.0**shift / multiplier[:, None])
    return QuantizedTable(table.astype(np.int8), multiplier.astype(np.int16), shift, unit)
