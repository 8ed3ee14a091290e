"""Many series on one regular grid each, ready for windows to be cut from them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatelet.errors import DataError
from gatelet.features import values
from gatelet.features.calendar import calendar_features
from gatelet.features.columns import Schema
from gatelet.features.rows import Grid, Rows, arrange, place, time_text
from gatelet.features.table import Table, read_table


@dataclass(frozen=True)
class Panel:
    """Series after series, the rows of each in steps of one frequency, NaN where a value is missing.

    Axes: S series, N rows of all series, P past features, F future features, K calendar features, G static features.

    Attributes:
        ids: (S) names of the series.
        offsets: (S + 1,) series s is rows `offsets[s]:offsets[s + 1]`.
        times: (N,) datetime64[us] or int64.
        target: (N,) float64 in the unit of the data.
        past: (N, P) standardized; a categorical covariate is one-hot, all zero for an unknown value.
        future: (N, F) likewise, without the calendar.
        calendar: (N, K) sines and cosines.
        static: (S, G) standardized; 0 where a value is missing.
        schema: how the columns were read.
    """

    ids: tuple[str, ...]
    offsets: NDArray[np.int64]
    times: NDArray[Any]
    target: NDArray[np.float64]
    past: NDArray[np.float32]
    future: NDArray[np.float32]
    calendar: NDArray[np.float32]
    static: NDArray[np.float32]
    schema: Schema

    def __len__(self) -> int:
        return len(self.target)

    @property
    def num_series(self) -> int:
        """S, the number of series."""
        return len(self.ids)

    @cached_property
    def ends(self) -> NDArray[np.int64]:
        """(S,) row after the last observed target of each series: where forecasting starts."""
        # maximum.reduceat takes the latest observed row within each series; every series has one.
        latest = np.where(np.isnan(self.target), 0, np.arange(1, len(self) + 1))
        return np.asarray(np.maximum.reduceat(latest, self.offsets[:-1]), np.int64)

    def series(self, number: int) -> slice:
        """The rows of a series."""
        return slice(int(self.offsets[number]), int(self.offsets[number + 1]))

    def extended(self, horizon: int) -> Panel:
        """Every series with exactly `horizon` rows after its last observed target, to forecast them.

        In the new rows the targets and past features are NaN, and the times and the calendar go on.

        Raises:
            DataError: a future covariate is missing there.
        """
        begins, ends = self.offsets[:-1], self.ends
        lengths = ends - begins + horizon
        source, series, within = _rows_of(begins, lengths)
        new = within >= (ends - begins)[series]
        given = ~new | (source < self.offsets[1:][series])
        source = np.where(given, source, 0)
        times = self.times[source]
        times[new] = self.schema.frequency.advance(self.times[ends - 1], horizon).reshape(-1)
        future = self.future[source]
        future[~given] = np.nan
        panel = replace(
            self,
            offsets=_offsets(lengths),
            times=times,
            target=np.where(new, np.nan, self.target[source]),
            past=np.where(new[:, None], np.float32(np.nan), self.past[source]),
            future=future,
            calendar=calendar_features(times, self.schema.calendar),
        )
        lacking = new & np.isnan(future).any(axis=1)
        if lacking.any():
            row = int(np.argmax(lacking))
            column = self.schema.feature_columns("future")[int(np.argmax(np.isnan(future[row])))]
            raise DataError(
                f"Future covariate '{column}' must be known over the horizon; it is missing for series "
                f"'{self.ids[series[row]]}' at {time_text(times[row])}."
            )
        return panel

    def before(self, rows_left_out: int) -> Panel:
        """Each series up to this many rows before its last observed target; series of which nothing is left vanish."""
        begins = self.offsets[:-1]
        lengths = np.maximum(self.ends - rows_left_out - begins, 0)
        # A series without any observed target left could not be scaled, so it vanishes as well.
        observed = np.concatenate(([0], np.cumsum(~np.isnan(self.target))))
        kept = np.flatnonzero(observed[begins + lengths] > observed[begins])
        lengths = lengths[kept]
        source, _, _ = _rows_of(begins[kept], lengths)
        return Panel(
            ids=tuple(self.ids[number] for number in kept),
            offsets=_offsets(lengths),
            times=self.times[source],
            target=self.target[source],
            past=self.past[source],
            future=self.future[source],
            calendar=self.calendar[source],
            static=self.static[kept],
            schema=self.schema,
        )


def read_panel(data: Any, schema: Schema, *, future: Any | None = None) -> Panel:
    """Read a table as the schema says; see `fit_schema` for what is learned from a first table.

    Rows may come in any order; missing rows are filled in with missing values.

    Args:
        data: what `read_table` takes.
        schema: how to read it.
        future: a second table with the columns of series, time and future covariates, which may go on after `data`.
            Where both give a value, this table's counts. Its rows before a series and of other series are ignored.

    Raises:
        DataError: see `read_table`, `gatelet.features.rows.arrange` and `place`; also a series without any observed
            target, and a static covariate that varies within a series.
    """
    table = read_table(data)
    rows = arrange(table, schema.columns)
    extra = None if future is None else arrange(read_table(future), schema.columns, rows.ids)
    grid, extra_index = _common_grid(rows, extra, schema)
    offsets = _offsets(grid.lengths)
    position = offsets[rows.series] + grid.index
    target = np.full(offsets[-1], np.nan)
    target[position] = values.numbers(table, schema.columns.target)[rows.order]
    _need_targets(table, rows, target, offsets)
    future_features = _spread(_features(table, schema, schema.columns.future), rows, position, offsets[-1])
    times = _grid_times(rows, grid, schema, position)
    if extra is not None and extra_index is not None:
        inside = extra_index >= 0
        given = _features(extra.table, schema, schema.columns.future)[extra.order][inside]
        where = (offsets[extra.series] + extra_index)[inside]
        future_features[where] = np.where(np.isnan(given), future_features[where], given)
        times[where] = extra.times[inside]
    return Panel(
        ids=rows.ids,
        offsets=offsets,
        times=times,
        target=target,
        past=_spread(_features(table, schema, schema.columns.past), rows, position, offsets[-1]),
        future=future_features,
        calendar=calendar_features(times, schema.calendar),
        static=_static_features(table, schema, rows),
        schema=schema,
    )


def _offsets(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.concatenate((np.zeros(1, np.int64), np.cumsum(lengths)))


def _rows_of(
    begins: NDArray[np.int64], lengths: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """For runs of rows laid end to end: the row, the number of its run, and its place within the run."""
    run = np.repeat(np.arange(len(begins)), lengths)
    within = np.arange(len(run)) - (np.cumsum(lengths) - lengths)[run]
    return begins[run] + within, run, within


def _common_grid(rows: Rows, extra: Rows | None, schema: Schema) -> tuple[Grid, NDArray[np.int64] | None]:
    """The grid of the rows, long enough for the rows of the second table; and the index of those."""
    frequency = schema.frequency
    grid = place(rows, frequency)
    if extra is None:
        return grid, None
    if rows.times.dtype.kind != extra.times.dtype.kind:
        raise DataError(f"{extra.table.source} must have times of the kind that {rows.table.source} has.")
    if frequency.unit == "rows":
        index = _index_by_order(rows, grid, extra)
    else:
        index = frequency.index(extra.times, grid.origins[extra.series])
        off = index == np.iinfo(np.int64).min
        if off.any():
            row = int(np.argmax(off))
            where = extra.table.where(int(extra.order[row]))
            raise DataError(f"{where}: {extra.describe(row)} is not on the grid of {frequency} that the data has.")
    lengths = grid.lengths.copy()
    np.maximum.at(lengths, extra.series, index + 1)
    return replace(grid, lengths=lengths), index


def _index_by_order(rows: Rows, grid: Grid, extra: Rows) -> NDArray[np.int64]:
    """Index where every row is a step: that of the same time, else counted on after the last row of the series."""
    begins = _offsets(grid.lengths)
    index = np.full(len(extra.series), -1, np.int64)
    for number in range(len(rows.ids)):
        own = rows.times[begins[number] : begins[number + 1]]
        mine = np.flatnonzero(extra.series == number)
        spot = np.searchsorted(own, extra.times[mine])
        same = (spot < len(own)) & (own[np.minimum(spot, len(own) - 1)] == extra.times[mine])
        later = spot == len(own)
        index[mine] = np.where(same, spot, np.where(later, len(own) + np.cumsum(later) - 1, -1))
    return index


def _grid_times(rows: Rows, grid: Grid, schema: Schema, position: NDArray[np.int64]) -> NDArray[Any]:
    _, series, within = _rows_of(np.zeros_like(grid.lengths), grid.lengths)
    times = schema.frequency.shift(grid.origins[series], within).astype(rows.times.dtype)
    if schema.frequency.unit == "rows":
        times[position] = rows.times
    return times


def _need_targets(table: Table, rows: Rows, target: NDArray[np.float64], offsets: NDArray[np.int64]) -> None:
    observed = np.add.reduceat(~np.isnan(target), offsets[:-1], dtype=np.int64)
    if (observed == 0).any():
        name = rows.ids[int(np.argmin(observed))]
        raise DataError(f"{table.source}: series '{name}' must have at least one value; all are missing.")


def _features(table: Table, schema: Schema, covariates: tuple[str, ...]) -> NDArray[np.float32]:
    """(R, features) standardized numbers and one-hot categories, NaN where a value is missing."""
    features = np.empty((len(table), len(schema.expanded(covariates))), np.float32)
    column = 0
    for name in covariates:
        if name in schema.categories:
            known = schema.categories[name]
            names, codes = values.labels(table, name)
            codes_of = {label: number for number, label in enumerate(known)}
            recode = np.array([codes_of.get(label, len(known)) for label in names] + [-1], np.int64)[codes]
            one_hot = (recode[:, None] == np.arange(len(known))).astype(np.float32)
            one_hot[recode < 0] = np.nan
            features[:, column : column + len(known)] = one_hot
            column += len(known)
        else:
            features[:, column] = (values.numbers(table, name) - schema.mean[name]) / schema.std[name]
            column += 1
    return features


def _spread(
    features: NDArray[np.float32], rows: Rows, position: NDArray[np.int64], length: np.int64
) -> NDArray[np.float32]:
    """The features of the table's rows on the grid (N, features)."""
    spread = np.full((length, features.shape[1]), np.nan, np.float32)
    spread[position] = features[rows.order]
    return spread


def _static_features(table: Table, schema: Schema, rows: Rows) -> NDArray[np.float32]:
    """(S, G) the one value that each static covariate has in each series."""
    features = _features(table, schema, schema.columns.static)[rows.order]
    filled = np.where(np.isnan(features), np.inf, features)
    starts = np.searchsorted(rows.series, np.arange(len(rows.ids)))
    if not features.shape[1]:
        return np.empty((len(rows.ids), 0), np.float32)
    least = np.minimum.reduceat(filled, starts, axis=0)
    varies = ~np.isnan(features) & (features != least[rows.series])
    if varies.any():
        row, column = (int(place) for place in np.argwhere(varies)[0])
        name = schema.feature_columns("static")[column]
        raise DataError(
            f"{table.where(int(rows.order[row]), name)}: a static covariate must be the same in all rows of "
            f"series '{rows.ids[rows.series[row]]}'; it varies."
        )
    return np.where(np.isinf(least), np.float32(0), least)
