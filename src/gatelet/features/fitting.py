"""What a first table teaches: its frequency, its categories, and the scale of its numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatelet.errors import DataError
from gatelet.features import values
from gatelet.features.calendar import calendar_cycles
from gatelet.features.columns import Columns, Schema
from gatelet.features.frequency import Frequency, infer_frequency, parse_frequency
from gatelet.features.rows import Rows, arrange, place
from gatelet.features.table import Table, read_table

MOST_CATEGORIES = 256
"""A categorical covariate may have this many values; more call for a numeric covariate."""


def fit_schema(
    data: Any,
    columns: Columns,
    *,
    frequency: str | None = None,
    seasonality: int | None = None,
    rows_left_out: int = 0,
) -> Schema:
    """Learn how to read a table and tables like it.

    Args:
        data: what `read_table` takes.
        columns: which column plays which part.
        frequency: see `parse_frequency`; found in the times if None.
        seasonality: rows per season; found from the frequency if None.
        rows_left_out: learn nothing from the last rows of each series, counted back from its last observed target.

    Raises:
        DataError: as `read_panel`; also a covariate without values, more than 256 categories, or no rows left.
    """
    table = read_table(data)
    for name in (columns.target, *columns.covariates):
        table.column(name)
    rows = arrange(table, columns)
    grid_frequency = _frequency(rows, frequency, seasonality)
    kept, span = _training_rows(rows, grid_frequency, columns.target, rows_left_out)
    categories: dict[str, tuple[str, ...]] = {}
    mean: dict[str, float] = {}
    std: dict[str, float] = {}
    for name in columns.covariates:
        if name in columns.categorical or values.is_categorical(table, name):
            categories[name] = _categories(table, name, kept)
        else:
            mean[name], std[name] = _scale(table, name, kept, "; if its values are categories, name it as categorical")
    target_mean, target_std = _scale(table, columns.target, kept)
    return Schema(
        columns=columns,
        frequency=grid_frequency,
        calendar=calendar_cycles(grid_frequency, span) if rows.times.dtype.kind == "M" else (),
        categories=categories,
        mean=mean,
        std=std,
        target_mean=target_mean,
        target_std=target_std,
    )


def _frequency(rows: Rows, text: str | None, seasonality: int | None) -> Frequency:
    if text is None:
        return infer_frequency(rows.times, rows.series, seasonality)
    gaps = np.diff(rows.times.astype(np.int64))[rows.series[1:] == rows.series[:-1]]
    frequency = parse_frequency(text, seasonality, int(np.median(gaps)) if len(gaps) else 1)
    if frequency.unit != "rows" and (frequency.unit == "int") != (rows.times.dtype.kind == "i"):
        kind = "integers" if rows.times.dtype.kind == "i" else "timestamps"
        raise DataError(f"frequency must suit the times, which are {kind}; got {text!r}.")
    return frequency


def _training_rows(rows: Rows, frequency: Frequency, target: str, rows_left_out: int) -> tuple[NDArray[np.int64], int]:
    """Rows of the table to learn from, and the time that the longest series among them spans."""
    index = place(rows, frequency).index
    observed = ~np.isnan(values.numbers(rows.table, target)[rows.order])
    if not observed.any():
        raise DataError(f"{rows.table.source}, column '{target}' must have values to learn from; all are missing.")
    ends = np.zeros(len(rows.ids), np.int64)
    np.maximum.at(ends, rows.series[observed], index[observed] + 1)
    kept = index < (ends - rows_left_out)[rows.series]
    if not (kept & observed).any():
        raise DataError(
            f"{rows.table.source} must have values before the last {rows_left_out} rows of a series to learn from."
        )
    moments = rows.times.astype(np.int64)
    first = np.full(len(rows.ids), np.iinfo(np.int64).max)
    last = np.full(len(rows.ids), np.iinfo(np.int64).min)
    np.minimum.at(first, rows.series[kept], moments[kept])
    np.maximum.at(last, rows.series[kept], moments[kept])
    present = first <= last
    return rows.order[kept], int((last[present] - first[present]).max())


def _categories(table: Table, column: str, kept: NDArray[np.int64]) -> tuple[str, ...]:
    names, codes = values.labels(table, column)
    seen = np.bincount(codes[kept][codes[kept] >= 0], minlength=len(names)) > 0
    known = tuple(name for name, here in zip(names, seen, strict=True) if here)
    if not known:
        raise DataError(f"{table.source}, column '{column}' must have values to learn from; all are missing.")
    if len(known) > MOST_CATEGORIES:
        raise DataError(
            f"{table.source}, column '{column}' must have at most {MOST_CATEGORIES} categories; got {len(known)}."
        )
    return known


def _scale(table: Table, column: str, kept: NDArray[np.int64], hint: str = "") -> tuple[float, float]:
    """Mean and standard deviation; of a constant 1, so that it becomes 0."""
    array = values.numbers(table, column, hint)[kept]
    array = array[~np.isnan(array)]
    if len(array) == 0:
        raise DataError(f"{table.source}, column '{column}' must have values to learn from; all are missing.")
    mean, std = float(array.mean()), float(array.std())
    # Rounding leaves a constant a deviation of some 1e-16 of its size.
    return mean, std if std > 1e-12 * max(abs(mean), 1e-12) else 1.0
