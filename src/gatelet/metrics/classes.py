"""Scores of classes.

Axes: y and y_hat are (N,) numbers of classes from 0, or (N, K) of 0 and 1 where a sample may have several of K classes
or none. A class that is neither there nor predicted has no F1 (NaN) and does not count in the mean.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gatelet.errors import DataError


def accuracy(y: ArrayLike, y_hat: ArrayLike) -> float:
    """Share of samples whose class, or whose whole set of classes, is right; NaN without samples."""
    truth, given = _pair(y, y_hat)
    right = truth == given
    return float((right.all(axis=1) if right.ndim == 2 else right).mean()) if len(right) else float("nan")


def confusion(y: ArrayLike, y_hat: ArrayLike, classes: int) -> NDArray[np.int64]:
    """(K, K) how often a sample of the class of the row was taken for that of the column."""
    truth, given = _pair(y, y_hat)
    if truth.ndim != 1:
        raise DataError(f"confusion needs one class per sample; got y of shape {truth.shape}.")
    counts = np.zeros((classes, classes), np.int64)
    np.add.at(counts, (truth, given), 1)
    return counts


def class_scores(y: ArrayLike, y_hat: ArrayLike, classes: int) -> dict[str, NDArray[np.float64]]:
    """Precision = right / predicted, recall = right / there, F1 = 2 right / (predicted + there), support = there.

    Returns:
        each (K,); NaN where it would divide by zero.
    """
    truth, given = (_sets(values, classes) for values in _pair(y, y_hat))
    right, predicted, there = (part.sum(axis=0).astype(float) for part in (truth & given, given, truth))
    return {
        "precision": _ratio(right, predicted),
        "recall": _ratio(right, there),
        "f1": _ratio(2.0 * right, predicted + there),
        "support": there,
    }


def macro_f1(y: ArrayLike, y_hat: ArrayLike, classes: int) -> float:
    """Mean of the F1 of the classes that are there or predicted, each counting the same."""
    f1 = class_scores(y, y_hat, classes)["f1"]
    return float(np.nanmean(f1)) if np.isfinite(f1).any() else float("nan")


def micro_f1(y: ArrayLike, y_hat: ArrayLike, classes: int) -> float:
    """F1 over all decisions together; with one class per sample it is the accuracy."""
    truth, given = (_sets(values, classes) for values in _pair(y, y_hat))
    both = truth.sum() + given.sum()
    return float(2.0 * (truth & given).sum() / both) if both else float("nan")


def _sets(values: NDArray[Any], classes: int) -> NDArray[np.bool_]:
    """(N, K) whether the sample has the class."""
    if values.ndim == 2:
        return values.astype(bool)
    return np.asarray(values[:, None] == np.arange(classes))


def _pair(y: ArrayLike, y_hat: ArrayLike) -> tuple[NDArray[Any], NDArray[Any]]:
    truth, given = np.asarray(y), np.asarray(y_hat)
    if truth.shape != given.shape or truth.ndim not in (1, 2):
        raise DataError(f"y_hat must have the shape of y, (N,) or (N, K); got {given.shape} for {truth.shape}.")
    return truth, given


def _ratio(above: NDArray[np.float64], below: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.divide(above, below, out=np.full_like(above, np.nan), where=below > 0)
