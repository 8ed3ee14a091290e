import numpy as np
import polars as pl

from gatelet.study.results import Study
from gatelet.study.stretches import newest_stretch


def test_the_newest_forecasts_lie_end_to_end(study: Study) -> None:
    backtest = study.runs[0].backtest
    stretch = newest_stretch(backtest, 2)
    assert stretch.name == "s2"
    assert stretch.starts == (0, 6, 12)
    np.testing.assert_array_equal(stretch.times, np.arange(102, 120))
    mine = backtest.series == 2
    np.testing.assert_array_equal(stretch.actual, backtest.actual[mine].ravel())
    np.testing.assert_array_equal(stretch.quantiles, backtest.forecasts["gatelet"][mine].reshape(18, -1))
    median = backtest.levels.index(0.5)
    for name in ("seasonal naive", "persistence"):
        expected = backtest.forecasts[name][mine][..., median].ravel()
        np.testing.assert_array_equal(stretch.baselines[name], expected)


def test_a_single_forecast_shows_what_came_before_it(study: Study) -> None:
    stretch = newest_stretch(study.runs[0].backtest, 0, windows=1)
    np.testing.assert_array_equal(stretch.times, np.arange(102, 120))
    assert stretch.starts == (12,)
    assert np.isnan(stretch.quantiles[:12]).all()
    assert np.isfinite(stretch.quantiles[12:]).all()


def test_overlapping_forecasts_are_passed_over(study: Study, waves: pl.DataFrame) -> None:
    backtest = study.runs[0].forecaster.backtest(waves, test_size=18, step=2)
    assert np.diff(backtest.windows.origins[backtest.series == 1]).tolist() == [2] * 6
    assert newest_stretch(backtest, 1).starts == (0, 6, 12)
