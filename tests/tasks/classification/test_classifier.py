"""What the verbs of a classifier promise."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch

from gatelet.errors import DataError, GateletError
from gatelet.features.text import TextColumns, TextSettings
from gatelet.tasks.classification import Classifier, ClassifierSettings
from gatelet.training import TrainingProgress, TrainingSettings

from .conftest import commands, opinions

New = Callable[..., Classifier]


def test_it_learns_what_there_is_to_learn(fitted: Classifier) -> None:
    scores = fitted.evaluate(opinions(60, seed=1))
    assert scores.overall["gatelet"]["accuracy"] == 1.0 == scores.overall["gatelet"]["macro_f1"]
    assert scores.overall["commonest"]["accuracy"] == 0.5 and scores.texts == 60
    assert scores.confusion is not None and scores.confusion.tolist() == [[30, 0], [0, 30]]
    assert fitted.metrics["test"]["gatelet"]["accuracy"] == 1.0
    predictions = fitted.predict(["a superb film", "slow and grim", ""])
    assert predictions.labels[:2] == (("pos",), ("neg",)) and len(predictions) == 3
    np.testing.assert_allclose(predictions.probabilities.sum(1), 1.0, rtol=1e-6)
    frame = predictions.frame()
    assert frame.columns == ["label", "p_neg", "p_pos"] and frame["label"].to_list()[:2] == ["pos", "neg"]


@pytest.mark.parametrize(
    "options",
    [
        {"cell": "lstm", "pooling": "last", "num_layers": 2, "recurrent_dropout": 0.1},
        {"bidirectional": False, "pooling": "last", "highway": False},
        {"pooling": "mean", "pair_buckets": 37},
        {"pooling": "attention", "segment_length": 5},
        {"pooling": "max", "segment_length": 3, "cell": "lstm"},
    ],
    ids=str,
)
def test_all_networks_learn_and_padding_does_not_matter(
    options: dict[str, Any], new: New, lively: TrainingSettings
) -> None:
    classifier = new(**options).fit(opinions(), training=lively)
    test = opinions(40, seed=2)
    assert classifier.evaluate(test).overall["gatelet"]["accuracy"] >= 0.9
    together = classifier.predict(test).probabilities
    alone = np.concatenate([classifier.predict([text]).probabilities for text in test["text"]])
    np.testing.assert_allclose(together, alone, atol=1e-6)


@pytest.mark.parametrize("unit", ["character", "byte", "bpe", "unigram"])
def test_all_units_learn(unit: str, new: New, lively: TrainingSettings) -> None:
    text = TextSettings(unit=unit, vocabulary_size=80)
    classifier = new(text=text, hidden_size=16).fit(opinions(), training=lively)
    assert classifier.evaluate(opinions(40, seed=2)).overall["gatelet"]["accuracy"] >= 0.8


def test_words_are_labelled_beside_the_text(assistant: Classifier) -> None:
    overall = assistant.evaluate(commands(60, seed=1)).overall["gatelet"]
    assert overall["accuracy"] == 1.0 and overall["slot_f1"] > 0.95 and overall["sentence_accuracy"] > 0.9
    predictions = assistant.predict(["fly to lima city friday", "wake me today please", ""])
    assert predictions.slots is not None
    assert predictions.slots[0] == ("O", "O", "B-city", "I-city", "B-day")
    assert [len(labels) for labels in predictions.slots] == [5, 4, 0]
    assert predictions.frame()["slots"].to_list()[1] == "O O B-day O"


def test_several_classes_per_text(new: New, lively: TrainingSettings) -> None:
    one, two = opinions(120, seed=0), opinions(120, seed=5)
    both = pl.DataFrame(
        {
            "text": [f"{a} {b}" for a, b in zip(one["text"], two["text"].reverse(), strict=True)] + ["the film"] * 20,
            "label": [f"{a}|{b}" for a, b in zip(one["label"], two["label"].reverse(), strict=True)] + [""] * 20,
        }
    )
    classifier = new(columns=TextColumns(separator="|")).fit(both, training=lively)
    scores = classifier.evaluate(both)
    assert set(scores.overall["gatelet"]) == {"accuracy", "micro_f1", "macro_f1"}
    assert scores.overall["gatelet"]["macro_f1"] > 0.9 and scores.confusion is None
    predictions = classifier.predict(["superb but dull", "the film"])
    assert predictions.written == ("neg,pos", "")


def test_what_is_uncertain_is_out_of_scope(new: New, lively: TrainingSettings) -> None:
    strange = pl.DataFrame({"text": ["zebra quagga", "xylophone"], "label": ["other", "other"]})
    table = pl.concat([opinions(), strange])
    classifier = new(out_of_scope="other", rejected=0.1).fit(table, training=lively)
    assert classifier.labels == ("neg", "pos")
    scores = classifier.evaluate(pl.concat([opinions(40, seed=3), strange]))
    assert scores.names == ("neg", "pos", "other") and scores.overall["gatelet"]["out_of_scope_recall"] == 1.0
    assert scores.overall["gatelet"]["in_scope_accuracy"] >= 0.7
    assert classifier.predict(["zebra"]).written == ("other",) and classifier.predict(["zebra"]).labels == ((),)


def test_seeds_repeat_bit_for_bit_and_leave_random_numbers_alone(new: New, brief: TrainingSettings) -> None:
    table = opinions()
    torch.manual_seed(3)
    expected = float(torch.rand(1))
    torch.manual_seed(3)
    runs = [
        new(word_dropout=0.3).fit(table, training=replace(brief, seed=seed)).predict(table).probabilities
        for seed in (5, 5, 6)
    ]
    assert float(torch.rand(1)) == expected
    np.testing.assert_array_equal(runs[0], runs[1])
    assert not np.array_equal(runs[0], runs[2])


def test_the_validation_texts_teach_nothing(new: New, brief: TrainingSettings) -> None:
    table, first = opinions(), opinions(20, seed=8)
    second = first.with_columns(text=pl.lit("quite other words"))
    one, two = (new().fit(table, training=replace(brief, epochs=1), validation=each) for each in (first, second))
    for a, b in zip(one.module.parameters(), two.module.parameters(), strict=True):
        assert torch.equal(a, b)
    assert one.history.best.validation_loss != two.history.best.validation_loss
    assert "quite" not in two._need_fitted().features.vocabulary


def test_resuming_equals_never_stopping(new: New, brief: TrainingSettings, tmp_path: Path) -> None:
    def crash(at: TrainingProgress) -> None:
        if at.epoch == 2:
            raise ZeroDivisionError

    training = replace(brief, epochs=3)
    whole = new().fit(opinions(), training=training)
    with pytest.raises(ZeroDivisionError):
        new().fit(opinions(), training=training, checkpoints=tmp_path, progress=crash)
    resumed = new().fit(opinions(), training=training, checkpoints=tmp_path, resume=True)
    first, second = (one.predict(opinions()).probabilities for one in (whole, resumed))
    np.testing.assert_array_equal(first, second)


def test_rare_classes_count_as_much_where_asked(new: New, lively: TrainingSettings) -> None:
    table = opinions(200).with_columns(
        label=pl.when(pl.int_range(pl.len()) % 40 == 1).then(pl.lit("rare")).otherwise(pl.lit("usual"))
    )
    plain, balanced = (
        new(balanced=each, highway=False).fit(table, training=replace(lively, epochs=1)) for each in (False, True)
    )
    shares = [each.predict(table).probabilities[:, 0].mean() for each in (plain, balanced)]
    assert shares[1] > 2 * shares[0]


def test_label_smoothing_keeps_probabilities_from_one(new: New, lively: TrainingSettings, fitted: Classifier) -> None:
    smooth = new(pooling="attention", label_smoothing=0.3).fit(opinions(), training=lively)
    surest = [each.predict(opinions(seed=1)).probabilities.max() for each in (fitted, smooth)]
    assert surest[1] < 0.98 < surest[0]


def test_pretrained_vectors_are_taken(new: New, brief: TrainingSettings, tmp_path: Path) -> None:
    path = tmp_path / "vectors.txt"
    path.write_text("superb 1 1 1 1 1 1 1\nawful -1 -1 -1 -1 -1 -1 -1\nabsent 0 0 0 0 0 0 0\n")
    training = replace(brief, epochs=1, steps_per_epoch=1, learning_rate=1e-6)
    classifier = new().fit(opinions(), training=training, vectors=path)
    vocabulary, weight = classifier._need_fitted().features.vocabulary, classifier.module.embed.weight
    good, bad = (weight[vocabulary.id(word)] for word in ("superb", "awful"))
    torch.testing.assert_close(good, -bad, rtol=1e-3, atol=1e-5)
    assert good.std() < 1e-4 < good.mean()
    with pytest.raises(DataError, match="must have vectors of embedding_size 8; they have 7"):
        new(embedding_size=8).fit(opinions(), training=brief, vectors=path)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"label_smoothing": 1.0}, "label_smoothing must be in"),
        ({"rejected": -0.1}, "rejected must be in"),
        ({"columns": TextColumns(slots="tags"), "text": TextSettings()}, "unit 'space'; got 'word'"),
        ({"columns": TextColumns(separator=","), "out_of_scope": "x"}, "go neither with slots"),
    ],
)
def test_what_does_not_go_together_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(GateletError, match=message):
        Classifier(**options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cell": "rnn"}, "cell must be one of gru, lstm; got rnn."),
        ({"pooling": "min"}, "pooling must be one of last, max, mean, attention; got min."),
        ({"hidden_size": 0}, "hidden_size must be a whole number of at least 1; got 0."),
        ({"dropout": 1.0}, "dropout must be in"),
        ({"pair_buckets": 9, "highway": False}, "pair_buckets needs highway"),
    ],
)
def test_networks_are_checked(options: dict[str, Any], message: str) -> None:
    with pytest.raises(GateletError, match=message):
        ClassifierSettings(**options)


def test_it_must_be_fitted_first(new: New, tmp_path: Path) -> None:
    for verb in (lambda: new().predict(["a"]), lambda: new().save(tmp_path), lambda: new().stream()):
        with pytest.raises(GateletError, match="must be fitted first"):
            verb()
