"""The plan of a classifier gives the probabilities that the classifier does."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gatelet.errors import GateletError
from gatelet.features.text import TextColumns, TextSettings
from gatelet.plan import Plan, interpret, load_plan
from gatelet.stream import Session
from gatelet.tasks.classification import Classifier
from gatelet.training import TrainingSettings

from .conftest import commands, opinions

New = Callable[..., Classifier]
TEXTS = ("the superb film was slow and grim with bright actors !", "awful", "", "a plot nobody knows was zzz and zzz")
FORWARD: list[dict[str, Any]] = [
    {"pooling": "last", "cell": "lstm", "num_layers": 2},
    {"pooling": "max", "pair_buckets": 31, "text": TextSettings(spelling_buckets=53)},
    {"pooling": "mean", "segment_length": 3, "highway": False},
    {"pooling": "attention", "segment_length": 4},
]
BOTH: list[dict[str, Any]] = [
    {"pooling": "last", "cell": "lstm", "num_layers": 2, "pair_buckets": 31},
    {"pooling": "max", "segment_length": 3, "text": TextSettings(spelling_buckets=53)},
    {"pooling": "attention"},
    {"pooling": "mean", "segment_length": 4, "num_layers": 2},
    {"pooling": "last", "segment_length": 4},
]


def frames(classifier: Classifier, plan: Plan, text: str) -> list[dict[str, Any]]:
    """The tokens of a text: one a step, or all of them in one."""
    tokens = classifier._need_fitted().features.encode([text])
    parts = [
        tokens.spelling[a:b] for a, b in zip(tokens.spelling_offsets[:-1], tokens.spelling_offsets[1:], strict=True)
    ]
    wide = np.full((len(parts), max(map(len, parts))), -1)
    for row, part in enumerate(parts):
        wide[row, : len(part)] = part
    rows = [{"tokens": tokens.ids[at], "spelling": wide[at]} for at in tokens.places]
    if not plan.streamed:
        rows = [{name: np.array([row[name] for row in rows]) for name in ("tokens", "spelling")}]
    names = {value.name for value in plan.inputs}
    return [{name: value for name, value in row.items() if name in names} for row in rows]


def check(classifier: Classifier, streamed: bool) -> None:
    plan = classifier.plan()
    assert plan.streamed is streamed
    expected = classifier.predict(list(TEXTS)).probabilities
    for text, probabilities in zip(TEXTS, expected, strict=True):
        given = frames(classifier, plan, text)
        found = interpret.whole(plan, given)["probabilities"][-1]
        np.testing.assert_allclose(found, probabilities, atol=1e-5)
        if streamed:
            session = Session(plan)
            np.testing.assert_allclose([session.push(frame) for frame in given][-1], probabilities, atol=2e-5)


@pytest.mark.parametrize("options", FORWARD, ids=str)
def test_forward(options: dict[str, Any], new: New, brief: TrainingSettings) -> None:
    check(new(bidirectional=False, **options).fit(opinions(), training=brief), streamed=True)


@pytest.mark.parametrize("options", BOTH, ids=str)
def test_both_directions(options: dict[str, Any], new: New, brief: TrainingSettings) -> None:
    check(new(**options).fit(opinions(), training=brief), streamed=False)


def test_sets_of_classes(new: New, brief: TrainingSettings) -> None:
    classifier = new(bidirectional=False, columns=TextColumns(separator=","))
    check(classifier.fit(opinions(), training=brief), streamed=True)


def test_slots(new: New, brief: TrainingSettings) -> None:
    text = TextSettings(unit="space", spelling_buckets=101)
    assistant = new(columns=TextColumns(slots="tags"), text=text).fit(commands(), training=brief)
    plan, texts = assistant.plan(), commands(6, seed=3)["text"].to_list()
    _, expected = assistant._need_fitted().probabilities(assistant._need_fitted().features.encode(texts))
    for text, slots in zip(texts, expected, strict=True):
        found = interpret.whole(plan, frames(assistant, plan, text))["slots"][0]
        np.testing.assert_allclose(found, slots, atol=1e-4)


def test_the_folder_holds_the_plan(new: New, brief: TrainingSettings, tmp_path: Path) -> None:
    fitted = new().fit(opinions(), training=brief)
    plan = load_plan(fitted.save(tmp_path / "model"))
    assert isinstance(plan, Plan) and plan.digest == fitted.plan().digest
    assert plan.features["labels"] == list(fitted.labels)


def test_what_no_operation_does_is_refused_and_saved_without_plan(
    new: New, brief: TrainingSettings, tmp_path: Path
) -> None:
    classifier = new(vote_once=True).fit(opinions(40), training=brief)
    with pytest.raises(GateletError, match="without vote_once; this one has it"):
        classifier.plan()
    again = Classifier.load(classifier.save(tmp_path / "model"))
    np.testing.assert_array_equal(again.predict(TEXTS).probabilities, classifier.predict(TEXTS).probabilities)
    pytest.importorskip("torchcrf")
    slots = {"columns": TextColumns(slots="tags")}
    with pytest.raises(GateletError, match="without crf; this one has it"):
        new(crf=True, **slots).fit(commands(40), training=brief).plan()


def test_a_device_is_checked_before_training(new: New, brief: TrainingSettings) -> None:
    with pytest.raises(GateletError, match="the largest that fits is"):
        new(bidirectional=False, hidden_size=90).fit(opinions(), device="cortex-m0:24k-flash:4k-ram")
    with pytest.raises(GateletError, match="no smaller one fits either"):
        new().fit(opinions(), device="cortex-m4:256k-flash:1k-ram")
    for bidirectional in (False, True):  # word by word, and a whole text of up to 128 words in one step
        given = new(bidirectional=bidirectional)
        classifier = given.fit(opinions(), training=brief, device="cortex-m4:256k-flash:256k-ram")
        assert classifier.plan().streamed is not bidirectional
