"""What the verbs of a forecaster promise."""

import copy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch

from gatelet.errors import DataError, GateletError
from gatelet.features import Columns
from gatelet.tasks.forecasting import Forecaster, NetworkSettings
from gatelet.training import TrainingProgress, TrainingSettings

Make = Callable[..., pl.DataFrame]
New = Callable[..., Forecaster]
Fitted = tuple[Forecaster, pl.DataFrame]


def test_the_shapes_of_a_forecast(fitted: Fitted) -> None:
    forecast = fitted[0].predict(fitted[1])
    assert forecast.ids == ("s0", "s1") and forecast.variance is None
    assert forecast.quantiles.shape == (2, 4, 9) and (np.diff(forecast.quantiles) >= 0).all()
    assert forecast.times.tolist() == [[90, 91, 92, 93], [70, 71, 72, 73]]
    frame = forecast.frame()
    assert frame.columns == ["unique_id", "ds", "y_hat", *(f"q0.{level}" for level in range(1, 10))]
    assert frame["y_hat"].to_list() == frame["q0.5"].to_list()


def test_fitting_tells_what_it_did(fitted: Fitted) -> None:
    forecaster = fitted[0]
    assert len(forecaster.history.epochs) == 2 and forecaster.test_size == 8
    assert forecaster.num_parameters == sum(weight.numel() for weight in forecaster.module.parameters())
    assert forecaster.metrics["validation_loss"] == forecaster.history.best.validation_loss
    assert forecaster.schema.columns == Columns() and forecaster.context_length == 16


def test_seeds_repeat_bit_for_bit_and_leave_random_numbers_alone(
    new: New, seasonal: Make, quick: TrainingSettings
) -> None:
    table = seasonal()
    torch.manual_seed(3)
    expected = float(torch.rand(1))
    torch.manual_seed(3)
    runs = [
        new(network=NetworkSettings(hidden_size=6, dropout=0.2))
        .fit(table, training=replace(quick, seed=seed), conformal=True)
        .predict(table)
        .quantiles
        for seed in (5, 5, 6)
    ]
    assert float(torch.rand(1)) == expected
    np.testing.assert_array_equal(runs[0], runs[1])
    assert not np.array_equal(runs[0], runs[2])


def test_a_backtest_in_one_go_is_prediction_after_prediction(fitted: Fitted) -> None:
    forecaster, table = fitted
    backtest = forecaster.backtest(table, test_size=10, step=3)
    assert len(backtest.windows) == 2 * 3
    for number, (series, origin) in enumerate(zip(backtest.series, backtest.windows.origins, strict=True)):
        row = int(origin - backtest.panel.offsets[series])
        known = table.filter((pl.col("unique_id") == f"s{series}") & (pl.col("ds") < row))
        alone = forecaster.predict(known)
        np.testing.assert_allclose(backtest.forecasts["gatelet"][number], alone.quantiles[0], rtol=1e-5)
        np.testing.assert_array_equal(backtest.times[number], alone.times[0])
        truth = table.filter((pl.col("unique_id") == f"s{series}") & pl.col("ds").is_between(row, row + 3))["y"]
        np.testing.assert_array_equal(backtest.actual[number], truth.to_numpy())


def test_origins_roll_over_the_test_part(fitted: Fitted) -> None:
    forecaster, table = fitted
    begins = np.array([0, 90])

    def origins(**options: Any) -> list[int]:
        backtest = forecaster.backtest(table, baselines=False, **options)
        return [int(origin) for origin in backtest.windows.origins - begins[backtest.series]]

    assert origins() == [82, 86, 62, 66]  # the eight rows that fit left out, a horizon apart
    assert origins(test_size=6, step=1) == [84, 85, 86, 64, 65, 66]
    assert origins(test_size=4) == [86, 66]


def test_baselines_are_scored_beside_the_model(fitted: Fitted) -> None:
    forecaster = copy.deepcopy(fitted[0])  # for what evaluating notes
    scores = forecaster.evaluate(fitted[1])
    assert list(scores.overall) == ["gatelet", "seasonal naive", "persistence", "window mean"]
    assert set(scores.overall["gatelet"]) == {"mae", "rmse", "mase", "smape", "wql", "coverage"}
    assert scores.windows == 4 and scores.ids == ("s0", "s1")
    assert forecaster.metrics["test"]["persistence"]["mae"] == scores.overall["persistence"]["mae"]
    alone = fitted[0].backtest(fitted[1], baselines=False)
    assert list(alone.forecasts) == ["gatelet"]


def test_the_test_part_teaches_nothing(new: New, seasonal: Make, quick: TrainingSettings) -> None:
    table = seasonal()
    ends = pl.col("ds").max().over("unique_id")
    other = table.with_columns(y=pl.when(pl.col("ds") > ends - 8).then(1e6 * (1 + pl.col("ds"))).otherwise(pl.col("y")))
    forecasters = [new().fit(data, training=quick, test_size=8, conformal=True) for data in (table, other)]
    for one, two in zip(*(forecaster.module.parameters() for forecaster in forecasters), strict=True):
        assert torch.equal(one, two)
    assert forecasters[0].schema == forecasters[1].schema
    head = table.filter(pl.col("ds") <= ends - 8)
    first, second = (forecaster.predict(head).quantiles for forecaster in forecasters)
    np.testing.assert_array_equal(first, second)


