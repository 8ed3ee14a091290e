"""The distribution with a variance."""

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl

from gatelet.tasks.forecasting import Forecaster, NetworkSettings
from gatelet.training import TrainingSettings

New = Callable[..., Forecaster]


def noisy(rows: int, **columns: Any) -> pl.DataFrame:
    return pl.DataFrame({"ds": np.arange(rows), **columns})


def test_its_variance_is_that_of_the_data(new: New) -> None:
    generator = np.random.default_rng(0)
    table = noisy(600, y=3.0 * generator.standard_t(6, size=600))
    training = TrainingSettings(epochs=8, batch_size=32, learning_rate=1e-2)
    forecaster = new(distribution="student_t", network=NetworkSettings(hidden_size=6, highway=False))
    forecaster.fit(table, training=training, test_size=100)
    backtest = forecaster.backtest(table, step=1)
    assert backtest.variance is not None and (backtest.variance > 0).all()
    assert 0.6 < backtest.variance.mean() / 13.5 < 1.6  # 9 * 6 / 4
    overall = backtest.scores().overall
    assert overall["gatelet"]["qlike"] < np.log(13.5) + 1.5 and 0.7 < overall["gatelet"]["coverage"] < 0.9
    frame = forecaster.predict(table).frame()
    assert "variance" in frame.columns and (frame["variance"] > 0).all()


def test_it_tells_calm_from_storm() -> None:
    generator = np.random.default_rng(0)
    storm = np.arange(800) // 40 % 2 == 1
    table = noisy(800, y=np.where(storm, 5.0, 0.5) * generator.normal(size=800))
    training = TrainingSettings(epochs=3, batch_size=32, learning_rate=1e-2)
    forecaster = Forecaster(1, context_length=16, distribution="student_t", network=NetworkSettings(hidden_size=6))
    forecaster.fit(table, training=training, test_size=80)
    backtest = forecaster.backtest(table, step=1, baselines=False)
    late = np.arange(720, 800) % 40 >= 20  # the context has seen the weather
    calm, wild = (backtest.variance[late & (storm[720:] == kind), 0] for kind in (False, True))  # type: ignore[index]
    assert 10 * np.median(calm) < np.median(wild)
