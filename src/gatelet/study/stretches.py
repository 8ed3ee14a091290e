"""From a backtest to what a picture shows: the newest forecasts of a series, laid end to end."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gatelet.study.pictures import Stretch
from gatelet.tasks.forecasting import Backtest
from gatelet.tasks.forecasting.results import MODEL

MOST_WINDOWS = 5
SHOWN = ("seasonal naive", "persistence")  # the baselines that people know


def newest_stretch(backtest: Backtest, series: int, *, windows: int = MOST_WINDOWS) -> Stretch:
    """The last forecasts of a series that do not overlap, and where they are one or two, the rows before them.

    Args:
        backtest: of a model and baselines.
        series: number of a series that was tested.
        windows: how many forecasts, at most.
    """
    panel, horizon = backtest.panel, backtest.actual.shape[1]
    chosen = _apart(backtest, np.flatnonzero(backtest.series == series), horizon, windows)
    origins = backtest.windows.origins[chosen]
    before = 2 * horizon if len(chosen) <= 2 else 0
    first, end = max(int(panel.offsets[series]), int(origins[0]) - before), int(origins[-1]) + horizon
    quantiles = np.full((end - first, len(backtest.levels)), np.nan)
    points = {name: np.full(end - first, np.nan) for name in SHOWN if name in backtest.forecasts}
    for window, origin in zip(chosen, origins, strict=True):
        rows = slice(int(origin) - first, int(origin) - first + horizon)
        quantiles[rows] = backtest.forecasts[MODEL][window]
        for name, values in points.items():
            values[rows] = backtest.forecasts[name][window, :, backtest.levels.index(0.5)]
    return Stretch(
        name=panel.ids[series],
        times=panel.times[first:end],
        actual=panel.target[first:end],
        quantiles=quantiles,
        levels=backtest.levels,
        baselines=points,
        starts=tuple(int(origin) - first for origin in origins),
    )


def _apart(backtest: Backtest, windows: NDArray[np.int64], horizon: int, most: int) -> NDArray[np.int64]:
    """Windows counted back from the newest, each ending before the next begins; oldest first."""
    origins = backtest.windows.origins
    chosen: list[int] = []
    for window in windows[np.argsort(-origins[windows], kind="stable")]:
        if len(chosen) < most and (not chosen or origins[window] + horizon <= origins[chosen[-1]]):
            chosen.append(int(window))
    return np.asarray(chosen[::-1], np.int64)
