"""Lines of text to a language model, and classifiers of subwords, characters and bytes, line by line."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch
from typer.testing import CliRunner

from gatelet.cli.app import app
from gatelet.errors import DataError, GateletError
from gatelet.features.text import TextSettings
from gatelet.nn import sampling
from gatelet.plan import interpret
from gatelet.stream.answers import answerer
from gatelet.stream.drawing import next_probabilities
from gatelet.tasks.classification import Classifier, ClassifierSettings
from gatelet.tasks.language_modelling import LanguageModel, LanguageModelSettings, SegmentSettings
from gatelet.training import TrainingSettings

GREEDY = sampling.SamplingSettings(top_k=1, max_length=9)
BRIEF = TrainingSettings(epochs=1, steps_per_epoch=3, batch_size=4)
LINES = ("the cat sat on the mat", "the dog sat on the log ;", "a cat and a dog")


def writer(unit: str) -> LanguageModel:
    """A small language model of a small text."""
    network = LanguageModelSettings(embedding_size=8, hidden_size=12, dropout=0.0, embedding_dropout=0.0)
    text = TextSettings(unit=unit, lowercase=False, buckets=0, vocabulary_size=60)
    model = LanguageModel(text=text, network=network, segments=SegmentSettings(length=20), sampling=GREEDY)
    return model.fit(["\n".join(LINES * 30)], training=BRIEF)


@pytest.mark.parametrize("unit", ["word", "character", "byte", "bpe"])
def test_a_language_model_answers_lines(unit: str) -> None:
    pytest.importorskip("tokenizers")
    model = writer(unit)
    plan, script = model.plan(), model.fitted_script
    follower = answerer(model)
    read, state = [script.end], interpret.start(plan)
    for number, line in enumerate(("a dog  sat", "", "the zebra", "sat on")):
        found = follower.answer(line)
        if not line:
            read, state = [script.end], interpret.start(plan)
            continue
        closed = [script.line] * (number == 3)
        tokens = script.tokens(" ".join(line.split()))
        ids = closed + script.numbers(tokens)
        nats = 0.0
        for token in ids:
            written, state = interpret.step(plan, {"token": read[-1]}, state)
            nats -= float(written["log_probabilities"][token])
            read.append(token)
        strange = [token for token, id_ in zip(tokens, script.numbers(tokens), strict=True) if id_ == 1]
        bits = nats / np.log(2) + sum(8 * (len(token.encode()) + 1) for token in strange)
        size = len(" ".join(line.split())) + len(closed)
        assert found["bits_per_character"] == pytest.approx(bits / size, rel=1e-4)
        scores = interpret.step(plan, {"token": read[-1]}, state)[0]["log_probabilities"]
        scores[script.unwritten] = -np.inf
        assert found["next"][0]["probability"] == pytest.approx(np.exp(scores.max()), rel=1e-4)
        assert len(found["next"]) == 5


@pytest.mark.parametrize("unit", ["word", "character", "bpe"])
def test_it_writes_on_as_the_model_does(unit: str) -> None:
    """The likeliest each time, which both draw; and what is written is forgotten."""
    pytest.importorskip("tokenizers")
    model = writer(unit)
    follower = answerer(model, write=9)
    first = follower.answer("the cat")
    assert first["written"] == "".join(model.stream("the cat"))
    again = answerer(model).answer({"text": "the cat", "write": 9})
    assert again == first
    assert follower.answer("sat")["written"] == "".join(model.stream("the cat\nsat"))
    with pytest.raises(DataError, match="'write'"):
        follower.answer({"text": "a", "write": "much"})
    with pytest.raises(DataError, match="expected a line"):
        follower.answer(["a"])


def test_drawing_is_that_of_the_language_model() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        scores = rng.standard_normal(30).round(1)
        scores[rng.integers(30)] = -np.inf
        how: dict[str, Any] = {
            "temperature": float(rng.uniform(0.2, 2.0)),
            "top_k": [None, 1, 7][rng.integers(3)],
            "top_p": [1.0, 0.6][rng.integers(2)],
        }
        expected = sampling.next_probabilities(torch.from_numpy(scores), sampling.SamplingSettings(**how))
        np.testing.assert_allclose(next_probabilities(scores, **how), expected.numpy(), atol=1e-12)


@pytest.mark.parametrize("unit", ["character", "byte", "bpe", "unigram"])
def test_classifiers_of_parts_of_words(unit: str) -> None:
    """Line after line, the answer is that to the text so far."""
    pytest.importorskip("tokenizers")
    texts = pl.DataFrame(
        {"text": ["a superb film !", "an awful film", "é was bad"] * 20, "label": ["a", "b", "c"] * 20}
    )
    network = ClassifierSettings(hidden_size=5, embedding_size=4, bidirectional=False)
    settings = TextSettings(unit=unit, vocabulary_size=60, max_length=8)
    classifier = Classifier(network=network, text=settings).fit(texts, training=BRIEF)
    follower, text = answerer(classifier), ""
    for line in ("an", "awful  é ", "film"):
        text = f"{text} {line.strip()}".strip()
        found = follower.answer(line)
    features = classifier._need_fitted().features  # which would shorten the text
    ids = replace(features, settings=replace(settings, max_length=1000)).encode([text])
    expected = interpret.whole(classifier.plan(), [{"tokens": ids.ids[place]} for place in ids.places])[
        "probabilities"
    ][-1]
    np.testing.assert_allclose(list(found["probabilities"].values()), expected, atol=1e-5)
    follower.answer("")
    assert follower.answer("awful")["probabilities"] == answerer(classifier).answer("awful")["probabilities"]


def test_on_the_command_line_and_without_torch(tmp_path: Path) -> None:
    pytest.importorskip("tokenizers")
    folder = writer("bpe").save(tmp_path / "model")
    done = CliRunner().invoke(app, ["stream", str(folder), "--write", "4"], input="the cat\n\nsat on\n")
    assert done.exit_code == 0, done.output
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer["line"] for answer in answers] == [1, 2, 3]
    assert answers[1]["bits_per_character"] is None and isinstance(answers[2]["written"], str)
    for missing, told in ((["torch", "lightning", "polars"], ""), (["tokenizers"], "gatelet[text]")):
        code = (
            "import sys\n"
            f"for name in {missing!r}: sys.modules[name] = None\n"
            f"sys.argv = ['gatelet', 'stream', {str(folder)!r}, '--write', '4']\n"
            "from gatelet.cli import main\nmain()\n"
        )
        run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, input="the cat\n\nsat on\n")
        assert told in run.stderr and ("Traceback" not in run.stderr), run.stderr
        if not told:
            assert [json.loads(line) for line in run.stdout.splitlines()] == answers


def test_what_writes_nothing_is_not_asked_to() -> None:
    texts = pl.DataFrame({"text": ["a b", "c d"] * 9, "label": ["x", "y"] * 9})
    network = ClassifierSettings(hidden_size=3, embedding_size=2, bidirectional=False)
    with pytest.raises(GateletError, match="must be a language model; it is a Classifier"):
        answerer(Classifier(network=network).fit(texts, training=BRIEF), write=3)