def test_it_beats_the_baselines_where_there_is_something_to_learn(new: New, seasonal: Make) -> None:
    table = seasonal((220, 180, 150), noise=0.3, seed=4)
    training = TrainingSettings(epochs=15, batch_size=32, learning_rate=1e-2)
    forecaster = new().fit(table, training=training, test_size=24, conformal=True)
    overall = forecaster.evaluate(table, step=1).overall
    for name in ("seasonal naive", "persistence", "window mean"):
        assert overall["gatelet"]["mase"] < 0.9 * overall[name]["mase"]
        assert overall["gatelet"]["wql"] < 0.9 * overall[name]["wql"]
    assert 0.6 < overall["gatelet"]["coverage"] < 0.95


def test_quantiles_are_sorted_and_have_the_median(new: New, seasonal: Make, quick: TrainingSettings) -> None:
    forecaster = new(quantiles=(0.9, 0.05)).fit(seasonal(), training=quick)
    assert forecaster.predict(seasonal()).levels == (0.05, 0.5, 0.9)


def test_resuming_equals_never_stopping(new: New, seasonal: Make, quick: TrainingSettings, tmp_path: Path) -> None:
    def crash(at: TrainingProgress) -> None:
        if at.epoch == 2:
            raise ZeroDivisionError

    training = replace(quick, epochs=3)
    whole = new().fit(seasonal(), training=training)
    with pytest.raises(ZeroDivisionError):
        new().fit(seasonal(), training=training, checkpoints=tmp_path, progress=crash)
    resumed = new().fit(seasonal(), training=training, checkpoints=tmp_path, resume=True)
    first, second = (one.predict(seasonal()).quantiles for one in (whole, resumed))
    np.testing.assert_array_equal(first, second)


def test_contexts_are_whole_segments_and_three_seasons_by_default(
    new: New, seasonal: Make, quick: TrainingSettings
) -> None:
    def context(**options: Any) -> int | None:
        forecaster = new(context_length=None, **options).fit(seasonal(), training=quick)
        return forecaster.context_length

    assert context() == 24
    assert context(network=NetworkSettings(hidden_size=4, segment_length=5)) == 25
    assert context(seasonality=1) == 16


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"horizon": 0}, "horizon must be a whole number of at least 1; got 0."),
        ({"horizon": None}, "horizon must be a whole number of at least 1; got None."),
        ({"horizon": 2.5}, "horizon must be a whole number of at least 1; got 2.5."),
        ({"context_length": -1}, "context_length must be a whole number of at least 1; got -1."),
        ({"seasonality": 0}, "seasonality must be a whole number of at least 1; got 0."),
        ({"quantiles": (0.1, 1.0)}, "quantiles must lie between 0 and 1; got 0.1, 0.5, 1."),
        ({"quantiles": (float("nan"),)}, "quantiles must lie between 0 and 1; got "),
        ({"distribution": "normal"}, "distribution must be one of quantiles, student_t; got normal."),
    ],
)
def test_a_description_out_of_range(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(GateletError) as caught:
        Forecaster(**({"horizon": 3} | options))
    assert str(caught.value).startswith(sentence)


def test_sizes_out_of_range(new: New, fitted: Fitted) -> None:
    forecaster, table = fitted
    for call, sentence in (
        (lambda: new().fit(table, test_size=-1), "test_size must be a whole number of at least 0; got -1."),
        (lambda: new().fit(table, validation_size=3), "validation_size must be a whole number of at least 4; got 3."),
        (lambda: forecaster.backtest(table, test_size=3), "test_size must be a whole number of at least 4; got 3."),
        (lambda: forecaster.backtest(table, step=-2), "step must be a whole number of at least 1; got -2."),
        (
            lambda: forecaster.evaluate(table, test_size=True),
            "test_size must be a whole number of at least 4; got True.",
        ),
    ):
        with pytest.raises(GateletError) as caught:
            call()
        assert str(caught.value) == sentence


@pytest.mark.parametrize("verb", ["predict", "backtest", "evaluate", "update"])
def test_before_fitting(new: New, verb: str) -> None:
    with pytest.raises(GateletError, match=r"^The forecaster must be fitted first; call fit or load a saved one\.$"):
        getattr(new(), verb)(pl.DataFrame())
    with pytest.raises(GateletError, match="must be fitted first"):
        assert new().num_parameters


def test_a_series_too_short_for_anything_is_still_forecast(fitted: Fitted) -> None:
    table = pl.DataFrame({"unique_id": "tiny", "ds": [5], "y": [3.0]})
    forecast = fitted[0].predict(table)
    assert np.isfinite(forecast.quantiles).all() and forecast.times.tolist() == [[6, 7, 8, 9]]
    with pytest.raises(DataError, match=r"^The last 8 rows must hold targets with a context before them; none do\.$"):
        fitted[0].backtest(table)
