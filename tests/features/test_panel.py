import time
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatelet.errors import DataError
from gatelet.features import Columns, Panel, fit_schema, read_panel

HOUR = timedelta(hours=1)
START = datetime(2024, 1, 1)
COLUMNS = Columns(static=("size",), past=("wind",), future=("price", "kind"))


def frame() -> pl.DataFrame:
    """Series b (6 hours with a gap at 2) and a (4 hours, the last target unknown)."""
    hours = [0, 1, 3, 4, 5, 10, 11, 12, 13]
    return pl.DataFrame({
        "unique_id": ["b"] * 5 + ["a"] * 4,
        "ds": [START + hour * HOUR for hour in hours],
        "y": [1.0, 2.0, None, 4.0, 5.0, 10.0, 20.0, 30.0, None],
        "size": [3.0] * 5 + [5.0] * 4,
        "wind": ["N", "S", None, "S", "N", "N", "N", "S", "N"],
        "price": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0],
        "kind": [True, False, True, True, True, False, False, False, True],
    })  # fmt: skip


def read(data: Any, columns: Columns = COLUMNS, **options: Any) -> Panel:
    return read_panel(data, fit_schema(data, columns), **options)


def test_shapes_gaps_and_one_hots() -> None:
    panel = read(frame())
    assert panel.ids == ("b", "a") and panel.num_series == 2 and len(panel) == 10
    assert panel.offsets.tolist() == [0, 6, 10] and panel.ends.tolist() == [6, 9]
    np.testing.assert_array_equal(panel.target, [1, 2, np.nan, np.nan, 4, 5, 10, 20, 30, np.nan])
    np.testing.assert_array_equal(panel.times[:6], np.datetime64(START, "us") + np.arange(6) * np.timedelta64(1, "h"))
    assert panel.schema.past_names == ("wind=N", "wind=S")
    np.testing.assert_array_equal(panel.past[:5], [[1, 0], [0, 1], [np.nan] * 2, [np.nan] * 2, [0, 1]])
    assert panel.schema.future_names == ("price", "kind=false", "kind=true")
    # the last row of a has no target yet, so that it teaches nothing
    prices, sizes = frame()["price"].to_numpy(), frame()["size"].to_numpy()
    expected = (prices - prices[:8].mean()) / prices[:8].std()
    np.testing.assert_allclose(panel.future[[0, 1, 3, 4, 5, 6, 7, 8, 9], 0], expected, rtol=1e-6)
    np.testing.assert_array_equal(panel.future[2], [np.nan] * 3)
    np.testing.assert_allclose(panel.static[:, 0], (sizes[[0, 8]] - sizes[:8].mean()) / sizes[:8].std(), rtol=1e-6)
    assert panel.target.dtype == np.float64
    assert {part.dtype for part in (panel.past, panel.future, panel.calendar, panel.static)} == {np.dtype(np.float32)}


def test_order_of_rows_does_not_matter() -> None:
    panel, shuffled = read(frame()), read(frame().sample(fraction=1, shuffle=True, seed=3))
    order = [shuffled.ids.index(name) for name in panel.ids]
    for number, other in enumerate(order):
        for part in ("times", "target", "past", "future"):
            mine = getattr(panel, part)[panel.series(number)].astype(np.float64)
            theirs = getattr(shuffled, part)[shuffled.series(other)].astype(np.float64)
            np.testing.assert_allclose(mine, theirs, rtol=1e-5)


def test_an_unknown_category_is_all_zero() -> None:
    schema = fit_schema(frame(), COLUMNS)
    panel = read_panel(frame().with_columns(wind=pl.lit("W")), schema)
    np.testing.assert_array_equal(panel.past[:2], [[0, 0], [0, 0]])


