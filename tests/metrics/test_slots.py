"""Slots are scored as seqeval scores them."""

import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st
from seqeval.metrics import f1_score, precision_score, recall_score
from seqeval.metrics.sequence_labeling import get_entities

from gatelet import metrics
from gatelet.errors import DataError

LABELS = st.sampled_from(["O", "B-x", "I-x", "B-y", "I-y", "B-a-b", "I-a-b"])
PAIRS = st.lists(st.tuples(LABELS, LABELS), max_size=12)


@given(st.lists(LABELS, max_size=15))
def test_spans_are_those_of_seqeval(labels: list[str]) -> None:
    assert metrics.spans(labels) == get_entities(labels)


@given(st.lists(PAIRS, min_size=1, max_size=6))
def test_scores_are_those_of_seqeval(sentences: list[list[tuple[str, str]]]) -> None:
    truth = [[one for one, _ in pairs] for pairs in sentences]
    given_labels = [[two for _, two in pairs] for pairs in sentences]
    scores = metrics.slot_scores(truth, given_labels)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # seqeval warns where it divides by zero
        peers = [score(truth, given_labels) for score in (precision_score, recall_score, f1_score)]
    assert list(scores.values()) == pytest.approx(peers, rel=1e-12)


def test_by_hand() -> None:
    truth = ["O", "B-city", "I-city", "I-day", "B-day"]
    assert metrics.spans(truth) == [("city", 1, 2), ("day", 3, 3), ("day", 4, 4)]
    assert metrics.slot_scores([truth], [["O", "B-city", "O", "I-day", "B-day"]])["slot_f1"] == pytest.approx(2 / 3)
    with pytest.raises(DataError, match="lengths differ"):
        metrics.slot_scores([["O"]], [["O", "O"]])
