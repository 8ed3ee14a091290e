"""The grid of time that the series of a table share: found in the data or given by the user."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatelet.errors import DataError

OFF_GRID = np.iinfo(np.int64).min
"""Index of a time that is not on the grid."""

_FIXED = {"us": 1, "s": 1_000_000, "min": 60_000_000, "h": 3_600_000_000, "D": 86_400_000_000, "W": 604_800_000_000}
_MONTHS = {"M": 1, "Q": 3, "Y": 12}
_UNITS = ("int", "rows", *_FIXED, "B", *_MONTHS)
_ALIASES = {"H": "h", "T": "min", "S": "s", "d": "D", "MS": "M", "QS": "Q", "YS": "Y", "A": "Y", "AS": "Y", "1": "int"}
_ENDS = {"ME": "M", "QE": "Q", "YE": "Y"}
# Steps in the period that people expect of each unit: a day of hours, a week of days, a year of months.
_PERIOD = {"s": 60, "min": 1440, "h": 24, "D": 7, "B": 5, "W": 52, "M": 12, "Q": 4}


@dataclass(frozen=True)
class Frequency:
    """A regular grid: `step` times `unit` from one row to the next.

    Attributes:
        unit: "int" for integer times; "rows" where every row is one step whatever its time; "us", "s", "min", "h",
            "D", "W" of fixed length; "B" for days from Monday to Friday; "M", "Q", "Y" for calendar months.
        step: units per row; of "rows" the usual distance in microseconds (or integers), used to label the future.
        seasonality: rows in one season; 1 means none.
        at_end: months are counted from their last day.

    Raises:
        DataError: no such unit, or a step or seasonality below 1.
    """

    unit: str
    step: int
    seasonality: int
    at_end: bool = False

    def __post_init__(self) -> None:
        if self.unit not in _UNITS:
            raise DataError(f"The unit of a frequency must be one of {', '.join(_UNITS)}; got {self.unit!r}.")
        if not isinstance(self.at_end, bool):
            raise DataError(f"at_end of a frequency must be true or false; got {self.at_end!r}.")
        for name in ("step", "seasonality"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise DataError(f"The {name} of a frequency must be a whole number of at least 1; got {value!r}.")

    def __str__(self) -> str:
        if self.unit in ("int", "rows"):
            return self.unit if self.unit == "rows" else f"{self.step}"
        return f"{self.step if self.step > 1 else ''}{self.unit}{'E' if self.at_end else ''}"

    @property
    def microseconds(self) -> int | None:
        """Length of one step, of months on average; None for integer times."""
        if self.unit in _FIXED:
            return self.step * _FIXED[self.unit]
        if self.unit == "B":
            return self.step * _FIXED["D"]
        if self.unit in _MONTHS:
            return 365 * self.step * _MONTHS[self.unit] * _FIXED["D"] // 12
        return self.step if self.unit == "rows" else None

    def shift(self, times: NDArray[Any], steps: NDArray[np.int64] | int) -> NDArray[Any]:
        """The times this many steps later; the arguments broadcast."""
        if self.unit == "B":
            days = times.astype("datetime64[D]")
            moved = np.busday_offset(days, np.asarray(steps) * self.step, roll="backward")
            return np.asarray(moved + (times - days))
        if self.unit in _MONTHS:
            months = times.astype("datetime64[M]")
            moved = months + np.asarray(steps) * (self.step * _MONTHS[self.unit])
            return np.asarray(_first_day(moved, self.at_end) + (times - _first_day(months, self.at_end)))
        length = self.step * _FIXED.get(self.unit, 1)
        distance = np.asarray(steps, np.int64) * np.int64(length)
        if times.dtype.kind == "M":
            return np.asarray(times + distance.astype("timedelta64[us]"))
        return np.asarray(times + distance)

    def advance(self, times: NDArray[Any], count: int) -> NDArray[Any]:
        """The next `count` times after each of `times` (S,): an array (S, count)."""
        return self.shift(times[:, None], np.arange(1, count + 1)[None, :])

    def index(self, times: NDArray[Any], origin: NDArray[Any]) -> NDArray[np.int64]:
        """Steps from `origin` to `times`, elementwise; `OFF_GRID` where a time lies between two steps.

        Raises:
            DataError: the unit is "rows", which has no grid, or the times are integers where timestamps are due.
        """
        if self.unit == "rows":
            raise DataError("A frequency of rows has no grid to index.")
        if (self.unit == "int") != (times.dtype.kind == "i"):
            given = "integers" if times.dtype.kind == "i" else "timestamps"
            raise DataError(f"Times must be {'integers' if self.unit == 'int' else 'timestamps'} here; got {given}.")
        if self.unit == "B":
            days, first = times.astype("datetime64[D]"), origin.astype("datetime64[D]")
            count = np.busday_count(first, days)
            fits = np.is_busday(days) & (times - days == origin - first)
        elif self.unit in _MONTHS:
            months, first = times.astype("datetime64[M]"), origin.astype("datetime64[M]")
            count = (months - first).astype(np.int64)
            fits = times - _first_day(months, self.at_end) == origin - _first_day(first, self.at_end)
        else:
            count = (times.astype(np.int64) - origin.astype(np.int64)) // _FIXED.get(self.unit, 1)
            fits = times.astype(np.int64) - origin.astype(np.int64) == count * _FIXED.get(self.unit, 1)
        step = self.step * _MONTHS.get(self.unit, 1)
        return np.where(fits & (count % step == 0), count // step, OFF_GRID).astype(np.int64)


def parse_frequency(text: str, seasonality: int | None = None, spacing: int = 1) -> Frequency:
    """A frequency as people write it: "h", "15min", "D", "B", "W", "M" (any day), "ME" (last day), "Q", "Y", "rows".

    Args:
        text: a unit with an optional whole number before it; a bare number is a step of integer times.
        seasonality: rows per season, in place of the usual one.
        spacing: the usual distance between rows, needed for "rows" only.

    Raises:
        DataError: not a frequency.
    """
    match = re.fullmatch(r"(\d*)\s*([A-Za-z]*)", text.strip())
    unit = (match[2] or "int") if match else ""
    at_end = unit in _ENDS
    unit = _ENDS.get(unit, _ALIASES.get(unit, unit))
    if match is None or unit not in _UNITS or not text.strip():
        raise DataError(f"frequency must look like 15min, h, D, B, W, M, Q, Y, rows or 1 (integers); got {text!r}.")
    step = spacing if unit == "rows" else int(match[1] or 1)
    usual = usual_seasonality(unit, max(step, 1))
    return Frequency(unit, step, usual if seasonality is None else seasonality, at_end)


def usual_seasonality(unit: str, step: int) -> int:
    """Rows per season: a day for hours and minutes, a week for days, a year for weeks, months and quarters."""
    period = _PERIOD.get(unit, 1)
    if period % step == 0:
        return period // step
    # A step that does not divide its season meets it again after lcm(period, step) units.
    return period // math.gcd(period, step) if unit in ("D", "B", "h") else 1


def infer_frequency(times: NDArray[Any], series: NDArray[np.int64], seasonality: int | None = None) -> Frequency:
    """The grid that these times are on.

    Args:
        times: (N,) datetime64[us] or int64, ascending within each series.
        series: (N,) number of the series of each time, ascending.
        seasonality: rows per season, in place of the usual one.

    Raises:
        DataError: no series has two rows, or the times are on no common grid.
    """
    within = series[1:] == series[:-1]
    gaps = np.diff(times.astype(np.int64))[within]
    if len(gaps) == 0:
        raise DataError("The frequency cannot be found because no series has two rows; give it as frequency.")
    if times.dtype.kind == "i":
        unit, step, at_end = "int", _common_step(gaps), False
    else:
        unit, step, at_end = _months(times, series) or (*_unit_of(_common_step(gaps)), False)
        if (unit, step) == ("D", 1) and gaps.max() > _FIXED["D"] and np.is_busday(times.astype("datetime64[D]")).all():
            unit = "B"
    return Frequency(unit, step, usual_seasonality(unit, step) if seasonality is None else seasonality, at_end)


def _first_day(months: NDArray[Any], at_end: bool) -> NDArray[Any]:
    """The day that a month is counted from: its first, or its last."""
    return (months + 1).astype("datetime64[D]") - 1 if at_end else months.astype("datetime64[D]")


def _common_step(gaps: NDArray[np.int64]) -> int:
    """The step that explains all gaps: the most common gap or else their greatest common divisor."""
    values, counts = np.unique(gaps, return_counts=True)
    divisor = int(np.gcd.reduce(values))
    common = int(values[np.argmax(counts)])
    if divisor == common:
        return divisor
    fitting = counts[values % common == 0].sum() / counts.sum()
    # One time between two steps must not turn hours into minutes: it stays visible as a time off the grid.
    return common if fitting > 0.7 else divisor


def _unit_of(microseconds: int) -> tuple[str, int]:
    for unit in ("W", "D", "h", "min", "s", "us"):
        if microseconds % _FIXED[unit] == 0:
            return unit, microseconds // _FIXED[unit]
    raise AssertionError("one microsecond divides every step")


def _months(times: NDArray[Any], series: NDArray[np.int64]) -> tuple[str, int, bool] | None:
    """The frequency in months, if every series keeps to one day of the month."""
    months = times.astype("datetime64[M]")
    within = series[1:] == series[:-1]
    gaps = np.diff(months).astype(np.int64)[within]
    if gaps.min() < 1:
        return None
    for at_end in (False, True):
        distance = (times - _first_day(months, at_end)).astype(np.int64)
        if (np.diff(distance)[within] == 0).all():
            step = _common_step(gaps)
            unit = "Y" if step % 12 == 0 else "Q" if step % 3 == 0 else "M"
            return unit, step // _MONTHS[unit], at_end
    return None
