"""Scores of quantile and interval forecasts.

Axes: the last axis of q_hat is the levels, its other axes broadcast with y; axis counts the axes of y, all if None.
A score is a float if axis is None, else an array.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gatelet.errors import DataError
from gatelet.metrics.averages import Axis, mean, paired, ratio, total


def pinball(y: ArrayLike, q_hat: ArrayLike, levels: ArrayLike, axis: Axis = None) -> Any:
    """Pinball loss, mean of max(p (y - q), (p - 1) (y - q)) over the levels p too, in the unit of y.

    Source: Koenker and Bassett (1978), Regression Quantiles, Econometrica 46(1).

    Args:
        y: (...) truth.
        q_hat: (..., Q) forecast quantiles.
        levels: (Q,) between 0 and 1.
        axis: axes of y to average over.

    Raises:
        DataError: the levels do not fit q_hat or are not between 0 and 1.
    """
    truth, losses, _ = _losses(y, q_hat, levels)
    return mean(losses.mean(axis=-1), ~np.isnan(truth), axis)


def wql(y: ArrayLike, q_hat: ArrayLike, levels: ArrayLike, axis: Axis = None) -> Any:
    """Weighted quantile loss, 2 sum of the pinball losses / sum |y|, mean over the levels; has no unit.

    Source: Park et al. (2022), Learning Quantile Functions without Quantile Crossing for Distribution-free Time Series
    Forecasting, AISTATS; as in GluonTS, where it is mean_weighted_sum_quantile_loss.

    Args and errors: as `pinball`. NaN where every y is 0.
    """
    truth, losses, _ = _losses(y, q_hat, levels)
    scored = ~np.isnan(truth)
    return ratio(2.0 * total(losses.mean(axis=-1), scored, axis), total(np.abs(truth), scored, axis))


def crps_from_quantiles(y: ArrayLike, q_hat: ArrayLike, levels: ArrayLike, axis: Axis = None) -> Any:
    """Continuous ranked probability score from quantiles, 2 integral of the pinball loss over p, in the unit of y.

    The integral takes each level for the part of 0 to 1 that lies nearest to it. Source: Gneiting and Ranjan (2011),
    Comparing density forecasts using threshold- and quantile-weighted scoring rules, JBES 29(3).

    Args and errors: as `pinball`; the levels must ascend.
    """
    truth, losses, probabilities = _losses(y, q_hat, levels)
    if (np.diff(probabilities) <= 0).any():
        raise DataError("levels must ascend to integrate over them.")
    edges = np.concatenate(([0.0], (probabilities[1:] + probabilities[:-1]) / 2, [1.0]))
    return mean(2.0 * losses @ np.diff(edges), ~np.isnan(truth), axis)


def coverage(y: ArrayLike, lower: ArrayLike, upper: ArrayLike, axis: Axis = None) -> Any:
    """Share of the truth within the interval, bounds included: 0 to 1."""
    truth, low, high = paired(y, lower, upper)
    inside = ((truth >= low) & (truth <= high)).astype(np.float64)
    return mean(np.where(np.isnan(low) | np.isnan(high), np.nan, inside), ~np.isnan(truth), axis)


def interval_width(lower: ArrayLike, upper: ArrayLike, axis: Axis = None) -> Any:
    """Mean width of the interval, in the unit of its bounds."""
    low, high = paired(lower, upper)
    return mean(high - low, np.ones(low.shape, np.bool_), axis)


def winkler(y: ArrayLike, lower: ArrayLike, upper: ArrayLike, level: float, axis: Axis = None) -> Any:
    """Interval score, mean of width + 2 / (1 - level) times the distance by which the truth lies outside.

    Source: Winkler (1972), A Decision-Theoretic Approach to Interval Estimation, JASA 67; Gneiting and Raftery (2007),
    Strictly Proper Scoring Rules, JASA 102, section 6.2.

    Args:
        y: truth.
        lower: lower bound.
        upper: upper bound.
        level: the coverage that the interval promises, 0.8 for the quantiles 0.1 and 0.9.
        axis: axes to average over.

    Raises:
        DataError: level is not between 0 and 1.
    """
    if not 0.0 < level < 1.0:
        raise DataError(f"level must be between 0 and 1; got {level}.")
    truth, low, high = paired(y, lower, upper)
    outside = np.maximum(low - truth, 0.0) + np.maximum(truth - high, 0.0)
    return mean(high - low + 2.0 / (1.0 - level) * outside, ~np.isnan(truth), axis)


def _losses(
    y: ArrayLike, q_hat: ArrayLike, levels: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Truth (...), pinball losses (..., Q) and levels (Q,)."""
    quantiles, probabilities = np.asarray(q_hat, np.float64), np.asarray(levels, np.float64)
    if probabilities.ndim != 1 or quantiles.shape[-1:] != probabilities.shape:
        raise DataError(f"q_hat must have as many quantiles as levels {probabilities.shape}; got {quantiles.shape}.")
    if not ((probabilities > 0) & (probabilities < 1)).all():
        raise DataError(f"levels must lie between 0 and 1; got {probabilities.tolist()}.")
    truth, _ = paired(y, quantiles[..., 0])
    errors = truth[..., None] - quantiles
    return truth, np.maximum(probabilities * errors, (probabilities - 1.0) * errors), probabilities
