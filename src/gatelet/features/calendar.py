"""Calendar cycles as smooth features.

A position p in a cycle of length c becomes (sin(2 pi p / c), cos(2 pi p / c)), so that a cycle ends where it starts.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatelet.features.frequency import Frequency

_SECOND = 1_000_000
_DAY = 86_400 * _SECOND

CYCLES: dict[str, int] = {
    "second of minute": 60 * _SECOND,
    "minute of hour": 3_600 * _SECOND,
    "hour of day": _DAY,
    "day of week": 7 * _DAY,
    "day of year": 365 * _DAY,
}
"""Calendar cycles and their length in microseconds, the shortest first."""


def calendar_cycles(frequency: Frequency, span: int) -> tuple[str, ...]:
    """The cycles worth telling a model.

    A cycle must be longer than one step, else nothing varies in it, and the training data must cover it twice, else
    it is a mere index of time whose future values were never seen.

    Args:
        frequency: the grid of time.
        span: length of the longest training series in microseconds.
    """
    step = frequency.microseconds
    if step is None:
        return ()
    return tuple(name for name, length in CYCLES.items() if step < length and 2 * length <= span)


def calendar_features(times: NDArray[Any], cycles: tuple[str, ...]) -> NDArray[np.float32]:
    """Sine and cosine of the position of each time in each cycle.

    Args:
        times: (N,) datetime64[us], or integers, which have no calendar.
        cycles: names out of `CYCLES`.

    Returns:
        (N, 2 * cycles) array; sine and cosine of the first cycle, then of the second, ...
    """
    features = np.empty((len(times), 2 * len(cycles)), np.float32)
    for column, name in enumerate(cycles):
        angle = 2.0 * np.pi * _phase(times, name)
        features[:, 2 * column] = np.sin(angle)
        features[:, 2 * column + 1] = np.cos(angle)
    return features


def _phase(times: NDArray[Any], cycle: str) -> NDArray[np.float64]:
    """Position within the cycle, 0 to 1."""
    if cycle == "day of year":
        years = times.astype("datetime64[Y]")
        begin = years.astype("datetime64[us]").astype(np.int64)
        length = (years + 1).astype("datetime64[us]").astype(np.int64) - begin
        return np.asarray((times.astype(np.int64) - begin) / length, np.float64)
    length_of_cycle = CYCLES[cycle]
    # 1970-01-01 was a Thursday, so that a week beginning on Monday is three days ahead.
    shift = 3 * _DAY if cycle == "day of week" else 0
    return np.asarray((times.astype(np.int64) + shift) % length_of_cycle / length_of_cycle, np.float64)
