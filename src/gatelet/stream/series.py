"""Rows of series, as they come, to forecasts: each series has a stream of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from gatelet.errors import DataError
from gatelet.features.calendar import calendar_features
from gatelet.features.columns import Schema
from gatelet.plan import Plan
from gatelet.stream.answers import number
from gatelet.stream.records import Record
from gatelet.stream.session import Session


@dataclass
class _Series:
    """A series that is followed: its stream, and the time of its last row."""

    session: Session
    time: Any = None


class SeriesAnswerer:
    """Records are rows of a long table, in the order of time within each series, all series mixed as they like.

    Rows that are missing are filled in as missing values. Of a model with future covariates, a record also has `ahead`:
    for each of these columns its values over the horizon.
    """

    def __init__(self, plan: Plan, weights: str = "float32") -> None:
        """Start before the first row."""
        self._schema = Schema.from_json(plan.features["schema"])
        self._numbers = {str(name): place for place, name in enumerate(plan.features["series"], 1)}
        self._levels = [f"q{level:g}" for level in plan.features["quantiles"]]
        self._context, self._horizon = int(plan.features["context_length"]), int(plan.features["horizon"])
        self._inputs = {value.name for value in plan.inputs}
        self._fresh = Session(plan, weights=weights)
        self._series: dict[str, _Series] = {}

    def answer(self, record: Record) -> dict[str, Any]:
        """The quantiles of the steps after this row."""
        if not isinstance(record, dict):
            raise DataError("expected a row with named columns; got something else.")
        columns = self._schema.columns
        name = str(record.get(columns.id, "series"))
        series = self._series.get(name) or _Series(self._fresh.fork())
        time = self._time(record)
        gap = self._gap(series, time)
        frame = self._frame(record, name, time)
        for missed in self._missed(series, time, gap):
            series.session.push(self._frame({columns.id: name}, name, missed, given=False))
        forecast = series.session.push(frame)
        series.time = time
        self._series[name] = series
        times = self._schema.frequency.advance(np.array([time]), self._horizon)[0]
        return {
            columns.id: name,
            columns.time: times.tolist() if times.dtype.kind == "i" else [str(each) for each in times],
            **{level: forecast[:, place].tolist() for place, level in enumerate(self._levels)},
        }

    def _time(self, record: dict[str, Any]) -> Any:
        column, value = self._schema.columns.time, record.get(self._schema.columns.time)
        if self._schema.frequency.unit in ("int", "rows"):
            try:
                return np.int64(str(value))
            except ValueError as error:
                if self._schema.frequency.unit == "int":
                    raise DataError(f"column {column!r}: expected a whole number; got {value!r:.40}.") from error
        try:
            return np.datetime64(datetime.fromisoformat(str(value)).replace(tzinfo=None), "us")
        except ValueError as error:
            raise DataError(f"column {column!r}: expected a time like 2024-01-31 08:00; got {value!r:.40}.") from error

    def _gap(self, series: _Series, time: Any) -> int:
        """Steps from the last row of a series to this one."""
        if series.time is None or self._schema.frequency.unit == "rows":
            return 1
        gap = int(self._schema.frequency.index(np.array([time]), np.array([series.time]))[0])
        if gap < 1:
            raise DataError(
                f"column {self._schema.columns.time!r}: expected a time after {series.time} on the grid of "
                f"{self._schema.frequency}; got {time}."
            )
        return gap

    def _missed(self, series: _Series, time: Any, gap: int) -> Iterator[Any]:
        """The times between the last row and this one; of a gap longer than the context, its last ones."""
        if gap <= 1:
            return
        count = min(gap - 1, self._context)
        yield from self._schema.frequency.shift(np.array([time]), np.arange(-count, 0))

    def _frame(self, record: dict[str, Any], name: str, time: Any, given: bool = True) -> dict[str, Any]:
        """The inputs of a step; of a row that was missed, nothing but its time is known."""
        schema, columns = self._schema, self._schema.columns
        ahead = record.get("ahead", {}) if given else {}
        if given and columns.future and (not isinstance(ahead, dict) or set(columns.future) - set(ahead)):
            raise DataError(
                f"column 'ahead': expected the next {self._horizon} values of {', '.join(columns.future)}, in JSON; "
                f"got {ahead!r:.40}."
            )
        rows = [
            {
                column: ahead[column][place] if given and place < len(ahead[column]) else None
                for column in columns.future
            }
            for place in range(self._horizon)
        ]
        times = np.array([time])
        frame = {
            "target": number(columns.target, record.get(columns.target)),
            "past": self._features(record, columns.past),
            "known": self._features(record, columns.future),
            "ahead": [self._features(row, columns.future) for row in rows],
            "calendar": calendar_features(times, schema.calendar)[0],
            "calendar_ahead": calendar_features(schema.frequency.advance(times, self._horizon)[0], schema.calendar),
            "static": self._static(record),
            "series": self._numbers.get(name, 0),
        }
        return {key: value for key, value in frame.items() if key in self._inputs}

    def _features(self, record: dict[str, Any], covariates: tuple[str, ...]) -> list[float]:
        """Numbers in their unit, categories as zeros and a one; NaN where there is nothing."""
        found: list[float] = []
        for name in covariates:
            value = record.get(name)
            if name not in self._schema.categories:
                found.append(number(name, value))
                continue
            missing = value is None or value == ""
            known = self._schema.categories[name]
            found += [float("nan") if missing else float(str(value) == label) for label in known]
        return found

    def _static(self, record: dict[str, Any]) -> list[float]:
        """Static covariates, standardized; 0 where there is nothing."""
        schema = self._schema
        scales: list[tuple[float, float]] = []
        for name in schema.columns.static:
            own = (0.0, 1.0) if name in schema.categories else (schema.mean[name], schema.std[name])
            scales += [own] * len(schema.expanded((name,)))
        values = self._features(record, schema.columns.static)
        scaled = [(value - mean) / std for value, (mean, std) in zip(values, scales, strict=True)]
        return [0.0 if np.isnan(value) else value for value in scaled]
