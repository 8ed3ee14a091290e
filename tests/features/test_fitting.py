from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from gatelet.errors import DataError
from gatelet.features import Columns, Frequency, fit_schema

HOURS = [datetime(2024, 1, 1) + timedelta(hours=hour) for hour in range(60)]


def test_scales_come_from_the_training_rows_only() -> None:
    y = [*(float(value) for value in range(50)), *([1e6] * 10)]
    frame = pl.DataFrame({"ds": HOURS, "y": y, "a": [2.0 * value for value in y]})
    schema = fit_schema(frame, Columns(past=("a",)), rows_left_out=10)
    assert schema.target_mean == pytest.approx(24.5)
    assert schema.target_std == pytest.approx(np.std(range(50)))
    assert schema.mean == {"a": pytest.approx(49.0)}
    assert schema.frequency == Frequency("h", 1, 24)
    assert schema.calendar == ("hour of day",)
    assert fit_schema(frame, Columns(past=("a",))).target_mean > 1e5


def test_rows_are_left_out_by_time_and_counted_from_the_last_value() -> None:
    y = [*([1.0] * 40), *([5.0] * 10), *([None] * 10)]
    gaps = pl.DataFrame({"ds": HOURS, "y": y}).filter(~pl.int_range(60).is_in([42, 43, 44])).sample(57, seed=1)
    assert fit_schema(gaps, Columns(), rows_left_out=10).target_mean == 1.0
    assert fit_schema(gaps, Columns(), rows_left_out=9).target_mean > 1.0


def test_categories_from_the_training_rows_only() -> None:
    frame = pl.DataFrame({"ds": range(5), "y": range(5), "a": ["x", "w", None, "x", "new"], "n": [3, 1, 3, 1, 9]})
    schema = fit_schema(frame, Columns(past=("a",), future=("n",), categorical=("n",)), rows_left_out=1)
    assert schema.categories == {"a": ("w", "x"), "n": ("1", "3")}
    assert schema.frequency == Frequency("int", 1, 1) and schema.calendar == ()


def test_a_constant_gets_the_scale_1() -> None:
    frame = pl.DataFrame({"ds": range(5), "y": [0.1] * 5, "a": [1e9 / 3] * 5})
    schema = fit_schema(frame, Columns(past=("a",)))
    assert schema.target_std == 1.0 and schema.std == {"a": 1.0}


def test_frequency_given() -> None:
    frame = pl.DataFrame({"ds": [datetime(2024, 1, 1), datetime(2024, 1, 2), datetime(2024, 1, 9)], "y": [1, 2, 3]})
    assert fit_schema(frame, Columns(), frequency="rows").frequency.step == 4 * 86_400_000_000
    assert str(fit_schema(frame, Columns(), frequency="12h", seasonality=14).frequency) == "12h"
    with pytest.raises(DataError, match="frequency must suit the times, which are timestamps; got '1'."):
        fit_schema(frame, Columns(), frequency="1")


def test_faults() -> None:
    frame = pl.DataFrame({"ds": range(300), "y": range(300), "a": [None] * 300, "b": [f"v{row}" for row in range(300)]})
    with pytest.raises(DataError, match="the table has no column 'c'; it has ds, y, a, b."):
        fit_schema(frame, Columns(past=("c",)))
    with pytest.raises(DataError, match="column 'a' must have values to learn from; all are missing."):
        fit_schema(frame, Columns(past=("a",)))
    with pytest.raises(DataError, match="column 'b' must have at most 256 categories; got 300."):
        fit_schema(frame, Columns(past=("b",)))
    with pytest.raises(DataError, match="must have values before the last 300 rows of a series to learn from."):
        fit_schema(frame, Columns(), rows_left_out=300)
    with pytest.raises(DataError, match="column 'y' must have values to learn from; all are missing."):
        fit_schema(frame.with_columns(y=None), Columns())


def test_a_slip_in_a_numeric_covariate(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("ds,y,rain\n" + "".join(f"{row},{row},{'wet' if row == 30 else row}\n" for row in range(40)))
    with pytest.raises(DataError) as caught:
        fit_schema(path, Columns(past=("rain",)))
    assert str(caught.value) == (
        f"{path}, row 32, column 'rain': expected a number; got 'wet'; "
        "if its values are categories, name it as categorical."
    )
    assert fit_schema(path, Columns(past=("rain",), categorical=("rain",))).categories["rain"][-1] == "wet"
