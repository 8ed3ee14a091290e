"""Scores of variance forecasts."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from gatelet.errors import DataError
from gatelet.metrics.averages import Axis, mean, paired


def qlike(r: ArrayLike, p: ArrayLike, axis: Axis = None) -> Any:
    """Quasi-likelihood loss of variance forecasts, mean (log p + r^2 / p).

    It ranks forecasts in the same order whether r^2 is the true variance or a noisy stand-in. Source: Patton (2011),
    Volatility forecast comparison using imperfect volatility proxies, Journal of Econometrics 160(1).

    Args:
        r: returns, NaN where missing.
        p: forecast variance in the squared unit of r.
        axis: axes to average over, all if None.

    Raises:
        DataError: a variance is not positive.
    """
    returns, variance = paired(r, p)
    if (variance <= 0).any():
        raise DataError(f"A variance forecast must be positive; got {variance[variance <= 0].flat[0]}.")
    return mean(np.log(variance) + np.square(returns) / variance, ~np.isnan(returns), axis)
