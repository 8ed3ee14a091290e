"""Slots with a conditional random field: what it learns decides between sequences, and survives saving."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch

from gatelet.features.text import TextColumns
from gatelet.tasks.classification import Classifier
from gatelet.training import TrainingSettings

from .conftest import commands

pytest.importorskip("torchcrf")
New = Callable[..., Classifier]
COLUMNS = TextColumns(slots="tags")


@pytest.fixture(scope="module")
def assistant(new: New, lively: TrainingSettings) -> Classifier:
    return new(columns=COLUMNS, crf=True).fit(commands(), training=lively)


def test_it_learns_and_is_saved(assistant: Classifier, tmp_path: Path) -> None:
    test = commands(60, seed=1)
    scores = assistant.evaluate(test).overall["gatelet"]
    assert scores["accuracy"] == 1.0 and scores["slot_f1"] >= 0.98
    again = Classifier.load(assistant.save(tmp_path / "model"))
    assert again.network.crf and again.predict(test).slots == assistant.predict(test).slots


def test_what_follows_what_is_learned(assistant: Classifier) -> None:
    transitions = assistant.module.transitions()
    assert transitions is not None
    slots = [label for labels in commands()["tags"] for label in labels.split()]
    names = sorted(set(slots))
    follow = transitions.follow[names.index("B-city")]
    assert names[int(follow.argmax())] in {"I-city", "B-day"}, "a city goes on, or a day follows it"
    with torch.no_grad():
        scores = torch.randn(1, 4, len(names))
        best = assistant.module.crf.decode(scores, torch.ones(1, 4, dtype=torch.bool))[0]
    paths = [np.array(best), np.zeros(4, np.int64)]
    totals = [
        scores[0].numpy()[np.arange(4), path].sum()
        + transitions.follow[-1, path[0]]
        + transitions.follow[path[:-1], path[1:]].sum()
        + transitions.end[path[-1]]
        for path in paths
    ]
    assert totals[0] >= totals[1], "the library's best sequence scores as high by these transitions"


def test_a_slot_that_training_has_not_shown_and_empty_texts(new: New, brief: TrainingSettings) -> None:
    strange = pl.DataFrame({"text": ["fly to mars", ""], "label": ["fly", "wake"], "tags": ["O O B-planet", ""]})
    validation = pl.concat([commands(8), strange])
    classifier = new(columns=COLUMNS, crf=True).fit(commands(40), validation=validation, training=brief)
    assert np.isfinite(classifier.history.best.validation_loss)
    assert classifier.predict(["", "fly"]).slots is not None


def test_without_slots_there_is_none(new: New, brief: TrainingSettings) -> None:
    table = commands(40).drop("tags")
    assert new(crf=True).fit(table, training=brief).module.transitions() is None