def test_extended_by_the_horizon() -> None:
    later = pl.DataFrame({
        "unique_id": ["b", "b", "a", "a", "c"],
        "ds": [START + hour * HOUR for hour in (6, 7, 14, 13, 6)],
        "price": [50.0, 60.0, 70.0, None, 0.0],
        "kind": [True, False, True, True, True],
    })  # fmt: skip
    panel = read(frame(), future=later).extended(2)
    assert panel.offsets.tolist() == [0, 8, 13]
    np.testing.assert_array_equal(panel.times[6:8], panel.times[5] + np.arange(1, 3) * np.timedelta64(1, "h"))
    np.testing.assert_array_equal(panel.target[6:8], [np.nan] * 2)
    assert np.isnan(panel.past[11:]).all()
    schema = panel.schema
    prices = panel.future[[6, 7, 11, 12], 0] * schema.std["price"] + schema.mean["price"]
    # the price at 13 o'clock is known from the first table
    np.testing.assert_allclose(prices, [50, 60, 9, 70], rtol=1e-6)
    assert panel.calendar.shape == (13, 2 * len(schema.calendar))
    assert panel.ends.tolist() == [6, 11]


def test_a_future_covariate_missing_over_the_horizon() -> None:
    with pytest.raises(DataError) as caught:
        read(frame()).extended(2)
    assert str(caught.value) == (
        "Future covariate 'price' must be known over the horizon; it is missing for series 'b' at 2024-01-01T06:00:00."
    )
    later = pl.DataFrame(
        {"unique_id": ["b", "a"], "ds": [START + 6 * HOUR] * 2, "price": [1.0, 1.0], "kind": [None, "x"]}
    )
    with pytest.raises(DataError, match="Future covariate 'kind' .* for series 'b' at 2024-01-01T06:00:00."):
        read(frame(), future=later).extended(1)


def test_extended_cuts_what_lies_beyond() -> None:
    only_a = read(frame().filter(pl.col("unique_id") == "a"), Columns(future=("price",)))
    assert len(only_a) == 4 and len(only_a.extended(1)) == 4
    np.testing.assert_array_equal(only_a.extended(1).future, only_a.future)
    without = read(frame(), Columns(past=("wind",)))
    assert without.extended(3).offsets.tolist() == [0, 9, 15]
    assert without.before(1).extended(1).offsets.tolist() == [0, 6, 9]


def test_before() -> None:
    panel = read(frame())
    earlier = panel.before(2)
    assert earlier.offsets.tolist() == [0, 4, 5]
    np.testing.assert_array_equal(earlier.target, [1, 2, np.nan, np.nan, 10])
    # of a, nothing is left
    one = panel.before(3)
    assert one.ids == ("b",) and one.static.shape == (1, 1)
    none = panel.before(6)
    assert none.num_series == 0 and len(none) == 0 and none.ends.tolist() == []
    assert panel.before(0).offsets.tolist() == [0, 6, 9]


def test_rows_as_steps() -> None:
    days = [datetime(2024, 1, day) for day in (1, 2, 3, 4, 5, 8, 9, 11)]
    data = pl.DataFrame({"ds": days, "y": range(8), "price": range(8)})
    columns = Columns(future=("price",))
    schema = fit_schema(data, columns, frequency="rows")
    panel = read_panel(data, schema)
    assert len(panel) == 8 and panel.times[7] == np.datetime64("2024-01-11")
    later = pl.DataFrame({"ds": [datetime(2024, 1, 15), datetime(2024, 1, 9)], "price": [100, 1000]})
    ahead = read_panel(data, schema, future=later).extended(1)
    np.testing.assert_allclose(ahead.future[-3:, 0] * schema.std["price"] + schema.mean["price"], [1000, 7, 100])
    assert ahead.times[-1] == np.datetime64("2024-01-12")


def test_integer_time_and_one_series_without_a_name() -> None:
    panel = read(pl.DataFrame({"ds": [3, 1, 4], "y": [3.0, 1.0, 4.0]}), Columns())
    assert panel.ids == ("series",) and panel.calendar.shape == (4, 0)
    np.testing.assert_array_equal(panel.target, [1, np.nan, 3, 4])
    assert panel.extended(3).times.tolist() == [1, 2, 3, 4, 5, 6, 7]


