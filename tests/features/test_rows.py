from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from gatelet.errors import DataError
from gatelet.features import Columns, read_table
from gatelet.features.frequency import parse_frequency
from gatelet.features.rows import arrange, place


def test_unsorted_rows_are_sorted() -> None:
    table = read_table(pl.DataFrame({"unique_id": ["b", "a", "b", "a"], "ds": [5, 2, 4, 1], "y": [1, 2, 3, 4]}))
    rows = arrange(table, Columns())
    assert rows.ids == ("b", "a")
    assert rows.series.tolist() == [0, 0, 1, 1] and rows.times.tolist() == [4, 5, 1, 2]
    assert rows.order.tolist() == [2, 0, 3, 1]


def test_duplicate_timestamps_name_both_rows(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "unique_id,ds,y\nJFK,2024-01-01T06,1\nLGA,2024-01-01T06,1\nJFK,2024-01-01T07,2\nJFK,2024-01-01T06,3\n"
    )
    with pytest.raises(DataError) as caught:
        arrange(read_table(path), Columns())
    assert str(caught.value) == (
        f"{path} must have one row per series and time; series 'JFK' at 2024-01-01T06:00:00 is in rows 2 and 5."
    )


def test_a_time_off_the_grid_names_its_row(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    hours = [datetime(2024, 1, 1) + timedelta(hours=hour) for hour in range(30)]
    hours[7] += timedelta(minutes=5)
    pl.DataFrame({"ds": hours, "y": range(30)}).write_csv(path)
    with pytest.raises(DataError, match=r"a.csv, row 9: series 'series' at 2024-01-01T07:05:00 is not a multiple of h"):
        place(arrange(read_table(path), Columns()), parse_frequency("h"))


def test_a_grid_that_is_far_too_fine_is_refused() -> None:
    table = read_table(pl.DataFrame({"ds": [0, 1, 10**9], "y": [1, 2, 3]}))
    with pytest.raises(DataError, match="the table has 3 of the 1000000001 rows that a frequency of 1 calls for"):
        place(arrange(table, Columns()), parse_frequency("1"))
