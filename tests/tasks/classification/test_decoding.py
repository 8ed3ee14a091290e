import itertools

import numpy as np
import pytest

from gatelet.metrics import spans
from gatelet.tasks.classification.decoding import Array, Transitions, best_labels, well_formed

NAMES = ("B-x", "B-y", "I-x", "I-y", "O")


def is_well_formed(labels: tuple[str, ...]) -> bool:
    return all(
        not label.startswith("I-") or (former != "O" and former[2:] == label[2:])
        for former, label in zip(("O", *labels), labels, strict=False)
    )


def total(labels: tuple[int, ...], scores: Array, transitions: Transitions) -> float:
    followed = sum(transitions.follow[pair] for pair in zip((-1, *labels), labels, strict=False))
    return float(followed + transitions.end[labels[-1]] + sum(scores[step, label] for step, label in enumerate(labels)))


@pytest.mark.parametrize("steps", [1, 2, 5])
def test_the_best_of_all_well_formed_sequences_is_found(steps: int) -> None:
    rng = np.random.default_rng(steps)
    for learned in [None, *(Transitions(rng.normal(size=(6, 5)), rng.normal(size=5)) for _ in range(20))]:
        transitions = well_formed(NAMES, learned)
        scores = np.log(rng.dirichlet(np.ones(5), steps))
        every = [
            each for each in itertools.product(range(5), repeat=steps) if is_well_formed(tuple(NAMES[i] for i in each))
        ]
        best = max(every, key=lambda each: total(each, scores, transitions))
        assert tuple(best_labels(scores, transitions)) == best
        assert spans([NAMES[label] for label in best]) is not None
