"""Split conformal calibration of quantiles: intervals moved so that they cover what they promise.

Source: Romano, Patterson and Candes, Conformalized quantile regression, NeurIPS 2019 (arXiv:1905.03222).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

# below this many windows a step of the horizon has too few scores of its own, and all steps share theirs
ENOUGH_WINDOWS = 100


def conformal_offsets(
    quantiles: NDArray[np.float64], y: NDArray[np.float64], levels: Sequence[float]
) -> NDArray[np.float64]:
    """(H, Q) what to add to each quantile, in the scale of the windows, from calibration windows.

    An interval between the levels a and 1 - a is widened (or narrowed) on both sides by the score that a share of
    (1 - 2a)(1 + 1/n) of the calibration values stay below, which promises its coverage for exchangeable windows.
    Levels without a counterpart are left as they are.

    Shapes: quantiles (W, H, Q), y (W, H) with NaN where nothing was observed; both scaled.
    """
    offsets = np.zeros(quantiles.shape[1:])
    for low, level in enumerate(levels):
        partner = [high for high, other in enumerate(levels) if level < 0.5 and np.isclose(other, 1.0 - level)]
        if not partner:
            continue
        scores = np.maximum(quantiles[..., low] - y, y - quantiles[..., partner[0]])
        margin = _score_quantile(scores, 1.0 - 2.0 * level)
        offsets[:, low], offsets[:, partner[0]] = -margin, margin
    return offsets


def calibrated(
    quantiles: NDArray[np.float64], offsets: NDArray[np.float64], levels: Sequence[float]
) -> NDArray[np.float64]:
    """Quantiles (W, H, Q) moved by offsets (H, Q), kept in order around the median."""
    moved = quantiles + offsets
    median = list(levels).index(0.5)
    moved[..., median:] = np.maximum.accumulate(moved[..., median:], axis=-1)
    moved[..., : median + 1] = np.minimum.accumulate(moved[..., median::-1], axis=-1)[..., ::-1]
    return moved


def _score_quantile(scores: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    """(H,) the finite-sample quantile of the scores (W, H) of each step, or of all steps where windows are few."""
    if len(scores) < ENOUGH_WINDOWS:
        return np.full(scores.shape[1], _finite_quantile(scores.ravel(), share))
    return np.array([_finite_quantile(step, share) for step in scores.T])


def _finite_quantile(scores: NDArray[np.float64], share: float) -> float:
    observed = np.sort(scores[~np.isnan(scores)])
    if not len(observed):
        return 0.0
    rank = int(np.ceil((len(observed) + 1) * share))
    return float(observed[min(rank, len(observed)) - 1])
