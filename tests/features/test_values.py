from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from gatelet.errors import DataError
from gatelet.features import read_table, values
from gatelet.features.table import Table


def csv(tmp_path: Path, column: str, entries: list[str]) -> Table:
    path = tmp_path / "a.csv"
    path.write_text("\n".join(["k," + column, *(f"1,{entry}" for entry in entries)]) + "\n")
    return read_table(path)


def frame(**columns: Any) -> Table:
    return read_table(pl.DataFrame(columns, strict=False))


def test_numbers_from_text(tmp_path: Path) -> None:
    table = csv(tmp_path, "y", ["1", "", "NA", "NaN", "null", " -2.5e3 "])
    np.testing.assert_array_equal(values.numbers(table, "y"), [1.0, np.nan, np.nan, np.nan, np.nan, -2500.0])


def test_numbers_from_frames() -> None:
    np.testing.assert_array_equal(values.numbers(frame(y=[1, None]), "y"), [1.0, np.nan])
    np.testing.assert_array_equal(values.numbers(frame(y=[True, False]), "y"), [1.0, 0.0])
    np.testing.assert_array_equal(values.numbers(frame(y=["3", None]), "y"), [3.0, np.nan])
    np.testing.assert_array_equal(values.numbers(frame(y=[None, None]), "y"), [np.nan, np.nan])


def test_text_in_a_numeric_column(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        values.numbers(csv(tmp_path, "y", ["1", "2", "closed", "4"]), "y")
    assert str(caught.value) == f"{tmp_path}/a.csv, row 4, column 'y': expected a number; got 'closed'."


@pytest.mark.parametrize("bad", ["inf", "-inf", "1e300"])
def test_infinities(tmp_path: Path, bad: str) -> None:
    with pytest.raises(DataError, match=r"a.csv, row 3, column 'y': expected a finite number; got "):
        values.numbers(csv(tmp_path, "y", ["1", bad]), "y")
    with pytest.raises(DataError, match=r"the table, row 1, column 'y': expected a finite number; got "):
        values.numbers(frame(y=[0.0, float(bad)]), "y")


def test_times_are_no_numbers() -> None:
    with pytest.raises(DataError, match="column 'y' must hold numbers; got Datetime"):
        values.numbers(frame(y=[datetime(2024, 1, 1)]), "y")


def test_what_is_categorical(tmp_path: Path) -> None:
    assert not values.is_categorical(csv(tmp_path, "a", ["1", "2", ""]), "a")
    assert values.is_categorical(csv(tmp_path, "a", ["1", "N", "S"]), "a")
    # one slip among many numbers is an error to report, not a category
    assert not values.is_categorical(csv(tmp_path, "a", ["1"] * 19 + ["closed"]), "a")
    assert values.is_categorical(frame(a=[True, False]), "a")
    assert values.is_categorical(frame(a=["x"]), "a")
    assert values.is_categorical(read_table(pl.DataFrame({"a": ["x"]}, schema={"a": pl.Categorical})), "a")
    assert not values.is_categorical(frame(a=[1]), "a")


def test_labels_are_the_same_from_text_and_frames(tmp_path: Path) -> None:
    known, codes = values.labels(csv(tmp_path, "a", ["3", "NA", "3.0", "x", "True"]), "a")
    assert known == ("3", "true", "x") and codes.tolist() == [0, -1, 0, 2, 1]
    known, codes = values.labels(frame(a=[3.0, None, 3.0, 12.5]), "a")
    assert known == ("12.5", "3") and codes.tolist() == [1, -1, 1, 0]
    assert values.labels(frame(a=[True, None, False]), "a")[0] == ("false", "true")


def test_series_codes() -> None:
    names, codes = values.series_codes(frame(id=["b", "a", "b", "NA"]), "id", "unique_id")
    assert names == ("b", "a", "NA") and codes.tolist() == [0, 1, 0, 2]
    assert values.series_codes(frame(id=[7, 7, 5]), "id", "unique_id")[0] == ("7", "5")
    assert values.series_codes(frame(y=[1, 2]), "unique_id", "unique_id")[0] == ("series",)
    with pytest.raises(DataError, match="has no column 'shop'"):
        values.series_codes(frame(y=[1, 2]), "shop", "unique_id")
    with pytest.raises(DataError, match="row 1, column 'id': expected the name of a series; got nothing."):
        values.series_codes(frame(id=["a", None]), "id", "unique_id")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-01-31", "2024-01-31T00"),
        ("2024/1/31", "2024-01-31T00"),
        ("2024-01", "2024-01-01T00"),
        ("2024-01-31 13", "2024-01-31T13"),
        ("2024-01-31 13:05", "2024-01-31T13:05"),
        ("2024-01-31T13:05:07", "2024-01-31T13:05:07"),
        ("2024-01-31 13:05:07.25", "2024-01-31T13:05:07.25"),
        ("2024-01-31T13:05:07Z", "2024-01-31T13:05:07"),
        ("2024-01-31T13:05:07+02:00", "2024-01-31T11:05:07"),
        ("2024-01-31 13:05:07-0530", "2024-01-31T18:35:07"),
        ("2024-01-31T13:05Z", "2024-01-31T13:05"),
    ],
)
def test_times_from_text(tmp_path: Path, text: str, expected: str) -> None:
    times = values.times(csv(tmp_path, "ds", [text, "2020-02-29"]), "ds")
    assert times.dtype == np.dtype("datetime64[us]")
    assert times[0] == np.datetime64(expected)
    assert times[1] == np.datetime64("2020-02-29")


