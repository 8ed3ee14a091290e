"""Float rows of weights as 8-bit ones with a multiplier each."""

import numpy as np
from numpy.typing import NDArray

from gatelet.reference import Array
from gatelet.reference.integer.arithmetic import SUM_SHIFT, Integers

__all__ = ["largest_shift", "quantize_rows"]

LARGEST_WEIGHT = 127
LARGEST_SUM = 2**16 - 1  # of the magnitudes of a row, so that 32 bits hold its product with any input
ROOM = 0.98  # of 31 bits: multipliers are rounded up


def largest_shift(bound: float, unit: float, low: int, high: int) -> int:
    """How many bits below the unit of the result its sum may keep.

    Args:
        bound: no result is larger, in units of the floats.
        unit: of the result.
        low, high: the shifts that there are.

    Raises:
        ValueError: not even the smallest shift leaves the sums within 32 bits.
    """
    shift = int(np.floor(np.log2(ROOM * 2**31 * unit / max(bound, 2.0**-20))))
    if shift < low:
        raise ValueError(f"What goes into a gate must stay below {2.0 ** (31 - low) * unit:g}; got up to {bound:.4g}.")
    return min(shift, high)


def quantize_rows(weight: Array, scale: float) -> tuple[NDArray[np.int8], NDArray[np.int16]]:
    """Give 8-bit weights and multipliers, with `weight ~ q * m / scale` row by row.

    The multiplier is chosen first, the weights are rounded to what it makes of them; so its own rounding costs nothing.

    Args:
        weight: (R, C).
        scale: what the shifts that follow make of one unit of the input, times its size.

    Returns:
        q: (R, C), m: (R,).
    """
    largest = np.abs(weight).max(axis=1, initial=0.0)
    m = np.ceil(largest / LARGEST_WEIGHT * scale)
    sums = np.abs(weight).sum(axis=1) + 0.5 * weight.shape[1] * m / scale  # half a unit lost per weight
    m = np.maximum(np.maximum(m, np.ceil(sums * scale / LARGEST_SUM)), 1)
    if m.max() >= 2**15:
        raise ValueError(f"Multipliers must be less than 32768; got {m.max():.0f}.")
    q = np.rint(weight * scale / m[:, None])
    return q.astype(np.int8), m.astype(np.int16)


def row_scale(x_unit: float, unit: float, shift: int) -> float:
    """The `scale` of `quantize_rows` for inputs and results in these units."""
    return float(x_unit / unit * 2 ** (SUM_SHIFT + shift))


def fitting_shift(weights: list[tuple[Array, float]], shift: int, unit: float, low: int) -> int:
    """Lower a shift until the multipliers of these weights, each with the unit of its input, fit 15 bits."""
    while shift > low and any(
        np.abs(weight).max(initial=0.0) / LARGEST_WEIGHT * row_scale(x_unit, unit, shift) > 2**15 - 2
        for weight, x_unit in weights
    ):
        shift -= 1
    return shift


def integer_bias(bias: Array, unit: float, shift: int) -> NDArray[np.int32]:
    """Biases in units of `unit / 2^shift`."""
    rounded: Integers = np.rint(bias / unit * 2.0**shift).astype(np.int64)
    return rounded.astype(np.int32)
