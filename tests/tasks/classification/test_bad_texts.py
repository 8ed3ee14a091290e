"""Texts as the world has them: empty, endless, of one class, of labels seen once, in scripts of all kinds."""

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest

from gatelet.errors import DataError
from gatelet.features.text import TextColumns
from gatelet.tasks.classification import Classifier
from gatelet.training import TrainingSettings

from .conftest import commands, opinions

New = Callable[..., Classifier]


def test_empty_texts_are_texts(new: New, brief: TrainingSettings) -> None:
    table = pl.concat([opinions(40), pl.DataFrame({"text": ["", None, " \t"], "label": ["pos", "neg", "neg"]})])
    classifier = new().fit(table, training=brief)
    probabilities = classifier.predict(["", " ", "\u200f"]).probabilities
    assert np.isfinite(probabilities).all() and (probabilities == probabilities[0]).all()
    with pytest.raises(DataError, match="must hold a word; all"):
        new().fit(table.with_columns(text=pl.lit("")), training=brief)


def test_a_label_seen_once_is_learned_from_and_named(new: New, brief: TrainingSettings) -> None:
    table = pl.concat([opinions(40), pl.DataFrame({"text": ["a film"], "label": ["unique"]})])
    classifier = new().fit(table, training=brief)
    assert classifier.labels == ("neg", "pos", "unique") and classifier.seen_once == ("unique",)


def test_one_class_only_is_refused(new: New, brief: TrainingSettings) -> None:
    with pytest.raises(DataError, match="at least two classes; all 18 rows are 'pos'"):
        new().fit(opinions(20).with_columns(label=pl.lit("pos")), training=brief)


def test_a_label_that_training_has_not_shown_is_named_with_its_row(new: New, brief: TrainingSettings) -> None:
    classifier = new().fit(opinions(40), training=brief)
    table = pl.concat([opinions(3), pl.DataFrame({"text": ["a film"], "label": ["meh"]})])
    with pytest.raises(DataError, match="the table, row 3: expected one of the 2 known labels; got 'meh'."):
        classifier.evaluate(table)


def test_a_line_of_100_000_words(new: New, brief: TrainingSettings) -> None:
    endless = "superb " * 100_000
    table = pl.concat([opinions(40), pl.DataFrame({"text": [endless, endless], "label": ["pos", "pos"]})])
    classifier = new(segment_length=100).fit(table, training=brief)
    assert np.isfinite(classifier.predict([endless, "dull"]).probabilities).all()


def test_empty_and_endless_texts_have_slots_too(new: New, brief: TrainingSettings) -> None:
    endless = " ".join(f"w{number % 50}" for number in range(3001))
    strange = {"text": ["", endless], "label": ["wake", "fly"], "tags": ["", " ".join(["O"] * 3000 + ["B-day"])]}
    table = pl.concat([commands(40), pl.DataFrame(strange)])
    classifier = new(columns=TextColumns(slots="tags")).fit(table, training=brief)
    assert 0.0 <= classifier.evaluate(table).overall["gatelet"]["slot_f1"] <= 1.0
    slots = classifier.predict(table).slots
    assert slots is not None and [len(labels) for labels in slots[-2:]] == [0, 3001]
    assert set(slots[-1][1000:2001]) == {"O"}, "the middle of a long text is not read"


def test_sets_of_classes_need_not_repeat(new: New, brief: TrainingSettings) -> None:
    sets = [",".join(name for bit, name in enumerate("abcde") if row >> bit & 1) for row in range(31)]
    table = opinions(32).with_columns(label=pl.Series([*sets, "a,rare"]))
    assert new(columns=TextColumns(separator=",")).fit(table, training=brief).labels == (*"abcde", "rare")


def test_all_scripts_and_signs(new: New, lively: TrainingSettings) -> None:
    good, bad = ("רע 👍🏽 \u202eabc", "جيد", "良い\x00", "\ud83d café"), ("👎", "غير", "悪い\x1b", "שלום\u200f cafe")
    table = pl.DataFrame(
        {
            "text": [text.encode("utf-8", "replace").decode() for text in good * 8 + bad * 8],
            "label": ["good"] * 32 + ["bad"] * 32,
        }
    )
    classifier = new(dropout=0.0, embedding_dropout=0.0, word_dropout=0.0).fit(table, training=lively)
    assert classifier.predict([*good, *bad]).labels == (("good",),) * 4 + (("bad",),) * 4