def test_times_from_frames() -> None:
    naive = [datetime(2024, 7, 1, 12), datetime(2024, 7, 1, 13)]
    assert values.times(frame(ds=naive), "ds")[1] == np.datetime64("2024-07-01T13")
    aware = read_table(pl.DataFrame({"ds": naive}).select(pl.col("ds").dt.replace_time_zone("Europe/Berlin")))
    assert values.times(aware, "ds")[1] == np.datetime64("2024-07-01T11")
    utc = frame(ds=[moment.replace(tzinfo=UTC) for moment in naive])
    assert values.times(utc, "ds").dtype == np.dtype("datetime64[us]")
    assert values.times(frame(ds=[date(2024, 7, 1)]), "ds")[0] == np.datetime64("2024-07-01")
    assert values.times(frame(ds=[3, 4]), "ds").tolist() == [3, 4]
    assert values.times(frame(ds=[3.0, 4.0]), "ds").dtype == np.int64


def test_integers_from_text(tmp_path: Path) -> None:
    times = values.times(csv(tmp_path, "ds", ["1", "2"]), "ds")
    assert times.dtype == np.int64 and times.tolist() == [1, 2]


@pytest.mark.parametrize(
    ("entries", "sentence"),
    [
        (["2024-01-01", "31.1.2024"], "row 3, column 'ds': expected a time like .*; got '31.1.2024'."),
        (["2024-01-01", "1/31/2024"], "row 3, column 'ds': expected a time like .*; got '1/31/2024'."),
        (["2024-02-30", "2024-01-01"], "row 2, column 'ds': expected a time like .*; got '2024-02-30'."),
        (["2024-01-01", ""], "row 3, column 'ds': expected a time; got nothing."),
        (["1", "two"], "row 2, column 'ds': expected a time like .*; got '1'."),
    ],
)
def test_unreadable_times(tmp_path: Path, entries: list[str], sentence: str) -> None:
    with pytest.raises(DataError, match=sentence):
        values.times(csv(tmp_path, "ds", entries), "ds")


def test_unreadable_times_in_frames() -> None:
    with pytest.raises(DataError, match="row 1, column 'ds': expected a time; got nothing."):
        values.times(frame(ds=[datetime(2024, 1, 1), None]), "ds")
    with pytest.raises(DataError, match="row 1, column 'ds': expected a time; got nothing."):
        values.times(frame(ds=[1, None]), "ds")
    with pytest.raises(DataError, match="row 0, column 'ds': expected a time or a whole number; got 1.5."):
        values.times(frame(ds=[1.5]), "ds")
    with pytest.raises(DataError, match="column 'ds' must hold times or integers; got Boolean."):
        values.times(frame(ds=[True]), "ds")
