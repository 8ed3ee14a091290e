"""The best sequence of slot labels that is well formed in BIO: I-kind follows only B-kind or I-kind of that kind."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def allowed(names: Sequence[str]) -> NDArray[np.bool_]:
    """(S + 1, S) whether the label of the column may follow that of the row; the last row is the start of a text."""
    pairs = [[_may_follow(former, name) for name in names] for former in (*names, "O")]
    return np.array(pairs, bool).reshape(len(names) + 1, len(names))


def best_labels(log_probabilities: NDArray[np.float64], may_follow: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The well-formed sequence of the highest probability, by Viterbi's algorithm.

    Args:
        log_probabilities: (T, S) of each label at each word.
        may_follow: what `allowed` gives.

    Returns:
        (T,) labels.
    """
    steps, labels = log_probabilities.shape
    barred = np.where(may_follow, 0.0, -np.inf)
    score = log_probabilities[0] + barred[-1]
    came_from = np.zeros((steps, labels), np.int64)
    for step in range(1, steps):
        paths = score[:, None] + barred[:-1]  # (former, next)
        came_from[step] = paths.argmax(0)
        score = paths.max(0) + log_probabilities[step]
    best = np.empty(steps, np.int64)
    best[-1] = score.argmax()
    for step in range(steps - 1, 0, -1):
        best[step - 1] = came_from[step, best[step]]
    return best


def _may_follow(former: str, name: str) -> bool:
    return not name.startswith("I-") or (former != "O" and former[2:] == name[2:])
