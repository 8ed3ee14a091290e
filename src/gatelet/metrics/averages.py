"""Sums and means over the scored entries only."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Axis = int | tuple[int, ...] | None


def paired(*arrays: ArrayLike) -> list[NDArray[np.float64]]:
    """The arrays as float64 of one common shape."""
    return list(np.broadcast_arrays(*(np.asarray(array, np.float64) for array in arrays)))


def total(values: NDArray[np.float64], scored: NDArray[np.bool_], axis: Axis) -> Any:
    """Sum over the scored entries: a float if axis is None, else an array."""
    return np.sum(values, axis=axis, where=scored)


def mean(values: NDArray[np.float64], scored: NDArray[np.bool_], axis: Axis) -> Any:
    """Mean over the scored entries, NaN where there is none: a float if axis is None, else an array."""
    return ratio(total(values, scored, axis), np.sum(scored, axis=axis))


def ratio(above: Any, below: Any) -> Any:
    """The quotient, NaN where `below` is 0."""
    below = np.asarray(below, np.float64)
    divided = np.asarray(above, np.float64) / np.where(below == 0, np.nan, below)
    return float(divided) if divided.ndim == 0 else divided
