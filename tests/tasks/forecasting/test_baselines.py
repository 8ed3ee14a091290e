from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from gatelet.features import Panel
from gatelet.features.windows import Windows, rolling_windows
from gatelet.tasks.forecasting.baselines import BASELINES, baseline_quantiles

Array = NDArray[np.float64]
Make = Callable[..., Panel]
LEVELS = (0.1, 0.5, 0.8)
NONE = Windows(np.zeros(0, np.int64), np.zeros(0, np.int64))


def points(name: str, panel: Panel, windows: Windows, horizon: int) -> Array:
    """(W, H): without a history, all quantiles are the point forecast."""
    quantiles = baseline_quantiles(name, panel, windows, NONE, horizon, LEVELS)
    assert (quantiles == quantiles[..., :1]).all()
    return quantiles[..., 1]


def naive(name: str, series: list[float | None], origin: int, season: int, horizon: int) -> list[float]:
    """Row by row: a missing value counts as the last one observed before, or the first one after the start."""

    def value(row: int, first: int) -> float:
        for place in range(row, -1, -1):
            if (found := series[place] if place >= 0 else None) is not None:
                return found
        return next(found for found in series[max(first, 0) :] if found is not None)

    first = origin - 2 * season
    if name == "persistence":
        return [value(origin - 1, first)] * horizon
    if name == "seasonal naive":
        return [value(origin - season + step % season, first) for step in range(horizon)]
    length = season if season > 1 else 2
    return [float(np.mean([value(row, first) for row in range(origin - length, origin)]))] * horizon


rows = st.lists(st.one_of(st.none(), st.integers(-99, 99)), min_size=2, max_size=20).filter(
    lambda row: sum(value is not None for value in row) > 1
)


@pytest.mark.parametrize("name", list(BASELINES))
@settings(max_examples=40)
@given(series=st.lists(rows, min_size=1, max_size=3), season=st.integers(1, 5), horizon=st.integers(1, 7))
def test_points_are_those_of_a_loop(
    panel_of: Make, name: str, series: list[list[float | None]], season: int, horizon: int
) -> None:
    panel = panel_of(*series, seasonality=season)
    windows = rolling_windows(panel, 1000, 1, 1000, 1)
    result = points(name, panel, windows, horizon)
    for row, number, origin in zip(result, windows.series, windows.origins, strict=True):
        expected = naive(name, series[number], int(origin - panel.offsets[number]), season, horizon)
        np.testing.assert_allclose(row, expected)


def test_a_gap_longer_than_two_seasons_carries_the_last_value(panel_of: Make) -> None:
    panel = panel_of([1, 2, 3, *[None] * 9, 4, 5], [7.0] * 3, seasonality=2)
    windows = Windows(np.array([0]), np.array([12]))
    for name in BASELINES:
        assert points(name, panel, windows, 2).tolist() == [[3, 3]]


def test_the_season_repeats_over_a_longer_horizon(panel_of: Make) -> None:
    panel = panel_of([1, 2, 3] * 4, seasonality=3)
    assert points("seasonal naive", panel, Windows(np.array([0]), np.array([9])), 7).tolist() == [[1, 2, 3, 1, 2, 3, 1]]
    assert points("window mean", panel, Windows(np.array([0]), np.array([9])), 2).tolist() == [[2, 2]]


def test_bands_are_quantiles_of_the_errors_of_the_same_series_in_the_past(panel_of: Make) -> None:
    generator = np.random.default_rng(0)
    calm, wild = generator.normal(size=60), 10 * generator.normal(size=60)
    calm[20] = np.nan
    panel = panel_of(calm, wild)
    windows = Windows(np.array([0, 1, 1]), np.array([50, 110, 114]))
    past = rolling_windows(panel_of(calm[:50], wild[:50]), 5, 3, 40, 1)
    history = Windows(past.series, past.origins + 10 * past.series)  # the second series begins ten rows later here
    result = baseline_quantiles("persistence", panel, windows, history, 3, LEVELS)
    for row, number, origin in zip(result, windows.series, windows.origins, strict=True):
        own = history.origins[history.series == number]
        carried = [panel.target[at - 1] if not np.isnan(panel.target[at - 1]) else panel.target[at - 2] for at in own]
        errors = np.stack([panel.target[own + step] - carried for step in range(3)], 1)
        spread = np.nanquantile(errors, LEVELS, axis=0).T
        np.testing.assert_allclose(row, panel.target[origin - 1] + spread - spread[:, 1:2])
    assert (np.diff(result, axis=-1) >= 0).all()


def test_a_step_without_errors_has_a_band_of_no_width(panel_of: Make) -> None:
    panel = panel_of([1.0, 2.0, None, 4.0, 5.0, 6.0])
    history = Windows(np.array([0]), np.array([1]))  # observes step 1, misses step 2
    result = baseline_quantiles("persistence", panel, Windows(np.array([0]), np.array([4])), history, 2, LEVELS)
    assert result.tolist() == [[[4.0] * 3, [4.0] * 3]]
