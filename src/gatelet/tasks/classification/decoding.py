"""The best sequence of slot labels that is well formed in BIO: I-kind follows only B-kind or I-kind of that kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Transitions:
    """What it adds to the score of a sequence that one label follows another.

    Attributes:
        follow: (S + 1, S) score of the column's label after the row's; the last row is the start of a text.
        end: (S,) score of a text that ends with the label.
    """

    follow: Array
    end: Array


def well_formed(names: Sequence[str], learned: Transitions | None = None) -> Transitions:
    """Transitions that bar what is no BIO; the others cost nothing, or what a model has learned for them."""
    pairs = [[_may_follow(former, name) for name in names] for former in (*names, "O")]
    learned = learned or Transitions(np.zeros((len(names) + 1, len(names))), np.zeros(len(names)))
    return Transitions(
        np.where(np.array(pairs, bool).reshape(learned.follow.shape), learned.follow, -np.inf), learned.end
    )


def best_labels(scores: Array, transitions: Transitions) -> NDArray[np.int64]:
    """The sequence of the highest score, by Viterbi's algorithm.

    Args:
        scores: (T, S) of each label at each word, such as its log-probability.
        transitions: what `well_formed` gives.

    Returns:
        (T,) labels.
    """
    steps, labels = scores.shape
    score = scores[0] + transitions.follow[-1]
    came_from = np.zeros((steps, labels), np.int64)
    for step in range(1, steps):
        paths = score[:, None] + transitions.follow[:-1]  # (former, next)
        came_from[step] = paths.argmax(0)
        score = paths.max(0) + scores[step]
    best = np.empty(steps, np.int64)
    best[-1] = (score + transitions.end).argmax()
    for step in range(steps - 1, 0, -1):
        best[step - 1] = came_from[step, best[step]]
    return best


def _may_follow(former: str, name: str) -> bool:
    return not name.startswith("I-") or (former != "O" and former[2:] == name[2:])
