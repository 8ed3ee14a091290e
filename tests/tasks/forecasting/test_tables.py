"""Tables of every sort, through the whole forecaster."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from gatelet.errors import DataError
from gatelet.features import Columns
from gatelet.tasks.forecasting import Forecaster
from gatelet.training import TrainingSettings

Make = Callable[..., pl.DataFrame]
New = Callable[..., Forecaster]
Fitted = tuple[Forecaster, pl.DataFrame]


def test_timestamps_give_timestamps(new: New, seasonal: Make, quick: TrainingSettings) -> None:
    hours = seasonal().with_columns(ds=datetime(2024, 2, 28) + pl.duration(hours=pl.col("ds")))
    forecaster = new(seasonality=None).fit(hours, training=quick)
    assert forecaster.schema.frequency.seasonality == 24 and "hour of day" in forecaster.schema.calendar
    times = forecaster.predict(hours).times
    assert times.dtype == np.dtype("datetime64[us]")
    assert times[0, 0] == np.datetime64(datetime(2024, 2, 28) + timedelta(hours=90))


def test_months_are_counted_as_months(new: New, quick: TrainingSettings) -> None:
    months = pl.date_range(date(2018, 1, 31), date(2023, 12, 31), "1mo", eager=True).dt.month_end()
    table = pl.DataFrame({"ds": months, "y": np.arange(72.0)})
    forecast = new(seasonality=None).fit(table, training=quick).predict(table)
    assert forecast.ids == ("series",)
    assert np.datetime_as_string(forecast.times[0], "D").tolist() == [
        "2024-01-31", "2024-02-29", "2024-03-31", "2024-04-30",
    ]  # fmt: skip


def test_many_series_of_unequal_length(new: New, seasonal: Make, quick: TrainingSettings) -> None:
    lengths = tuple(range(3, 90, 2))
    table = seasonal(lengths)
    forecaster = new().fit(table, training=quick, test_size=4)
    forecast = forecaster.predict(table)
    assert len(forecast.ids) == len(lengths) and np.isfinite(forecast.quantiles).all()
    assert forecast.times[:, 0].tolist() == list(lengths)
    scores = forecaster.evaluate(table)
    assert len(scores.ids) == sum(length > 4 for length in lengths)


def test_the_order_of_rows_does_not_matter(fitted: Fitted) -> None:
    forecaster, table = fitted
    shuffled = forecaster.predict(table.sample(fraction=1.0, shuffle=True, seed=1))
    order = [shuffled.ids.index(name) for name in ("s0", "s1")]
    np.testing.assert_allclose(shuffled.quantiles[order], forecaster.predict(table).quantiles, rtol=1e-6)


def test_missing_rows_are_missing_values(new: New, seasonal: Make, quick: TrainingSettings) -> None:
    gone = pl.col("ds").is_in([5, 6, 30, 31, 32, 60])
    nulls = seasonal().with_columns(y=pl.when(gone).then(None).otherwise(pl.col("y")))
    forecasts = [new().fit(data, training=quick).predict(data) for data in (nulls, seasonal().filter(~gone))]
    np.testing.assert_array_equal(forecasts[0].quantiles, forecasts[1].quantiles)
    assert np.isfinite(forecasts[0].quantiles).all()


def test_gaps_do_not_hide_scores(new: New, seasonal: Make, quick: TrainingSettings) -> None:
    table = seasonal((120, 100)).filter(~pl.col("ds").is_between(72, 91))
    scores = new(seasonality=2).fit(table, training=quick, test_size=24).evaluate(table, step=1)
    assert all(np.isfinite(value) for row in scores.overall.values() for value in row.values())


@pytest.mark.parametrize("values", [0.0, 7.0, -3e8, 1e-12], ids=str)
def test_constant_series(new: New, values: float, quick: TrainingSettings) -> None:
    table = pl.DataFrame({"ds": range(60), "y": [values] * 60})
    forecaster = new().fit(table, training=quick, test_size=8, conformal=True)
    forecast = forecaster.predict(table)
    np.testing.assert_allclose(forecast.median, values, rtol=0.01, atol=1e-2 if values == 0 else 1e-4)
    overall = forecaster.evaluate(table).overall["gatelet"]
    assert np.isfinite(overall["mae"]) and np.isnan(overall["mase"])  # it has no scale


def test_a_constant_series_among_others(new: New, seasonal: Make, quick: TrainingSettings) -> None:
    constant = pl.DataFrame({"unique_id": "flat", "ds": np.arange(60), "y": 4.0})
    table = pl.concat([seasonal(), constant])
    forecaster = new().fit(table, training=quick, test_size=8)
    assert abs(forecaster.predict(table).median[2] - 4.0).max() < 0.5
    assert np.isfinite(forecaster.evaluate(table).overall["gatelet"]["mase"])


def test_a_huge_offset_is_as_good_as_none(new: New, seasonal: Make) -> None:
    training = TrainingSettings(epochs=5, batch_size=32, learning_rate=1e-2)
    errors = []
    for offset in (0.0, 1e9):
        table = seasonal((150,)).with_columns(y=10 * pl.col("y") + offset)
        errors.append(new().fit(table, training=training, test_size=24).evaluate(table).overall["gatelet"]["mae"])
    assert errors[1] == pytest.approx(errors[0], rel=0.05)


def test_columns_may_have_other_names(new: New, seasonal: Make, quick: TrainingSettings) -> None:
    renamed = seasonal().rename({"unique_id": "shop", "ds": "day", "y": "sales"})
    forecaster = new(columns=Columns(id="shop", time="day", target="sales")).fit(renamed, training=quick)
    frame = forecaster.predict(renamed).frame()
    assert frame.columns[:3] == ["shop", "day", "y_hat"]
    assert forecaster.backtest(renamed).frame().columns[:2] == ["shop", "day"]


def test_rows_may_be_steps(new: New, seasonal: Make, quick: TrainingSettings) -> None:
    uneven = seasonal().with_columns(ds=pl.col("ds") ** 2)
    forecast = new(frequency="rows").fit(uneven, training=quick).predict(uneven)
    assert np.isfinite(forecast.quantiles).all() and (np.diff(forecast.times) > 0).all()


@pytest.mark.parametrize("kind", ["lazy", "csv", "parquet", "pandas", "pyarrow"])
def test_a_table_may_come_as_anything(fitted: Fitted, kind: str, tmp_path: Path) -> None:
    forecaster, table = fitted
    data: Any = {"lazy": table.lazy(), "csv": tmp_path / "t.csv", "parquet": str(tmp_path / "t.parquet")}.get(kind)
    if kind == "csv":
        table.write_csv(data)
    elif kind == "parquet":
        table.write_parquet(data)
    elif data is None:
        pytest.importorskip("pyarrow")
        pytest.importorskip(kind)
        data = table.to_pandas() if kind == "pandas" else table.to_arrow()
    np.testing.assert_allclose(forecaster.predict(data).quantiles, forecaster.predict(table).quantiles, rtol=1e-6)


NUMBERS = "ds,y\n" + "".join(f"{row},{row}\n" for row in range(60))


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("absent column", "the table has no column 'y'; did you mean 'yy'?"),
        ("infinity", "the table, row 17, column 'y': expected a finite number; got inf."),
        ("all missing", "column 'y' must have values to learn from; all are missing."),
        ("one series missing", "series 's1' must have at least one value; all are missing."),
        ("duplicate", "must have one row per series and time; series 's0' at 3 is in rows 3 and 160."),
        ("no rows", "the table has no rows."),
        ("short", "At least one series must have 8 rows (4 of context, 4 of horizon) with values among them "
                  "before those held out; the longest, 's0', has 7."),
        ("test part only", "must have values before the last 100 rows of a series to learn from."),
    ],
)  # fmt: skip
def test_tables_that_cannot_be_used(new: New, seasonal: Make, name: str, sentence: str) -> None:
    table = seasonal()
    y, second = pl.col("y"), pl.col("unique_id") == "s1"
    data = {
        "absent column": table.rename({"y": "yy"}),
        "infinity": table.with_columns(y=pl.when(pl.int_range(pl.len()) == 17).then(float("inf")).otherwise(y)),
        "all missing": table.with_columns(y=pl.lit(None, pl.Float64)),
        "one series missing": table.with_columns(y=pl.when(second).then(None).otherwise(y)),
        "duplicate": pl.concat([table, table[3:4]]),
        "no rows": table.head(0),
        "short": seasonal((11, 9)),
        "test part only": table,
    }[name]
    with pytest.raises(DataError) as caught:
        new().fit(data, test_size=100 if name == "test part only" else 0)
    assert sentence in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", " is empty."),
        ("ds,y\n", " has no rows."),
        (NUMBERS.replace("\n3,3\n", "\n3,warm\n"), ", row 5, column 'y': expected a number; got 'warm'"),
        ("ds,y\n2024-01-01,2\nyesterday,3\n", ", row 3, column 'ds': expected a time like"),
        ("ds,y\n1,\n2,\n3,\n", ", column 'y' must have values to learn from; all are missing."),
    ],
)  # fmt: skip
def test_files_that_cannot_be_used(new: New, content: str, sentence: str, tmp_path: Path) -> None:
    file = tmp_path / "data.csv"
    file.write_text(content)
    with pytest.raises(DataError) as caught:
        new().fit(file)
    assert str(caught.value).startswith(str(file)) and sentence in str(caught.value)
