"""Scores of slots: spans of words with a kind, written as BIO labels, by the rules of conlleval and seqeval.

A span begins at B-kind, and at I-kind that follows O or another kind; it counts as found only with both ends and kind.

Source: Tjong Kim Sang and De Meulder, Introduction to the CoNLL-2003 Shared Task (conlleval); the package seqeval.
"""

from __future__ import annotations

from collections.abc import Sequence

from gatelet.errors import DataError

Span = tuple[str, int, int]


def spans(labels: Sequence[str]) -> list[Span]:
    """The spans of one sentence: kind, first word, last word."""
    found: list[Span] = []
    former = "O"
    for place, label in enumerate(labels):
        if label != "O":
            kind = label[2:]
            if label.startswith("B-") or former == "O" or former[2:] != kind:
                found.append((kind, place, place))
            else:
                found[-1] = (kind, found[-1][1], place)
        former = label
    return found


def slot_scores(truth: Sequence[Sequence[str]], given: Sequence[Sequence[str]]) -> dict[str, float]:
    """Precision, recall and F1 of the spans of all sentences together; 0 where nothing is there to divide by.

    Raises:
        DataError: not the same sentences.
    """
    if [len(labels) for labels in truth] != [len(labels) for labels in given]:
        raise DataError("Slots must be scored against as many labels for the same sentences; the lengths differ.")
    pairs = [(set(spans(one)), set(spans(two))) for one, two in zip(truth, given, strict=True)]
    right = sum(len(one & two) for one, two in pairs)
    there, found = sum(len(one) for one, _ in pairs), sum(len(two) for _, two in pairs)
    return {
        "slot_precision": right / found if found else 0.0,
        "slot_recall": right / there if there else 0.0,
        "slot_f1": 2.0 * right / (found + there) if found + there else 0.0,
    }
