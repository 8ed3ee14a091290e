"""What a forecaster gives back: forecasts, and rolling-origin backtests with their scores."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import narwhals as nw
import numpy as np
from numpy.typing import NDArray

from gatelet import metrics
from gatelet.features import Panel
from gatelet.features.windows import Windows

Array = NDArray[np.float64]

MODEL = "gatelet"


@dataclass(frozen=True)
class Forecast:
    """Forecasts of W windows, H steps each, in the unit of the data.

    Attributes:
        ids: (W) the series.
        times: (W, H) of the steps.
        quantiles: (W, H, Q).
        levels: (Q) of the quantiles, increasing, 0.5 among them.
        variance: (W, H) for a distribution that has one, else None.
        names: what the columns of series and times are called.
    """

    ids: tuple[str, ...]
    times: NDArray[Any]
    quantiles: Array
    levels: tuple[float, ...]
    variance: Array | None = None
    names: tuple[str, str] = ("unique_id", "ds")

    @property
    def median(self) -> Array:
        """(W, H) the point forecast."""
        values: Array = self.quantiles[..., self.levels.index(0.5)]
        return values

    def frame(self, backend: Literal["polars", "pandas", "pyarrow"] = "polars") -> Any:
        """A long dataframe: series, time, `y_hat` (the median), one column per quantile, `variance` if there is one."""
        columns: dict[str, Any] = {
            self.names[0]: np.repeat(np.asarray(self.ids, dtype=str), self.times.shape[1]).tolist(),
            self.names[1]: self.times.reshape(-1),
            "y_hat": self.median.reshape(-1),
        }
        for number, level in enumerate(self.levels):
            columns[f"q{level:g}"] = self.quantiles[..., number].reshape(-1)
        if self.variance is not None:
            columns["variance"] = self.variance.reshape(-1)
        return nw.from_dict(columns, backend=backend).to_native()


@dataclass(frozen=True)
class Scores:
    """Scores of a model and baselines on the same windows.

    Attributes:
        ids: (S) the series that were scored.
        overall: method -> metric -> value. MASE and sMAPE are means over series, as in the M4 competition; the others
            are over all values.
        per_series: method -> metric -> (S,).
        windows: number of forecasts scored.
    """

    ids: tuple[str, ...]
    overall: dict[str, dict[str, float]]
    per_series: dict[str, dict[str, Array]]
    windows: int

    def rows(self) -> list[dict[str, Any]]:
        """One row per method for a table."""
        return [{"method": method, **scores} for method, scores in self.overall.items()]

    def to_json(self) -> dict[str, Any]:
        """Plain values for `json.dumps`; a score that is not defined is None."""
        return {
            "windows": self.windows,
            "overall": {name: {key: _plain(value) for key, value in row.items()} for name, row in self.overall.items()},
            "per_series": {
                name: {key: dict(zip(self.ids, map(_plain, values), strict=True)) for key, values in row.items()}
                for name, row in self.per_series.items()
            },
        }


@dataclass(frozen=True)
class Backtest:
    """Forecasts from rolling origins, beside what came.

    Attributes:
        panel: the series, the test part included.
        windows: W of them.
        test_size: rows at the end of each series that were not used for the scale of MASE.
        actual: (W, H) NaN where nothing was observed.
        levels: (Q) of the quantiles.
        forecasts: method -> (W, H, Q); the model is called "gatelet".
        variance: (W, H) of the model, if it has one.
    """

    panel: Panel
    windows: Windows
    test_size: int
    actual: Array
    levels: tuple[float, ...]
    forecasts: dict[str, Array]
    variance: Array | None = None

    @property
    def series(self) -> NDArray[np.int64]:
        """(W,) number of the series of each window."""
        return self.windows.series

    @property
    def times(self) -> NDArray[Any]:
        """(W, H) of the steps."""
        steps: NDArray[Any] = self.panel.times[self.windows.origins[:, None] + np.arange(self.actual.shape[1])]
        return steps

    def frame(self, backend: Literal["polars", "pandas", "pyarrow"] = "polars") -> Any:
        """A long dataframe: series, `origin` (last time of the context), time, `y`, and the model's forecast."""
        forecast = Forecast(
            tuple(self.panel.ids[number] for number in self.series),
            self.times,
            self.forecasts[MODEL],
            self.levels,
            self.variance,
            (self.panel.schema.columns.id, self.panel.schema.columns.time),
        )
        table = nw.from_native(forecast.frame(backend), eager_only=True)
        horizon = self.actual.shape[1]
        more = {
            "origin": np.repeat(self.panel.times[self.windows.origins - 1], horizon),
            "y": self.actual.reshape(-1),
        }
        return nw.concat([table, nw.from_dict(more, backend=backend)], how="horizontal").to_native()

    def scores(self) -> Scores:
        """All metrics, per series and overall, of the model and the baselines."""
        numbers = np.unique(self.series)
        scale = self._seasonal_scales()
        overall, per_series = {}, {}
        for name, quantiles in self.forecasts.items():
            variance = self.variance if name == MODEL else None
            score = _Scorer(self.actual, quantiles, self.levels, variance)
            rows = [score.of(self.series == number, scale[number]) for number in numbers]
            per_series[name] = {key: np.array([row[key] for row in rows]) for key in rows[0]}
            overall[name] = score.of(np.ones(len(self.windows), bool), 1.0)
            overall[name] |= {key: _mean_of_defined(per_series[name][key]) for key in ("mase", "smape")}
        return Scores(tuple(self.panel.ids[number] for number in numbers), overall, per_series, len(self.windows))

    def _seasonal_scales(self) -> Array:
        """(S,) the error of the seasonal naive forecast one season ahead, before the test part."""
        season = self.panel.schema.frequency.seasonality
        begins, ends = self.panel.offsets[:-1], self.panel.ends - self.test_size
        return np.array(
            [
                metrics.seasonal_scale(self.panel.target[begin:end], season)
                for begin, end in zip(begins, np.maximum(begins, ends), strict=True)
            ]
        )


class _Scorer:
    """Scores of one method over a choice of windows."""

    def __init__(self, actual: Array, quantiles: Array, levels: Sequence[float], variance: Array | None) -> None:
        self._actual, self._quantiles, self._levels, self._variance = actual, quantiles, np.asarray(levels), variance

    def of(self, chosen: NDArray[np.bool_], scale: float) -> dict[str, float]:
        """All metrics of the chosen windows (W,)."""
        y, quantiles = self._actual[chosen], self._quantiles[chosen]
        median = quantiles[..., list(self._levels).index(0.5)]
        point: dict[str, Callable[[], float]] = {
            "mae": lambda: metrics.mae(y, median),
            "rmse": lambda: metrics.rmse(y, median),
            "mase": lambda: metrics.mase(y, median, scale),
            "smape": lambda: metrics.smape(y, median),
            "wql": lambda: metrics.wql(y, quantiles, self._levels),
        }
        scores = {name: float(metric()) for name, metric in point.items()}
        if len(self._levels) > 1:
            scores["coverage"] = float(metrics.coverage(y, quantiles[..., 0], quantiles[..., -1]))
        if self._variance is not None:
            scores["qlike"] = float(metrics.qlike(y, self._variance[chosen]))
        return scores


def _mean_of_defined(values: Array) -> float:
    defined = values[np.isfinite(values)]
    return float(defined.mean()) if len(defined) else float("nan")


def _plain(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
