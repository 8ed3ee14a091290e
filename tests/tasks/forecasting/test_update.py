"""Training on with newer data."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch

import gatelet
from gatelet.errors import DataError
from gatelet.tasks.forecasting import Forecaster, NetworkSettings
from gatelet.training import TrainingProgress, TrainingSettings

Make = Callable[..., pl.DataFrame]
New = Callable[..., Forecaster]


def test_scalers_and_columns_are_kept(new: New, seasonal: Make, quick: TrainingSettings) -> None:
    forecaster = new().fit(seasonal(), training=quick)
    before = forecaster.schema
    weights = [weight.clone() for weight in forecaster.module.parameters()]
    newer = seasonal((140, 120), seed=3).with_columns(y=100 + 5 * pl.col("y"))
    assert forecaster.update(newer) is forecaster
    assert forecaster.schema is before and np.isfinite(forecaster.predict(newer).quantiles).all()
    assert not all(map(torch.equal, weights, forecaster.module.parameters()))


def test_by_default_it_goes_on_gently(new: New, seasonal: Make) -> None:
    training = TrainingSettings(epochs=8, steps_per_epoch=2, batch_size=8, learning_rate=4e-3, seed=3)
    forecaster = new().fit(seasonal(), training=training).update(seasonal())
    assert forecaster.training == replace(training, epochs=2, learning_rate=1e-3)
    assert len(forecaster.history.epochs) == 2


def test_it_improves_on_a_world_that_changed(new: New, seasonal: Make) -> None:
    training = TrainingSettings(epochs=8, batch_size=32, learning_rate=1e-2)
    forecaster = new().fit(seasonal((200,)), training=training)
    changed = seasonal((300,), seed=1).with_columns(y=pl.col("y") * (-1) ** (pl.col("ds") // 8))
    before = forecaster.evaluate(changed, test_size=24).overall["gatelet"]["mae"]
    forecaster.update(changed.head(276), training=training)
    assert forecaster.evaluate(changed, test_size=24).overall["gatelet"]["mae"] < 0.8 * before


def test_series_may_be_new_at_any_time(new: New, seasonal: Make, quick: TrainingSettings) -> None:
    network = NetworkSettings(hidden_size=6, series_embedding=3)
    forecaster = new(network=network).fit(seasonal(), training=quick)
    more = pl.concat([seasonal(), seasonal((60,)).with_columns(unique_id=pl.lit("new"))])
    forecast = forecaster.predict(more)
    assert forecast.ids == ("s0", "s1", "new")
    np.testing.assert_allclose(forecast.quantiles[:2], forecaster.predict(seasonal()).quantiles, rtol=1e-5)
    known = forecaster.predict(more.filter(pl.col("unique_id") == "new").with_columns(unique_id=pl.lit("s1")))
    assert not np.array_equal(forecast.quantiles[2], known.quantiles[0])  # s1 has a vector of its own
    forecaster.update(more, training=quick)
    assert np.isfinite(forecaster.predict(more).quantiles).all()


def test_calibration_is_done_again(new: New, seasonal: Make, quick: TrainingSettings, tmp_path: Path) -> None:
    forecaster = new().fit(seasonal(), training=quick, conformal=True)
    forecaster.update(seasonal(noise=0.5), training=quick)
    again = gatelet.load(forecaster.save(tmp_path / "model"))
    first, second = (one.predict(seasonal()).quantiles for one in (forecaster, again))
    np.testing.assert_array_equal(first, second)


def test_a_failure_leaves_the_forecaster_as_it_was(new: New, seasonal: Make, quick: TrainingSettings) -> None:
    def crash(at: TrainingProgress) -> None:
        if at.step == 6:
            raise ZeroDivisionError

    forecaster = new().fit(seasonal(), training=quick, test_size=8)
    before, state = forecaster.predict(seasonal()).quantiles, (forecaster.training, forecaster.history)
    fails: Callable[[], object]
    for fails, error in (
        (lambda: forecaster.update(seasonal(), progress=crash, training=quick), ZeroDivisionError),
        (lambda: forecaster.fit(seasonal(), progress=crash, training=replace(quick, seed=9)), ZeroDivisionError),
        (lambda: forecaster.update(seasonal((3,))), DataError),
        (lambda: forecaster.fit(seasonal((3,))), DataError),
        (lambda: forecaster.update("nowhere.csv"), DataError),
    ):
        with pytest.raises(error):
            fails()
        np.testing.assert_array_equal(forecaster.predict(seasonal()).quantiles, before)
        assert (forecaster.training, forecaster.history) == state and forecaster.test_size == 8
