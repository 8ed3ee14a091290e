"""Forecast many series with one recurrent network: fit, predict, backtest, evaluate, update, save."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gatelet.errors import DataError, GateletError
from gatelet.features import Columns, Panel, Schema, fit_schema, read_panel, read_table
from gatelet.features.windows import Windows, cut, next_windows, rolling_windows
from gatelet.tasks.forecasting import store
from gatelet.tasks.forecasting.baselines import BASELINES, baseline_quantiles
from gatelet.tasks.forecasting.batch import batch_widths
from gatelet.tasks.forecasting.fitted import Fitted, HeldOut, learn, usual_validation
from gatelet.tasks.forecasting.network import HEADS, ForecastNetwork, NetworkSettings, WindowSizes
from gatelet.tasks.forecasting.results import MODEL, Backtest, Forecast, Scores
from gatelet.training import History, TrainingSettings
from gatelet.training.progress import Report

DECILES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


class Forecaster:
    """Forecasts the next steps of many series, with quantiles, by one recurrent network for all of them.

    A table has one row per series and time (columns `unique_id, ds, y` unless said otherwise) and may have gaps.

        forecaster = Forecaster(horizon=24).fit("weather.csv")
        forecaster.predict("weather.csv").frame()
    """

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
        for name, value in (("horizon", horizon), ("context_length", context_length), ("seasonality", seasonality)):
            if value is not None and (not isinstance(value, int) or value < 1):
                raise GateletError(f"{name} must be a whole number of at least 1; got {value}.")
        if distribution not in HEADS:
            raise GateletError(f"distribution must be one of {', '.join(HEADS)}; got {distribution}.")
        self.horizon = horizon
        self.columns = columns or Columns()
        self.network = network or NetworkSettings()
        self.levels = _with_median(quantiles)
        self.distribution = distribution
        self.frequency = frequency
        self.seasonality = seasonality
        self.context_length = context_length
        self.training = TrainingSettings()
        self.history = History()
        self.test_size = 0
        self.metrics: dict[str, Any] = {}
        self._fitted: Fitted | None = None

    @property
    def schema(self) -> Schema:
        """What fitting learned about the columns.

        Raises:
            GateletError: not fitted yet.
        """
        return self._need_fitted().schema

    @property
    def module(self) -> ForecastNetwork:
        """The network as a torch module.

        Raises:
            GateletError: not fitted yet.
        """
        return self._need_fitted().network

    @property
    def num_parameters(self) -> int:
        """Number of trained weights."""
        return sum(weight.numel() for weight in self.module.parameters())

    def fit(
        self,
        data: Any,
        *,
        training: TrainingSettings | None = None,
        test_size: int = 0,
        validation_size: int | None = None,
        conformal: bool = False,
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
            checkpoints: folder for checkpoints and logs; a temporary one if None.
            resume: go on from the last checkpoint in that folder.
            progress: draw a bar on stderr, or call this after every batch.

        Raises:
            DataError: the table cannot be used, see `read_panel` and `training_windows`.
            GateletError: nothing to resume from, or training was stopped before the first epoch ended.
        """
        self.training = training or TrainingSettings()
        table = read_table(data)
        schema = fit_schema(
            table, self.columns, frequency=self.frequency, seasonality=self.seasonality, rows_left_out=test_size
        )
        panel = read_panel(table, schema).before(test_size)
        self.context_length = _whole_segments(
            self.context_length or _usual_context(self.horizon, schema), self.network.segment_length
        )
        self.test_size = test_size
        self._fitted = None
        fitted = Fitted(schema, panel.ids, self._new_network(panel))
        held_out = _held_out(panel, self.horizon, validation_size, conformal)
        self.history = learn(
            fitted, panel, held_out, self.training, checkpoints=checkpoints, resume=resume, progress=progress
        )
        self._fitted, self.metrics = fitted, _validation_metrics(self.history)
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
        fitted = self._need_fitted()
        former = self.training
        self.training = training or replace(
            former, epochs=max(1, former.epochs // 4), learning_rate=former.learning_rate / 4.0
        )
        self.test_size = 0
        panel = read_panel(data, fitted.schema)
        held_out = _held_out(panel, self.horizon, validation_size, fitted.offsets is not None)
        self.history = learn(fitted, panel, held_out, self.training, progress=progress)
        self.metrics = _validation_metrics(self.history)
        return self

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
        if test_size < self.horizon:
            raise GateletError(f"test_size must be at least the horizon, {self.horizon}; got {test_size}.")
        context = fitted.network.sizes.context_length
        windows = rolling_windows(panel, context, self.horizon, test_size, step or self.horizon)
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

    def save(self, path: str | Path, *, overwrite: bool = False) -> Path:
        """Write the forecaster to a folder: `config.json` and `model.safetensors`.

        Args:
            path: of the folder.
            overwrite: replace a model that is there.

        Raises:
            ModelError: the folder is there and not empty, or cannot be written.
            GateletError: not fitted yet.
        """
        return store.save(self, self._need_fitted(), Path(path), overwrite)

    @classmethod
    def load(cls, path: str | Path) -> Forecaster:
        """Read a forecaster from a folder that `save` wrote.

        Raises:
            ModelError: the folder is absent, damaged, from a newer gatelet, or no forecaster.
        """
        return store.load(cls, Path(path))

    def restore(self, fitted: Fitted) -> None:
        """Take over what an earlier fit left behind."""
        self._fitted = fitted

    def _need_fitted(self) -> Fitted:
        if self._fitted is None:
            raise GateletError("The forecaster must be fitted first; call fit or load a saved one.")
        return self._fitted

    def _new_network(self, panel: Panel) -> ForecastNetwork:
        assert self.context_length is not None
        sizes = WindowSizes(self.context_length, self.horizon, *batch_widths(panel.schema), panel.num_series)
        with torch.random.fork_rng():
            torch.manual_seed(self.training.seed)
            return ForecastNetwork(self.network, sizes, self.distribution, self.levels)


def _usual_context(horizon: int, schema: Schema) -> int:
    return max(2 * horizon, 3 * schema.frequency.seasonality, 16)


def _whole_segments(steps: int, segment_length: int) -> int:
    return -(-steps // segment_length) * segment_length


def _held_out(panel: Panel, horizon: int, validation_size: int | None, conformal: bool) -> HeldOut:
    validation = validation_size or usual_validation(panel, horizon)
    if validation < horizon:
        raise GateletError(f"validation_size must be at least the horizon, {horizon}; got {validation}.")
    return HeldOut(validation, validation if conformal else 0)


def _before_test(panel: Panel, context_length: int, horizon: int, test_size: int) -> Windows:
    """All windows that end before the test part."""
    longest = int(np.diff(panel.offsets).max())
    windows = rolling_windows(panel, context_length, horizon, longest, 1)
    limit = panel.ends[windows.series] - test_size
    return windows.take(np.flatnonzero(windows.origins + horizon <= limit))


def _validation_metrics(history: History) -> dict[str, Any]:
    best = history.best
    return {"validation_loss": best.validation_loss, "best_epoch": best.epoch, "seconds": history.epochs[-1].seconds}


def _with_median(quantiles: Sequence[float]) -> tuple[float, ...]:
    levels = sorted({float(level) for level in quantiles} | {0.5})
    if not all(0.0 < level < 1.0 for level in levels):
        raise GateletError(f"quantiles must lie between 0 and 1; got {', '.join(f'{level:g}' for level in levels)}.")
    return tuple(levels)
