import json
from collections.abc import Callable
from typing import Literal

import numpy as np
import polars as pl
import pytest

from gatelet import metrics
from gatelet.features import Panel
from gatelet.features.windows import Windows, cut
from gatelet.tasks.forecasting import Backtest, Forecast

Make = Callable[..., Panel]
LEVELS = (0.1, 0.5, 0.9)


@pytest.fixture
def backtest(panel_of: Make) -> Backtest:
    """Two windows of a, one of b, horizon 3; a value of a is missing in the test part, one before it."""
    a = [1.0, 4.0, 2.0, None, 9.0, 3.0, 7.0, 5.0, None, 6.0, 8.0]
    b = [10.0, 30.0, 20.0, 60.0, 50.0, 40.0, 90.0, 70.0]
    panel = panel_of(a, b, seasonality=2)
    windows = Windows(np.array([0, 0, 1]), np.array([5, 8, 16]))
    actual = cut(panel.target, panel, windows, 0, 3)
    generator = np.random.default_rng(1)
    forecasts = {
        name: np.sort(actual[..., None] + generator.normal(size=(3, 3, 3)) * 2, -1) for name in ("gatelet", "other")
    }
    for quantiles in forecasts.values():
        quantiles[1, 0] = [5.0, 6.0, 7.0]  # a forecast of what was not observed
    return Backtest(panel, windows, 6, actual, LEVELS, forecasts, variance=np.full((3, 3), 4.0))


def test_scores_of_a_series_are_the_metrics_of_its_windows(backtest: Backtest) -> None:
    scores = backtest.scores()
    assert scores.ids == ("s0", "s1") and scores.windows == 3
    for method, quantiles in backtest.forecasts.items():
        for number, own in enumerate(([0, 1], [2])):
            y, q = backtest.actual[own], quantiles[own]
            row = {name: values[number] for name, values in scores.per_series[method].items()}
            assert row["mae"] == pytest.approx(metrics.mae(y, q[..., 1]))
            assert row["rmse"] == pytest.approx(metrics.rmse(y, q[..., 1]))
            assert row["smape"] == pytest.approx(metrics.smape(y, q[..., 1]))
            assert row["wql"] == pytest.approx(metrics.wql(y, q, LEVELS))
            assert row["coverage"] == pytest.approx(metrics.coverage(y, q[..., 0], q[..., 2]))


def test_the_scale_of_mase_sees_nothing_of_the_test_part(backtest: Backtest) -> None:
    scores = backtest.scores()
    # a without its last six rows is 1, 4, 2, -, 9: one season of two apart lie 1-2 and 2-9
    # b without its last six rows is 10, 30: nothing lies a season apart, so that it has no scale
    y, median = backtest.actual[:2], backtest.forecasts["gatelet"][:2, :, 1]
    expected = np.nanmean(abs(y - median)) / np.mean([1.0, 7.0])
    assert scores.per_series["gatelet"]["mase"][0] == pytest.approx(expected)
    assert np.isnan(scores.per_series["gatelet"]["mase"][1])
    assert scores.overall["gatelet"]["mase"] == pytest.approx(expected)  # the mean over the series that have one


def test_overall_scores_are_over_all_values_but_relative_ones_over_series(backtest: Backtest) -> None:
    scores = backtest.scores()
    for method, quantiles in backtest.forecasts.items():
        overall = scores.overall[method]
        assert overall["mae"] == pytest.approx(metrics.mae(backtest.actual, quantiles[..., 1]))
        assert overall["rmse"] == pytest.approx(metrics.rmse(backtest.actual, quantiles[..., 1]))
        assert overall["wql"] == pytest.approx(metrics.wql(backtest.actual, quantiles, LEVELS))
        assert overall["smape"] == pytest.approx(scores.per_series[method]["smape"].mean())


def test_qlike_is_of_the_model_alone(backtest: Backtest) -> None:
    scores = backtest.scores()
    expected = np.nanmean(np.log(4.0) + backtest.actual**2 / 4.0)
    assert scores.overall["gatelet"]["qlike"] == pytest.approx(expected)
    assert "qlike" not in scores.overall["other"]


def test_a_lone_median_has_no_coverage(backtest: Backtest) -> None:
    only = {name: quantiles[..., 1:2] for name, quantiles in backtest.forecasts.items()}
    lone = Backtest(backtest.panel, backtest.windows, 6, backtest.actual, (0.5,), only)
    scores = lone.scores()
    assert set(scores.overall["gatelet"]) == {"mae", "rmse", "mase", "smape", "wql"}
    assert scores.overall["gatelet"]["mae"] == backtest.scores().overall["gatelet"]["mae"]


def test_scores_go_into_tables_and_json(backtest: Backtest) -> None:
    scores = backtest.scores()
    assert [row["method"] for row in scores.rows()] == ["gatelet", "other"]
    plain = json.loads(json.dumps(scores.to_json(), allow_nan=False))
    assert plain["windows"] == 3
    assert plain["overall"]["other"]["mae"] == scores.overall["other"]["mae"]
    assert plain["per_series"]["gatelet"]["mase"]["s1"] is None


@pytest.mark.parametrize("backend", ["polars", "pandas", "pyarrow"])
def test_a_backtest_as_a_table(backtest: Backtest, backend: Literal["polars", "pandas", "pyarrow"]) -> None:
    pytest.importorskip(backend)
    frame = pl.DataFrame(backtest.frame(backend))
    columns = ["unique_id", "ds", "y_hat", "q0.1", "q0.5", "q0.9", "variance", "origin", "y"]
    assert frame.columns == columns and frame.height == 9
    assert frame["unique_id"].to_list() == ["s0"] * 6 + ["s1"] * 3
    assert frame["ds"].to_list() == [5, 6, 7, 8, 9, 10, 5, 6, 7]
    assert frame["origin"].to_list() == [4] * 3 + [7] * 3 + [4] * 3
    np.testing.assert_array_equal(frame["y"].to_numpy(), backtest.actual.ravel())
    np.testing.assert_array_equal(frame["q0.9"].to_numpy(), backtest.forecasts["gatelet"][..., 2].ravel())


def test_a_forecast_as_a_table() -> None:
    times = np.array([["2024-01-01", "2024-01-02"], ["2024-02-01", "2024-02-02"]], "datetime64[us]")
    quantiles = np.arange(12.0).reshape(2, 2, 3)
    forecast = Forecast(("x", "y"), times, quantiles, (0.05, 0.5, 0.975), names=("shop", "day"))
    frame = forecast.frame()
    assert frame.columns == ["shop", "day", "y_hat", "q0.05", "q0.5", "q0.975"]
    assert frame["shop"].to_list() == ["x", "x", "y", "y"]
    assert frame["day"].dtype == pl.Datetime("us") and frame["day"].to_numpy().tolist() == times.ravel().tolist()
    np.testing.assert_array_equal(forecast.median, quantiles[..., 1])
    np.testing.assert_array_equal(frame["y_hat"].to_numpy(), forecast.median.ravel())
