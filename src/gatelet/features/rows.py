"""The rows of a table in the order of series and time, and their places on the grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatelet.errors import DataError
from gatelet.features import values
from gatelet.features.columns import Columns
from gatelet.features.frequency import OFF_GRID, Frequency
from gatelet.features.table import Table

# Gaps may be filled up to this many rows for each row given, plus a margin for small tables.
_MOST_FILLED = 20
_MARGIN = 10_000


@dataclass(frozen=True)
class Rows:
    """The rows of a table, sorted by series, then time.

    Attributes:
        table: where they came from.
        ids: (S) names of the series in order of appearance.
        series: (R,) number of the series.
        times: (R,) datetime64[us] or int64.
        order: (R,) row of the table.
    """

    table: Table
    ids: tuple[str, ...]
    series: NDArray[np.int64]
    times: NDArray[Any]
    order: NDArray[np.int64]

    def describe(self, row: int) -> str:
        """A sorted row in words: "series 'JFK' at 2013-01-01T06:00:00"."""
        return f"series '{self.ids[self.series[row]]}' at {time_text(self.times[row])}"


@dataclass(frozen=True)
class Grid:
    """Where sorted rows lie on the regular grid of their series.

    Attributes:
        index: (R,) steps since the first time of the series.
        origins: (S,) first time of each series.
        lengths: (S,) grid rows of each series.
    """

    index: NDArray[np.int64]
    origins: NDArray[Any]
    lengths: NDArray[np.int64]


def time_text(time: np.generic) -> str:
    """A time for people, without a needless fraction of a second or midnight."""
    return str(time).removesuffix(".000000").removesuffix("T00:00:00")


def arrange(table: Table, columns: Columns, known_ids: tuple[str, ...] | None = None) -> Rows:
    """Sort the rows of a table.

    Args:
        table: the rows in any order.
        columns: names the columns of series and time.
        known_ids: number the series like these names and drop the rows of others.

    Raises:
        DataError: a series or time is missing or unreadable, or a series has two rows for one time.
    """
    # Only a single series may go without a name, also in a second table.
    nameless = Columns.id if known_ids in (None, ("series",)) else ""
    ids, series = values.series_codes(table, columns.id, nameless)
    times = values.times(table, columns.time)
    order = np.arange(len(times))
    if known_ids is not None:
        place = {name: number for number, name in enumerate(known_ids)}
        series = np.array([place.get(name, -1) for name in ids], np.int64)[series]
        ids, order = known_ids, np.flatnonzero(series >= 0)
        series, times = series[order], times[order]
    ascending = (series[1:] > series[:-1]) | ((series[1:] == series[:-1]) & (times[1:] > times[:-1]))
    if not ascending.all():
        by_time = np.lexsort((times, series))
        series, times, order = series[by_time], times[by_time], order[by_time]
    rows = Rows(table, ids, series, times, order)
    twice = (series[1:] == series[:-1]) & (times[1:] == times[:-1])
    if twice.any():
        row = int(np.argmax(twice))
        first, second = sorted(int(table.numbers[order[place]]) for place in (row, row + 1))
        raise DataError(f"{table.source} must have one row per series and time; {rows.describe(row)} is in rows "
                        f"{first} and {second}.")  # fmt: skip
    return rows


def place(rows: Rows, frequency: Frequency) -> Grid:
    """Find the place of each row on the grid of its series.

    Raises:
        DataError: a time is off the grid, or the gaps between the rows are too many for the frequency to be right.
    """
    counts = np.bincount(rows.series, minlength=len(rows.ids))
    starts = np.cumsum(counts) - counts
    origins = rows.times[starts]
    if frequency.unit == "rows":
        return Grid(np.arange(len(rows.times)) - starts[rows.series], origins, counts)
    index = frequency.index(rows.times, origins[rows.series])
    off = index == OFF_GRID
    if off.any():
        row = int(np.argmax(off))
        raise DataError(
            f"{rows.table.where(int(rows.order[row]))}: {rows.describe(row)} is not a multiple of {frequency} after "
            f"{time_text(origins[rows.series[row]])}; give another frequency, or 'rows' to count every row as a step."
        )
    lengths = index[starts + counts - 1] + 1
    if lengths.sum() > _MOST_FILLED * len(index) + _MARGIN:
        raise DataError(
            f"{rows.table.source} has {len(index)} of the {lengths.sum()} rows that a frequency of {frequency} calls "
            "for; give another frequency, or 'rows' to count every row as a step."
        )
    return Grid(index, origins, lengths)
