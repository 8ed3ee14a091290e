"""Following a text word by word ends where reading it whole does."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gatelet.features.text import TextSettings
from gatelet.tasks.classification import Classifier
from gatelet.training import TrainingSettings

from .conftest import opinions

New = Callable[..., Classifier]
WORDS = "the superb film was slow and grim with bright actors !".split()
FORWARD = [
    {"pooling": "last", "cell": "lstm", "num_layers": 2},
    {"pooling": "max", "pair_buckets": 31},
    {"pooling": "mean", "segment_length": 3, "highway": False},
    {"pooling": "attention", "segment_length": 4},
]


@pytest.mark.parametrize("options", FORWARD, ids=str)
def test_carrying_the_state_is_reading_again(options: dict[str, Any], new: New, brief: TrainingSettings) -> None:
    classifier = new(bidirectional=False, **options).fit(opinions(), training=brief)
    stream = classifier.stream()
    assert stream.carries_state
    for count, word in enumerate(WORDS, 1):
        followed = stream.update(word)
        whole = classifier.predict([" ".join(WORDS[:count])])
        np.testing.assert_allclose(followed.probabilities, whole.probabilities, atol=1e-6)
        assert followed.labels == whole.labels
    again = classifier.stream()
    for chunk in (WORDS[:2], [], WORDS[2:9], WORDS[9:]):
        last = again.update(" ".join(chunk))
    np.testing.assert_allclose(last.probabilities, followed.probabilities, atol=1e-6)


def test_what_reads_from_both_ends_reads_again(fitted: Classifier, assistant: Classifier) -> None:
    for classifier in (fitted, assistant):
        stream = classifier.stream()
        assert not stream.carries_state
        for count, word in enumerate(WORDS, 1):
            expected = classifier.predict([" ".join(WORDS[:count])])
            given = stream.update(word)
            np.testing.assert_array_equal(given.probabilities, expected.probabilities)
            assert given.slots == expected.slots


def test_a_word_that_votes_once_is_counted_in_the_whole_text(new: New, brief: TrainingSettings) -> None:
    classifier = new(bidirectional=False, vote_once=True, pair_buckets=31).fit(opinions(), training=brief)
    stream = classifier.stream()
    for words in ("so so", "dull dull", "so dull"):
        followed = stream.update(words)
    whole = classifier.predict(["so so dull dull so dull"])
    np.testing.assert_allclose(followed.probabilities, whole.probabilities, atol=1e-6)


def test_nothing_yet_is_the_empty_text(new: New, brief: TrainingSettings) -> None:
    for options in ({"bidirectional": False}, {"text": TextSettings(unit="bpe", vocabulary_size=60)}):
        classifier = new(**options).fit(opinions(), training=brief)
        np.testing.assert_array_equal(
            classifier.stream().update("").probabilities, classifier.predict([""]).probabilities
        )