def test_a_constant_series_is_fine() -> None:
    panel = read(pl.DataFrame({"ds": range(9), "y": [2.5] * 9, "a": [7] * 9}), Columns(past=("a",)))
    assert (panel.past == 0).all() and (panel.target == 2.5).all()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            {"y": pl.when(unique_id="a").then(None).otherwise("y")},
            "series 'a' must have at least one value; all are miss",
        ),
        ({"size": pl.col("price")}, "column 'size': a static covariate must be the same in all rows of series 'b'"),
        ({"price": pl.lit(float("inf"))}, "row 0, column 'price': expected a finite number; got inf."),
        ({"y": pl.lit("x")}, "row 0, column 'y': expected a number; got 'x'."),
        ({"ds": pl.lit(START)}, "must have one row per series and time; series 'b' at 2024-01-01 is in rows 0 and 1."),
    ],
)
def test_bad_data(change: dict[str, pl.Expr], sentence: str) -> None:
    schema = fit_schema(frame(), COLUMNS)
    with pytest.raises(DataError) as caught:
        read_panel(frame().with_columns(**change), schema)
    assert sentence in str(caught.value)


def test_second_tables_that_do_not_fit() -> None:
    panel_frame = frame()
    schema = fit_schema(panel_frame, COLUMNS)
    off = pl.DataFrame({"unique_id": ["b"], "ds": [START + 6.5 * HOUR], "price": [1.0], "kind": [True]})
    with pytest.raises(DataError, match="series 'b' at 2024-01-01T06:30:00 is not on the grid of h that the data has."):
        read_panel(panel_frame, schema, future=off)
    with pytest.raises(DataError, match="must have times of the kind that the table has."):
        read_panel(panel_frame, schema, future=off.with_columns(ds=7))
    with pytest.raises(DataError, match="has no column 'unique_id'"):
        read_panel(panel_frame, schema, future=off.drop("unique_id"))
    with pytest.raises(DataError, match="has no column 'kind'"):
        read_panel(panel_frame, schema, future=off.with_columns(ds=START + 6 * HOUR).drop("kind"))


def test_static_values_given_once_or_never() -> None:
    data = frame().with_columns(size=pl.when(pl.int_range(9) == 1).then(3.0))
    panel = read_panel(data, fit_schema(frame(), COLUMNS))
    assert panel.static[0, 0] < 0 and panel.static[1, 0] == 0.0


@given(
    st.lists(st.lists(st.booleans(), min_size=2, max_size=12), min_size=1, max_size=4),
    st.randoms(use_true_random=False),
)
def test_any_gaps_in_any_order(present: list[list[bool]], random: Any) -> None:
    rows = []
    for number, kept in enumerate(present):
        steps = [0, *(step + 1 for step, here in enumerate(kept) if here), len(kept) + 1]
        rows += [(f"s{number}", START + step * HOUR, float(step)) for step in steps]
    rows.append(("s0", START - HOUR, -1.0))
    random.shuffle(rows)
    data = pl.DataFrame(rows, schema=["unique_id", "ds", "y"], orient="row")
    panel = read_panel(data, fit_schema(data, Columns(), frequency="h"))
    for number, name in enumerate(panel.ids):
        part = panel.series(number)
        hours = (panel.times[part] - np.datetime64(START, "us")) / np.timedelta64(1, "h")
        target = panel.target[part]
        assert (np.diff(hours) == 1).all()
        np.testing.assert_array_equal(target[~np.isnan(target)], hours[~np.isnan(target)])
        assert (~np.isnan(target)).sum() == sum(row[0] == name for row in rows)


def test_speed_on_the_weather(shared_data: object) -> None:
    from gatelet.datasets import series

    weather = series.nyc_weather()
    columns = Columns(past=("dewp", "humid", "wind_speed", "wind_east", "wind_north", "precip", "pressure", "visib"))
    began = time.perf_counter()
    panel = read_panel(weather, fit_schema(weather, columns, rows_left_out=24 * 56))
    assert time.perf_counter() - began < 1.0
    assert len(panel) == 3 * 8730 and panel.schema.calendar == ("hour of day", "day of week")
    assert np.isnan(panel.target).sum() == 3 * 8730 - 26_114
