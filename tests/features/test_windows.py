from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from gatelet.errors import DataError
from gatelet.features import Columns, Panel, fit_schema, read_panel
from gatelet.features.windows import Windows, cut, next_windows, rolling_windows, training_windows

Array = NDArray[np.float64]


def panel_of(*series: Any) -> Panel:
    """One series per sequence of targets, None or NaN where missing; times 0, 1, 2, ..."""
    frame = pl.concat(
        pl.DataFrame({"unique_id": f"s{number}", "ds": range(len(values)), "y": np.array(values, float)})
        for number, values in enumerate(series)
    ).with_columns(pl.col("y").fill_nan(None))
    return read_panel(frame, fit_schema(frame, Columns(), frequency="1"))


def places(windows: Windows) -> list[tuple[int, int]]:
    return list(zip(windows.series.tolist(), windows.origins.tolist(), strict=True))


def scorable(panel: Panel, series: int, origin: int, context: int, horizon: int) -> bool:
    begin, end = panel.offsets[series], panel.offsets[series + 1]
    before = panel.target[max(begin, origin - context) : origin]
    after = panel.target[origin : min(end, origin + horizon)]
    return bool((~np.isnan(before)).any() and (~np.isnan(after)).any())


def naive_training(panel: Panel, context: int, horizon: int, held_out: int) -> list[tuple[int, int]]:
    found = []
    for series in range(panel.num_series):
        begin, stop = int(panel.offsets[series]), int(panel.ends[series]) - held_out
        complete = stop - horizon - begin >= context
        for origin in range(begin, stop + 1):
            inside = origin - begin
            enough = inside >= context if complete else inside >= min(context, horizon)
            if enough and origin + horizon <= stop and scorable(panel, series, origin, context, horizon):
                found.append((series, origin))
    return found


def naive_rolling(panel: Panel, context: int, horizon: int, size: int, step: int) -> list[tuple[int, int]]:
    found = []
    for series in range(panel.num_series):
        begin, stop = int(panel.offsets[series]), int(panel.ends[series])
        origins = []
        origin = stop - horizon
        while origin > begin and origin >= stop - size:
            if scorable(panel, series, origin, context, horizon):
                origins.append((series, origin))
            origin -= step
        found += origins[::-1]
    return found


values = st.lists(st.one_of(st.none(), st.integers(-9, 9)), min_size=1, max_size=25).filter(
    lambda row: any(value is not None for value in row)
)
panels = st.lists(values, min_size=1, max_size=4).map(lambda rows: panel_of(*rows))
sizes = st.integers(1, 7)


@given(panels, sizes, sizes, st.integers(0, 8))
def test_training_windows_are_those_of_a_loop(panel: Panel, context: int, horizon: int, held_out: int) -> None:
    expected = naive_training(panel, context, horizon, held_out)
    if expected:
        windows = training_windows(panel, context, horizon, held_out)
        assert places(windows) == expected
        assert (windows.origins + horizon <= panel.ends[windows.series] - held_out).all()
    else:
        with pytest.raises(DataError, match=r"^At least one series must have \d+ rows .*\.$"):
            training_windows(panel, context, horizon, held_out)


@given(panels, sizes, sizes, st.integers(1, 12), st.integers(1, 9))
def test_rolling_windows_are_those_of_a_loop(panel: Panel, context: int, horizon: int, size: int, step: int) -> None:
    windows = rolling_windows(panel, context, horizon, size, step)
    assert places(windows) == naive_rolling(panel, context, horizon, size, step)


@given(panels, st.integers(0, 6), st.integers(0, 6), st.data())
def test_cut_is_a_slice_with_nan_outside_the_series(panel: Panel, before: int, after: int, data: st.DataObject) -> None:
    series = np.array(data.draw(st.lists(st.integers(0, panel.num_series - 1), max_size=5)), np.int64)
    origins = np.array(
        [data.draw(st.integers(int(panel.offsets[number]), int(panel.offsets[number + 1]))) for number in series],
        np.int64,
    )
    result = cut(panel.target, panel, Windows(series, origins), before, after)
    assert result.shape == (len(series), before + after)
    for row, number, origin in zip(result, series, origins, strict=True):
        own = panel.series(int(number))
        expected = [
            panel.target[place] if own.start <= place < own.stop else np.nan
            for place in range(origin - before, origin + after)
        ]
        np.testing.assert_array_equal(row, expected)


def test_no_horizon_of_training_or_validation_reaches_the_held_out_rows() -> None:
    panel = panel_of(range(40), range(25))
    test = 6
    train = training_windows(panel, 8, 4, test)
    judged = rolling_windows(panel.before(test), 8, 4, 8, 1)
    assert (train.origins + 4 <= panel.ends[train.series] - test).all()
    assert (judged.origins + 4 <= panel.before(test).ends[judged.series]).all()
    assert train.origins[train.series == 0].max() + 4 == 40 - test  # and nothing is wasted
    assert judged.origins[judged.series == 0].max() + 4 == 40 - test


def test_trailing_missing_targets_are_not_held_out_rows() -> None:
    panel = panel_of([*range(20), None, None, None])
    assert training_windows(panel, 4, 2, 3).origins.max() == 20 - 3 - 2
    assert next_windows(panel).origins.tolist() == [20]


def test_a_long_series_gives_complete_contexts_only() -> None:
    windows = training_windows(panel_of(range(20)), 8, 3, 0)
    assert windows.origins.tolist() == list(range(8, 18))


def test_a_short_series_gives_windows_that_begin_before_it() -> None:
    panel = panel_of(range(6))
    windows = training_windows(panel, 8, 2, 0)
    assert windows.origins.tolist() == [2, 3, 4]
    context = cut(panel.target, panel, windows, 8, 0)
    np.testing.assert_array_equal(np.isnan(context).sum(1), [6, 5, 4])


def test_windows_without_values_are_left_out() -> None:
    windows = training_windows(panel_of([1, 2, *[None] * 5, 3, 4, 5, 6]), 3, 2, 0)
    # before 5 nothing follows within a horizon, from 5 to 7 nothing lies in the context
    assert windows.origins.tolist() == [8, 9]


def test_the_sentence_for_short_series_counts_what_is_needed() -> None:
    with pytest.raises(DataError) as caught:
        training_windows(panel_of(range(5), range(7)), 4, 4, 2)
    assert str(caught.value) == (
        "At least one series must have 8 rows (4 of context, 4 of horizon) with values among them before those held "
        "out; the longest, 's1', has 5."
    )


@pytest.mark.parametrize(("size", "step", "origins"), [(9, 3, [11, 14, 17]), (11, 3, [11, 14, 17]), (3, 1, [17])])
def test_rolling_windows_count_back_from_the_newest_row(size: int, step: int, origins: list[int]) -> None:
    windows = rolling_windows(panel_of(range(20)), 5, 3, size, step)
    assert windows.origins.tolist() == origins


def test_a_series_inside_the_test_part_starts_after_its_first_row() -> None:
    windows = rolling_windows(panel_of(range(20), range(5)), 4, 2, 10, 1)
    assert windows.origins[windows.series == 1].tolist() == [21, 22, 23]


def test_thinned_windows_are_spread_and_keep_both_ends() -> None:
    windows = training_windows(panel_of(range(100)), 4, 2, 0)
    few = windows.thinned(10)
    assert len(few) == 10
    assert {few.origins[0], few.origins[-1]} == {windows.origins[0], windows.origins[-1]}
    assert len(np.unique(few.origins)) == 10
    assert windows.thinned(1000) is windows
