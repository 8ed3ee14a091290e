"""A classifier in integers: it predicts, is saved and read like any other, and says what it cannot do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gatelet
from gatelet import plan as p
from gatelet.errors import GateletError, ModelError
from gatelet.stream import Session
from gatelet.tasks.classification import Classifier, ClassifierSettings
from gatelet.tasks.classification.planned import PlannedClassifierNetwork
from gatelet.tasks.quantizing import Quantized
from gatelet.training import TrainingSettings

Settings = Callable[..., Classifier]


@pytest.fixture(scope="module", params=["reads forward", "from both ends"])
def done(request: pytest.FixtureRequest, lively: TrainingSettings, small: ClassifierSettings) -> tuple[Any, Quantized]:
    both = request.param == "from both ends"
    network = replace(small, bidirectional=both, pair_buckets=31, cell="lstm" if both else "gru", num_layers=2)
    model = Classifier(network=network, text=gatelet.TextSettings(spelling_buckets=97)).fit(opinions(), training=lively)
    return model, gatelet.quantize(model, opinions(160, seed=1))


def opinions(rows: int = 120, seed: int = 0) -> Any:
    from .conftest import opinions

    return opinions(rows, seed)


def test_it_says_what_the_floats_say(done: tuple[Classifier, Quantized]) -> None:
    model, found = done
    texts = opinions(40, seed=2)["text"].to_list()
    expected, got = model.predict(texts), found.model.predict(texts)
    assert np.abs(got.probabilities - expected.probabilities).max() < 0.03
    assert got.labels == expected.labels
    assert found.before["accuracy"] == found.after["accuracy"] and found.counted == "32 texts"
    assert found.bytes_after < 0.4 * found.bytes_before
    assert "scores" in found.errors and all(0.0 < error < 0.03 for error in found.errors.values())
    assert all(not drift.grows and drift.steps == 10_000 for drift in found.drift.values()) and found.drift
    names = {type(each).__name__ for each in found.model.plan().operations}
    assert not names & {"GRU", "LSTM", "Dense", "Embedding", "Pool", "Add"}


def test_it_is_saved_and_read(done: tuple[Classifier, Quantized], tmp_path: Path) -> None:
    _, found = done
    folder = found.model.save(tmp_path / "model")
    back = gatelet.load(folder)
    texts = opinions(12, seed=3)["text"].to_list()
    np.testing.assert_array_equal(back.predict(texts).probabilities, found.model.predict(texts).probabilities)
    assert back.num_parameters == found.model.plan().num_parameters
    assert back.evaluate(opinions(12, seed=3)).to_json() == found.model.evaluate(opinions(12, seed=3)).to_json()
    assert (folder / "model.safetensors").stat().st_size < 100
    again = gatelet.load(back.save(tmp_path / "again"))
    assert again.plan().digest == p.load_plan(folder).digest  # type: ignore[union-attr]
    if back.plan().streamed:
        session = Session(folder)
        tokens = back.features.encode(["the film was superb"])
        for place in tokens.places:
            begin, end = tokens.spelling_offsets[place : place + 2]
            said = session.push({"tokens": tokens.ids[place], "spelling": tokens.spelling[begin:end]})
        np.testing.assert_allclose(said, back.predict(["the film was superb"]).probabilities[0], atol=1e-6)


def test_a_folder_without_its_plan_is_refused(done: tuple[Classifier, Quantized], tmp_path: Path) -> None:
    folder = done[1].model.save(tmp_path / "model")
    (folder / "plan.safetensors").unlink()
    with pytest.raises(ModelError, match=r"is damaged: it has no plan\.safetensors"):
        gatelet.load(folder)
    (folder / "plan.json").unlink()
    with pytest.raises(ModelError, match=r"it has no plan\.json"):
        gatelet.load(folder)


def test_what_needs_weights_is_refused(done: tuple[Classifier, Quantized]) -> None:
    _, found = done
    with pytest.raises(GateletError, match="cannot be explained; take the model that it was quantized from"):
        found.model.explain("a superb film")
    with pytest.raises(GateletError, match=r"cannot be followed by this Stream; take gatelet.stream.Session"):
        found.model.stream()
    with pytest.raises(GateletError, match="this one holds integers already"):
        gatelet.quantize(found.model, opinions())


def test_training_with_rounded_weights(done: tuple[Classifier, Quantized], small: ClassifierSettings) -> None:
    model, _ = done
    before = {name: value.clone() for name, value in model.module.state_dict().items()}
    found = gatelet.quantize(model, opinions(160, seed=1), qat=1, seed=1)
    assert found.qat is not None and found.qat["kept"] == (found.qat["training"] < found.qat["calibration"])
    assert found.after["accuracy"] == 1.0
    after = model.module.state_dict()
    assert before.keys() == after.keys() and all(bool((before[name] == after[name]).all()) for name in before)


def test_other_plans_do_not_fit(done: tuple[Classifier, Quantized]) -> None:
    _, found = done
    network = found.model.module
    with pytest.raises(ValueError, match="must be of 5 classes"):
        PlannedClassifierNetwork(network.plan, network.settings, replace(network.sizes, classes=5))
    with pytest.raises(ValueError, match="must read tokens, and spellings if there are any"):
        PlannedClassifierNetwork(network.plan, network.settings, replace(network.sizes, spelling=0))


def test_bad_requests(brief: TrainingSettings, small: ClassifierSettings) -> None:
    model = Classifier(network=replace(small, vote_once=True)).fit(opinions(), training=brief)
    with pytest.raises(GateletError, match="without vote_once"):
        gatelet.quantize(model, opinions())
    with pytest.raises(GateletError, match="qat must be a whole number of at least 0; got -1"):
        gatelet.quantize(model, opinions(), qat=-1)
    with pytest.raises(GateletError, match="test_size is for a Forecaster only"):
        gatelet.quantize(model, opinions(), test_size=3)
    with pytest.raises(GateletError, match="LanguageModel or a Translator can be quantized; got a int"):
        gatelet.quantize(3, opinions())
