import itertools

import numpy as np
import pytest

from gatelet.metrics import spans
from gatelet.tasks.classification.decoding import allowed, best_labels

NAMES = ("B-x", "B-y", "I-x", "I-y", "O")


def well_formed(labels: tuple[str, ...]) -> bool:
    return all(
        not label.startswith("I-") or (former != "O" and former[2:] == label[2:])
        for former, label in zip(("O", *labels), labels, strict=False)
    )


@pytest.mark.parametrize("steps", [1, 2, 5])
def test_the_best_of_all_well_formed_sequences_is_found(steps: int) -> None:
    rng = np.random.default_rng(steps)
    may_follow = allowed(NAMES)
    for _ in range(20):
        scores = np.log(rng.dirichlet(np.ones(5), steps))
        every = [
            each for each in itertools.product(range(5), repeat=steps) if well_formed(tuple(NAMES[i] for i in each))
        ]
        best = max(every, key=lambda each: sum(scores[step, label] for step, label in enumerate(each)))
        assert tuple(best_labels(scores, may_follow)) == best
        assert spans([NAMES[label] for label in best]) is not None
