"""How sure is a difference: a paired bootstrap over seeds and series.

Every cell is scored on the same seeds and the same series, so one resample draws seeds and series once and uses them
for all cells. Seeds and series are crossed, not nested, and are resampled independently: the pigeonhole bootstrap (A.
B. Owen, Annals of Applied Statistics 1(2), 2007), which errs on the side of intervals that are too wide.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Interval:
    """An estimate and the range that holds it with the stated confidence; in the units of the metric."""

    estimate: float
    low: float
    high: float

    def includes(self, value: float) -> bool:
        """Whether `value` lies within the range, ends counted."""
        return self.low <= value <= self.high


@dataclass(frozen=True)
class Resampled:
    """Means of C cells under R resamples, to take intervals of means and of differences from."""

    estimates: Floats  # (C,)
    draws: Floats  # (R, C)
    confidence: float

    def mean(self, cell: int) -> Interval:
        """Interval of one cell's mean."""
        return self._interval(float(self.estimates[cell]), self.draws[:, cell])

    def difference(self, cell: int, other: int) -> Interval:
        """Interval of `mean(cell) - mean(other)`: below zero where errors of `cell` are the smaller."""
        return self._interval(
            float(self.estimates[cell] - self.estimates[other]), self.draws[:, cell] - self.draws[:, other]
        )

    def _interval(self, estimate: float, draws: Floats) -> Interval:
        tail = (1.0 - self.confidence) / 2.0
        low, high = np.quantile(draws, (tail, 1.0 - tail))
        return Interval(estimate, float(low), float(high))


def resample(
    errors: Floats,
    *,
    weights: Floats | None = None,
    resamples: int = 4000,
    confidence: float = 0.95,
    seed: int = 0,
) -> Resampled:
    """Resample seeds and series together for all cells.

    ```
    mean[c] = sum_ks m_k n_s w_s errors[c, k, s] / sum_ks m_k n_s w_s
    ```
    with `m` and `n` how often seed `k` and series `s` were drawn (all one for the estimate).

    Args:
        errors: (C, K, S) error of cell `c` trained with seed `k` on series `s`, lower is better. A series without a
            value (NaN) for any cell is left out for all of them.
        weights: (S,) how much each series counts; equal if not given. With a series' sum of |y| as its weight, the
            mean of its wQL is the wQL of all.
        resamples: R, the number of resamples.
        confidence: share of the resamples within the interval.
        seed: of the draws; the same seed gives the same interval.

    Raises:
        ValueError: `errors` has not three axes, or no series is scored for every cell.
    """
    values = np.asarray(errors, np.float64)
    if values.ndim != 3:
        raise ValueError(f"errors must have shape (cells, seeds, series); got {values.shape}.")
    whole = np.isfinite(values).all(axis=(0, 1))
    if not whole.any():
        raise ValueError("errors must hold at least one series that is scored for every cell and seed; got none.")
    weight = np.ones(whole.shape) if weights is None else np.asarray(weights, np.float64)
    values, weight = values[:, :, whole], weight[whole]
    _, seeds, series = values.shape
    random = np.random.default_rng(seed)
    seed_counts = random.multinomial(seeds, np.full(seeds, 1.0 / seeds), size=resamples)  # (R, K)
    series_counts = random.multinomial(series, np.full(series, 1.0 / series), size=resamples) * weight  # (R, S)
    totals = np.einsum("rk,cks,rs->rc", seed_counts, values, series_counts, optimize=True)
    draws = totals / (seeds * series_counts.sum(axis=1, keepdims=True))
    estimates = (values * weight).sum(axis=(1, 2)) / (seeds * weight.sum())
    return Resampled(estimates, draws, confidence)
