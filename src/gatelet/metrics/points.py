"""Scores of point forecasts.

Axes: y and y_hat broadcast; axis says which axes a score averages over, all if None, so that `axis=-1` on arrays
(series, horizon) gives one score per series. A score is a float if axis is None, else an array.

MASE and sMAPE after Makridakis, Spiliotis and Assimakopoulos (2020), The M4 Competition, International Journal of
Forecasting 36(1); MASE first in Hyndman and Koehler (2006), Another look at measures of forecast accuracy, ibid. 22(4).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from gatelet.errors import DataError
from gatelet.metrics.averages import Axis, mean, paired, ratio


def mae(y: ArrayLike, y_hat: ArrayLike, axis: Axis = None) -> Any:
    """Mean absolute error, mean |y - y_hat|, in the unit of y."""
    truth, forecast = paired(y, y_hat)
    return mean(np.abs(truth - forecast), ~np.isnan(truth), axis)


def mse(y: ArrayLike, y_hat: ArrayLike, axis: Axis = None) -> Any:
    """Mean squared error, mean (y - y_hat)^2."""
    truth, forecast = paired(y, y_hat)
    return mean(np.square(truth - forecast), ~np.isnan(truth), axis)


def rmse(y: ArrayLike, y_hat: ArrayLike, axis: Axis = None) -> Any:
    """Root of the mean squared error, in the unit of y."""
    root = np.sqrt(mse(y, y_hat, axis))
    return float(root) if root.ndim == 0 else root


def smape(y: ArrayLike, y_hat: ArrayLike, axis: Axis = None) -> Any:
    """Symmetric mean absolute percentage error, mean 200 |y - y_hat| / (|y| + |y_hat|): 0 to 200; 0 / 0 counts as 0."""
    truth, forecast = paired(y, y_hat)
    size = np.abs(truth) + np.abs(forecast)
    return mean(200.0 * np.abs(truth - forecast) / np.where(size == 0, 1.0, size), ~np.isnan(truth), axis)


def seasonal_scale(train: ArrayLike, seasonality: int) -> Any:
    """Mean absolute error of the seasonal naive forecast within the training part, mean |y_t - y_(t-m)|.

    Args:
        train: (..., T) training values, NaN where missing or where a shorter series ends.
        seasonality: m, rows in one season.

    Returns:
        (...) the scale that `mase` divides by; NaN without two values one season apart.

    Raises:
        DataError: seasonality is below 1.
    """
    if seasonality < 1:
        raise DataError(f"seasonality must be at least 1; got {seasonality}.")
    values = np.asarray(train, np.float64)
    errors = np.abs(values[..., seasonality:] - values[..., :-seasonality])
    return mean(errors, ~np.isnan(errors), -1)


def mase(y: ArrayLike, y_hat: ArrayLike, scale: ArrayLike, axis: Axis = None) -> Any:
    """Mean absolute scaled error, mean |y - y_hat| / scale: below 1 is better than seasonal naive was in training.

    Args:
        y: truth.
        y_hat: forecast.
        scale: what `seasonal_scale` gives, shaped to broadcast with y: (S, 1) for y (S, H). Where it is 0 (a series
            that repeats itself) or NaN, the error has no scale and is not scored.
        axis: axes to average over.
    """
    truth, forecast, unit = paired(y, y_hat, scale)
    scored = ~np.isnan(truth) & (unit > 0)
    return mean(ratio(np.abs(truth - forecast), unit), scored, axis)
