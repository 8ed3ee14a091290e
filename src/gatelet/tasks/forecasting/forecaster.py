"""Forecast many series with one recurrent network: fit, predict, backtest, evaluate, update, save."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch

from gatelet.deploy.budget import Asked, Device
from gatelet.errors import DataError, GateletError
from gatelet.features import Columns, Panel, Schema, fit_schema, read_panel, read_table
from gatelet.features.windows import Windows, cut, next_windows, rolling_windows
from gatelet.plan import Plan
from gatelet.tasks.arguments import need_whole, need_word
from gatelet.tasks.forecasting import store
from gatelet.tasks.forecasting.baselines import BASELINES, baseline_quantiles
from gatelet.tasks.forecasting.batch import batch_widths
from gatelet.tasks.forecasting.fitted import Fitted, HeldOut, learn, usual_validation
from gatelet.tasks.forecasting.network import HEADS, ForecastNetwork, NetworkSettings, WindowSizes
from gatelet.tasks.forecasting.planning import plan_of
from gatelet.tasks.forecasting.results import MODEL, Backtest, Forecast, Scores
from gatelet.tasks.planned import need_weights
from gatelet.tasks.store import Contents, SavedModel
from gatelet.tasks.task import Task
from gatelet.training import TrainingSettings
from gatelet.training.progress import Report

DECILES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


class Forecaster(Task[Fitted, ForecastNetwork]):
    """Forecasts the next steps of many series, with quantiles, by one recurrent network for all of them.

    A table has one row per series and time (columns `unique_id, ds, y` unless said otherwise) and may have gaps.

        forecaster = Forecaster(horizon=24).fit("weather.csv")
        forecaster.predict("weather.csv").frame()
    """

    task, noun = "Forecaster", "forecaster"

    def __init__(
        self,
        horizon: int,
        *,
        context_length: int | None = None,
        columns: Columns | None = None,
        network: NetworkSettings | None = None,
        quantiles: Sequence[float] = DECILES,
        distribution: str = "quantiles",
        frequency: str | None = None,
        seasonality: int | None = None,
    ) -> None:
        """Describe a forecaster.

        Args:
            horizon: steps to forecast.
            context_length: steps to look back, rounded up to whole segments; by default the longer of two horizons and
                three seasons, at least 16.
            columns: which column plays which part.
            network: cell and sizes.
            quantiles: levels in (0, 1); the median is added, it is the point forecast.
            distribution: "quantiles" (any shape, pinball loss) or "student_t" (heavy tails, gives a variance).
            frequency: of the data, such as "h" or "rows"; found in the times if None.
            seasonality: rows per season; found from the frequency if None.

        Raises:
            GateletError: a value is outside its range.
        """
        super().__init__()
        given = {"context_length": context_length, "seasonality": seasonality}
        need_whole(1, horizon=horizon, **{name: value for name, value in given.items() if value is not None})
        need_word(HEADS, distribution=distribution)
        self.horizon = horizon
        self.columns = columns or Columns()
        self.network = network or NetworkSettings()
        self.levels = _with_median(quantiles)
        self.distribution = distribution
        self.frequency = frequency
        self.seasonality = seasonality
        self.context_length = context_length
        self.test_size = 0

    @property
    def schema(self) -> Schema:
        """What fitting learned about the columns.

        Raises:
            GateletError: not fitted yet.
        """
        return self._need_fitted().schema

    def fit(
        self,
        data: Any,
        *,
        training: TrainingSettings | None = None,
        test_size: int = 0,
        validation_size: int | None = None,
        conformal: bool = False,
        device: str | Device | Asked | None = None,
        checkpoints: Path | None = None,
        resume: bool = False,
        progress: bool | Report = False,
    ) -> Forecaster:
        """Learn from a table; the best weights by validation loss are kept.

        The last rows of each series are, in this order: training, validation, calibration (if `conformal`), test.

        Args:
            data: path of a CSV or Parquet file, or a dataframe.
            training: how to train.
            test_size: rows at the end of each series that are left out entirely, for `backtest` and `evaluate`.
            validation_size: rows that choose the best epoch; by default a tenth of the median series.
            conformal: calibrate the quantiles on as many rows again, so that intervals cover what they promise.
            device: what the model is to fit as C, such as "cortex-m4:64k-flash:16k-ram"; checked before training.
            checkpoints: folder for checkpoints and logs; a temporary one if None.
            resume: go on from the last checkpoint in that folder.
            progress: draw a bar on stderr, or call this after every batch.

        Raises:
            DataError: the table cannot be used, see `read_panel` and `training_windows`.
            GateletError: nothing to resume from, or training was stopped before the first epoch ended; or the model
                does not fit the device.
        """
        training, asked = training or TrainingSettings(), Asked.of(device)
        need_whole(0, test_size=test_size)
        table = read_table(data)
        schema = fit_schema(
            table, self.columns, frequency=self.frequency, seasonality=self.seasonality, rows_left_out=test_size
        )
        panel = read_panel(table, schema).before(test_size)
        context_length = _whole_segments(
            self.context_length or _usual_context(self.horizon, schema), self.network.segment_length
        )
        held_out = _held_out(panel, self.horizon, validation_size, conformal)
        fitted = Fitted(schema, panel.ids, self._new_network(panel, context_length, training.seed))
        if asked:
            asked.need_fit(lambda size: self._planned(fitted, size), self.network.hidden_size)
        history = learn(fitted, panel, held_out, training, checkpoints=checkpoints, resume=resume, progress=progress)
        self.context_length, self.test_size = context_length, test_size
        self._take(fitted, training, history)
        return self

    def update(
        self,
        data: Any,
        *,
        training: TrainingSettings | None = None,
        validation_size: int | None = None,
        progress: bool | Report = False,
    ) -> Forecaster:
        """Train on with newer data, from the present weights, with the scalers and covariates of the first fit.

        Args:
            data: a table with the columns of the first fit; new series are welcome.
            training: how to train; by default as before, with a quarter of the epochs and of the learning rate.
            validation_size: as in `fit`.
            progress: as in `fit`.

        Raises:
            DataError: the table cannot be used.
            GateletError: not fitted yet, or stopped before the first epoch ended.
        """
        training = training or replace(
            self.training, epochs=max(1, self.training.epochs // 4), learning_rate=self.training.learning_rate / 4.0
        )
        return self._learn_on(data, training, 0, validation_size, progress)

    def prune(
        self,
        data: Any,
        density: float | None = None,
        *,
        inputs: bool = False,
        rank: int | None = None,
        training: TrainingSettings | None = None,
        test_size: int | None = None,
        validation_size: int | None = None,
        progress: bool | Report = False,
    ) -> Forecaster:
        """Train on with fewer recurrent weights: while more and more blocks of them become zero, or of low rank.

        See `gatelet.training.pruning` and `gatelet.training.lowering`.

        Args:
            data: a table with the columns of the first fit, usually the same.
            density: share of the blocks that is left, above 0; 0.1 if there is no rank either.
            inputs: prune the blocks of the weights that meet the inputs of the cell, too.
            rank: of the recurrent weights, instead of a density.
            training: how to train; by default as before, with a quarter of the learning rate.
            test_size: rows at the end of each series that are left out; by default those that `fit` left out.
            validation_size: as in `fit`.
            progress: as in `fit`.

        Raises:
            DataError: the table cannot be used.
            GateletError: not fitted yet, a cell without gates, or stopped before the first epoch ended.
        """
        training = training or replace(self.training, learning_rate=self.training.learning_rate / 4.0)
        training = training.pruning(density, rank, inputs)
        return self._learn_on(
            data, training, self.test_size if test_size is None else test_size, validation_size, progress
        )

    def predict(self, data: Any, *, future: Any | None = None) -> Forecast:
        """Forecast the `horizon` steps after the last observed target of each series.

        Args:
            data: a table with at least the context of each series; later rows may hold future covariates.
            future: a second table with future covariates.

        Raises:
            DataError: the table cannot be used, or a future covariate is missing over the horizon.
            GateletError: not fitted yet.
        """
        fitted = self._need_fitted()
        schema = fitted.schema
        panel = read_panel(data, schema, future=future).extended(self.horizon)
        windows = next_windows(panel)
        quantiles, variance = fitted.forward(panel, windows)
        times = panel.times[windows.origins[:, None] + np.arange(self.horizon)]
        return Forecast(panel.ids, times, quantiles, self.levels, variance, (schema.columns.id, schema.columns.time))

    def backtest(
        self, data: Any, *, test_size: int | None = None, step: int | None = None, baselines: bool = True
    ) -> Backtest:
        """Forecast from rolling origins over the last rows of each series, all in one go.

        Args:
            data: a table with the test part and the context before it.
            test_size: rows of the test part; by default what `fit` left out, or one horizon.
            step: rows between two origins; by default the horizon.
            baselines: also forecast with persistence, seasonal naive and window mean.

        Raises:
            DataError: the table cannot be used, or the test part is empty.
            GateletError: not fitted yet, or a test part shorter than the horizon.
        """
        fitted = self._need_fitted()
        panel = read_panel(data, fitted.schema)
        test_size = test_size or self.test_size or self.horizon
        step = step or self.horizon
        need_whole(self.horizon, test_size=test_size)
        need_whole(1, step=step)
        context = fitted.network.sizes.context_length
        windows = rolling_windows(panel, context, self.horizon, test_size, step)
        if not len(windows):
            raise DataError(f"The last {test_size} rows must hold targets with a context before them; none do.")
        quantiles, variance = fitted.forward(panel, windows)
        forecasts = {MODEL: quantiles}
        if baselines:
            past = _before_test(panel, context, self.horizon, test_size)
            for name in BASELINES:
                forecasts[name] = baseline_quantiles(name, panel, windows, past, self.horizon, self.levels)
        actual = cut(panel.target, panel, windows, 0, self.horizon)
        return Backtest(panel, windows, test_size, actual, self.levels, forecasts, variance)

    def evaluate(self, data: Any, *, test_size: int | None = None, step: int | None = None) -> Scores:
        """The scores of `backtest`; they are also noted in `metrics`, and saved with the model."""
        scores = self.backtest(data, test_size=test_size, step=step).scores()
        self.metrics = {"test": scores.to_json()["overall"], "windows": scores.windows}
        return scores

    def plan(self) -> Plan:
        """What this forecaster computes as data, without torch; `plan_of` says what goes in and out.

        Raises:
            GateletError: not fitted yet.
        """
        return plan_of(self._need_fitted())

    def _contents(self, fitted: Fitted) -> Contents:
        return store.contents(self, fitted)

    @classmethod
    def _rebuilt(cls, saved: SavedModel) -> tuple[Self, Fitted]:
        return store.rebuilt(cls, saved)

    def _learn_on(
        self,
        data: Any,
        training: TrainingSettings,
        test_size: int,
        validation_size: int | None,
        progress: bool | Report,
    ) -> Forecaster:
        """Go on from the present weights, on all rows but the last `test_size` of each series."""
        former = self._need_fitted()
        need_weights(former.network, "trained on")
        need_whole(0, test_size=test_size)
        panel = read_panel(data, former.schema).before(test_size)
        held_out = _held_out(panel, self.horizon, validation_size, former.offsets is not None)
        # a copy, so that a training that fails leaves the forecaster as it was
        fitted = replace(former, network=deepcopy(former.network))
        history = learn(fitted, panel, held_out, training, progress=progress)
        self.test_size = test_size
        self._take(fitted, training, history)
        return self

    def _new_network(self, panel: Panel, context_length: int, seed: int) -> ForecastNetwork:
        sizes = WindowSizes(context_length, self.horizon, *batch_widths(panel.schema), panel.num_series)
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            return ForecastNetwork(self.network, sizes, self.distribution, self.levels)

    def _planned(self, fitted: Fitted, hidden_size: int) -> Plan:
        """The plan of an untrained forecaster that differs in its hidden size."""
        settings = replace(self.network, hidden_size=hidden_size)
        with torch.random.fork_rng():
            network = ForecastNetwork(settings, fitted.network.sizes, self.distribution, self.levels)
        return plan_of(replace(fitted, network=network))


def _usual_context(horizon: int, schema: Schema) -> int:
    return max(2 * horizon, 3 * schema.frequency.seasonality, 16)


def _whole_segments(steps: int, segment_length: int) -> int:
    return -(-steps // segment_length) * segment_length


def _held_out(panel: Panel, horizon: int, validation_size: int | None, conformal: bool) -> HeldOut:
    validation = usual_validation(panel, horizon) if validation_size is None else validation_size
    need_whole(horizon, validation_size=validation)
    return HeldOut(validation, validation if conformal else 0)


def _before_test(panel: Panel, context_length: int, horizon: int, test_size: int) -> Windows:
    """All windows that end before the test part."""
    longest = int(np.diff(panel.offsets).max())
    windows = rolling_windows(panel, context_length, horizon, longest, 1)
    limit = panel.ends[windows.series] - test_size
    return windows.take(np.flatnonzero(windows.origins + horizon <= limit))


def _with_median(quantiles: Sequence[float]) -> tuple[float, ...]:
    levels = sorted({float(level) for level in quantiles} | {0.5})
    if not all(0.0 < level < 1.0 for level in levels):
        raise GateletError(f"quantiles must lie between 0 and 1; got {', '.join(f'{level:g}' for level in levels)}.")
    return tuple(levels)
