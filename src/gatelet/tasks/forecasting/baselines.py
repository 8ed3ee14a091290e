"""Forecasts that need no training, to hold a trained one against; their bands come from their own past errors."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from gatelet.features import Panel
from gatelet.features.windows import Windows, cut

Array = NDArray[np.float64]

# errors that the bands of a baseline are taken from, at most, per series
MOST_ERRORS = 2000


def persistence(context: Array, horizon: int, season: int) -> Array:
    """The last observed value, for every step. Shapes: (W, C) with NaN -> (W, H)."""
    return np.repeat(_filled(context)[:, -1:], horizon, axis=1)


def seasonal_naive(context: Array, horizon: int, season: int) -> Array:
    """The value one season ago, of the last season for all steps; a missing one falls back to the last observed before.

    Shapes: (W, C) with NaN -> (W, H).
    """
    season = min(season, context.shape[1])
    return _filled(context)[:, -season:][:, np.arange(horizon) % season]


def window_mean(context: Array, horizon: int, season: int) -> Array:
    """The mean of the last season (of the whole context without a season). Shapes: (W, C) with NaN -> (W, H)."""
    length = season if 1 < season <= context.shape[1] else context.shape[1]
    return np.repeat(_filled(context)[:, -length:].mean(axis=1, keepdims=True), horizon, axis=1)


BASELINES: dict[str, Callable[[Array, int, int], Array]] = {
    "seasonal naive": seasonal_naive,
    "persistence": persistence,
    "window mean": window_mean,
}


def baseline_quantiles(
    name: str, panel: Panel, windows: Windows, history: Windows, horizon: int, levels: Sequence[float]
) -> Array:
    """(W, H, Q) point forecasts of a baseline plus the quantiles of its errors in windows of its past.

    Args:
        name: of a baseline.
        panel: the series.
        windows: W of them, to forecast.
        history: windows before the test part, to take errors from; a series without any has bands of no width.
        horizon: H.
        levels: Q quantiles, 0.5 among them. The median stays the point forecast.
    """
    season = panel.schema.frequency.seasonality
    length = max(season, 1) * 2
    forecast, values = BASELINES[name], _carried(panel)
    points = forecast(cut(values, panel, windows, length, 0), horizon, season)
    quantiles = np.repeat(points[..., None], len(levels), axis=2)
    for series in np.unique(windows.series):
        own = history.take(np.flatnonzero(history.series == series)).thinned(MOST_ERRORS)
        if not len(own):
            continue
        past = forecast(cut(values, panel, own, length, 0), horizon, season)
        errors = cut(panel.target, panel, own, 0, horizon) - past
        spread = _quantiles(errors, levels)
        mine = windows.series == series
        quantiles[mine] += (spread - spread[:, [list(levels).index(0.5)]])[None]
    return quantiles


def _quantiles(errors: Array, levels: Sequence[float]) -> Array:
    """(H, Q) quantiles of errors (W, H) at each step; zero where a step has no observed error."""
    known = ~np.isnan(errors).all(axis=0)
    spread = np.zeros((errors.shape[1], len(levels)))
    if known.any():
        spread[known] = np.nanquantile(errors[:, known], levels, axis=0).T
    return spread


def _carried(panel: Panel) -> Array:
    """(N,) the targets, a missing one replaced by the last observed before it; a gap may be longer than a context."""
    latest = np.maximum.accumulate(np.where(np.isnan(panel.target), -1, np.arange(len(panel))))
    begins = np.repeat(panel.offsets[:-1], np.diff(panel.offsets))
    return np.where(latest >= begins, panel.target[latest], np.nan)


def _filled(context: Array) -> Array:
    """Missing values replaced by the last observed one before, or the first observed where there is none before."""
    rows = np.arange(len(context))[:, None]
    steps = np.arange(context.shape[1])
    observed = ~np.isnan(context)
    last = np.maximum.accumulate(np.where(observed, steps, -1), axis=1)
    first = np.where(observed.any(axis=1), observed.argmax(axis=1), 0)
    return context[rows, np.where(last >= 0, last, first[:, None])]
