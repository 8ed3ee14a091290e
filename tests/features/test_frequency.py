from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from gatelet.errors import DataError
from gatelet.features import Frequency, infer_frequency
from gatelet.features.frequency import OFF_GRID, parse_frequency


def moments(*texts: str) -> NDArray[Any]:
    return np.array(texts, "datetime64[us]")


def infer(times: NDArray[Any]) -> Frequency:
    return infer_frequency(times.astype("datetime64[us]"), np.zeros(len(times), np.int64))


def days(first: str, last: str, step: int = 1) -> NDArray[Any]:
    return np.arange(np.datetime64(first), np.datetime64(last), step)


@pytest.mark.parametrize(
    ("times", "text", "seasonality"),
    [
        (np.arange("2024-01-01T00", "2024-01-03T00", dtype="datetime64[h]"), "h", 24),
        (np.arange("2024-01-01T00", "2024-01-09T00", 6, dtype="datetime64[h]"), "6h", 4),
        (np.arange("2024-01-01T00:00", "2024-01-02T00:00", 15, dtype="datetime64[m]"), "15min", 96),
        (np.arange("2024-01-01T00:00:00", "2024-01-01T00:01:00", 10, dtype="datetime64[s]"), "10s", 6),
        (days("2024-01-01", "2024-03-01"), "D", 7),
        (days("2024-01-01", "2024-03-01", 2), "2D", 7),
        (days("2024-01-01", "2024-06-01", 7), "W", 52),
        (np.array([day for day in days("2024-01-01", "2024-03-01") if np.is_busday(day)]), "B", 5),
        (np.arange("2020-01", "2024-01", dtype="datetime64[M]"), "M", 12),
        (np.arange("2020-01", "2024-01", 3, dtype="datetime64[M]"), "Q", 4),
        (np.arange("2000", "2024", dtype="datetime64[Y]"), "Y", 1),
        (np.arange("2020-02", "2024-01", dtype="datetime64[M]").astype("datetime64[D]") - 1, "ME", 12),
    ],
)
def test_inferred_and_written_and_read_back(times: NDArray[Any], text: str, seasonality: int) -> None:
    frequency = infer(times)
    assert (str(frequency), frequency.seasonality) == (text, seasonality)
    assert parse_frequency(text) == frequency
    stamps = times.astype("datetime64[us]")
    expected = np.arange(len(stamps))
    np.testing.assert_array_equal(frequency.index(stamps, np.repeat(stamps[:1], len(stamps))), expected)
    np.testing.assert_array_equal(frequency.advance(stamps[:1], len(stamps) - 1)[0], stamps[1:])
    gapped = np.delete(stamps, [1, 4])
    assert infer(np.delete(stamps, [3])) == frequency
    np.testing.assert_array_equal(
        frequency.index(gapped, np.repeat(stamps[:1], len(gapped))), np.delete(expected, [1, 4])
    )


def test_integers() -> None:
    frequency = infer_frequency(np.array([10, 12, 16, 3, 5]), np.array([0, 0, 0, 1, 1]))
    assert frequency == Frequency("int", 2, 1)
    assert frequency.advance(np.array([16, 5]), 2).tolist() == [[18, 20], [7, 9]]
    assert frequency.index(np.array([16, 5]), np.array([10, 4])).tolist() == [3, OFF_GRID]


def test_seasonality_given() -> None:
    assert infer_frequency(np.arange(9), np.zeros(9, np.int64), 24).seasonality == 24
    assert parse_frequency("h", 168).seasonality == 168


def test_one_stray_time_does_not_change_the_grid() -> None:
    times = np.arange("2024-01-01T00", "2024-01-03T00", dtype="datetime64[h]").astype("datetime64[us]")
    times[20] += np.timedelta64(7, "m")
    frequency = infer(times)
    assert str(frequency) == "h"
    index = frequency.index(times, np.repeat(times[:1], len(times)))
    assert index[20] == OFF_GRID and (np.delete(index, 20) == np.delete(np.arange(48), 20)).all()


def test_three_days_a_week_are_days() -> None:
    week = days("2024-01-01", "2024-03-01")
    times = week[np.isin((week.astype(np.int64) + 3) % 7, [0, 2, 5])]
    assert str(infer(times)) == "D"


def test_off_grid_of_months_and_business_days() -> None:
    monthly = parse_frequency("M")
    origin = np.repeat(moments("2024-01-15"), 2)
    assert monthly.index(moments("2024-03-15", "2024-03-16"), origin).tolist() == [2, OFF_GRID]
    weekdays = parse_frequency("B")
    origin = np.repeat(moments("2024-01-05"), 2)
    assert weekdays.index(moments("2024-01-08", "2024-01-06"), origin).tolist() == [1, OFF_GRID]


def test_rows_have_no_grid() -> None:
    rows = parse_frequency("rows", spacing=86_400_000_000)
    assert (rows.unit, rows.seasonality, str(rows)) == ("rows", 1, "rows")
    assert rows.advance(moments("2024-01-05"), 1)[0, 0] == np.datetime64("2024-01-06")
    with pytest.raises(DataError, match="no grid"):
        rows.index(moments("2024-01-05"), moments("2024-01-05"))


def test_faults() -> None:
    with pytest.raises(DataError, match="because no series has two rows; give it as frequency."):
        infer_frequency(np.array([1, 1]), np.array([0, 1]))
    for text in ("fortnight", "", "h2", "-1h", "1.5h"):
        with pytest.raises(DataError, match="frequency must look like"):
            parse_frequency(text)
    with pytest.raises(DataError, match="The step of a frequency must be a whole number of at least 1; got 0."):
        parse_frequency("0h")
    with pytest.raises(DataError, match="The seasonality of a frequency must be .*; got 0."):
        parse_frequency("h", 0)
    with pytest.raises(DataError, match="The seasonality of a frequency must be .*; got 1.5."):
        Frequency("h", 1, 1.5)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="unit of a frequency must be one of"):
        Frequency("century", 1, 1)
    with pytest.raises(DataError, match="Times must be timestamps here; got integers."):
        parse_frequency("h").index(np.array([1]), np.array([1]))


@given(
    st.sampled_from(["s", "15min", "h", "D", "B", "W", "M", "ME", "2Q", "Y"]),
    st.integers(0, 20_000),
    st.integers(1, 40),
)
def test_advance_and_index_are_inverse(text: str, day: int, count: int) -> None:
    frequency = parse_frequency(text)
    start = np.datetime64("1990-01-01") + day
    if text == "B":
        start = np.busday_offset(start, 0, roll="forward")
    elif text == "ME":
        start = (start.astype("datetime64[M]") + 1).astype("datetime64[D]") - 1
    elif text in ("M", "2Q", "Y"):
        start = start.astype("datetime64[M]").astype("datetime64[D]") + day % 28
    origin = np.array([start]).astype("datetime64[us]")
    later = frequency.advance(origin, count)[0]
    np.testing.assert_array_equal(frequency.index(later, np.repeat(origin, count)), np.arange(1, count + 1))
