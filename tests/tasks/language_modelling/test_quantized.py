"""A language model in integers: it writes, is scored, saved and read like any other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import gatelet
from gatelet.errors import GateletError, ModelError
from gatelet.stream import Session
from gatelet.tasks.language_modelling import LanguageModel
from gatelet.tasks.language_modelling.planned import PlannedLanguageNetwork
from gatelet.tasks.quantizing import Quantized
from gatelet.training import TrainingSettings

from .conftest import SPACES, New, counted

Done = tuple[LanguageModel, Quantized]
TEXTS = [counted(60, seed=1), counted(9, seed=2), "3 4 5", counted(7, seed=3)]


@pytest.fixture(scope="module", params=["gru", "lstm"])
def done(request: pytest.FixtureRequest, new: New, fitted: LanguageModel, brief: TrainingSettings) -> Done:
    model = fitted
    if request.param == "lstm":
        model = new(text=SPACES, cell="lstm", num_layers=2, tied=False).fit([counted()], training=brief)
    return model, gatelet.quantize(model, TEXTS)


def test_it_foretells_what_the_floats_foretell(done: Done) -> None:
    model, found = done
    assert found.metric == "perplexity" and set(found.before) == {"perplexity", "bits_per_token", "bits_per_character"}
    for name, value in found.before.items():
        assert found.after[name] == pytest.approx(value, rel=0.01)
    assert found.bytes_after < 0.5 * found.bytes_before and not found.kept
    assert all(not drift.grows and drift.steps == 10_000 for drift in found.drift.values()) and found.drift
    assert (
        found.model.predict("1 2", sampling=greedy(model)).texts == model.predict("1 2", sampling=greedy(model)).texts
    )
    names = {type(each).__name__ for each in found.model.plan().operations}
    assert not names & {"GRU", "LSTM", "Dense", "Embedding"}


def greedy(model: LanguageModel) -> gatelet.SamplingSettings:
    return replace(model.sampling, top_k=1, max_length=12, seed=1)


def test_documents_side_by_side_are_each_read_alone(done: Done) -> None:
    _, found = done
    fitted = found.model._need_fitted()
    whole = fitted.nats(fitted.script.corpus(TEXTS))
    assert whole == pytest.approx(sum(fitted.nats(fitted.script.corpus([text])) for text in TEXTS), rel=1e-6)


def test_it_is_saved_and_read(done: Done, tmp_path: Path) -> None:
    _, found = done
    folder = found.model.save(tmp_path / "model")
    back = gatelet.load(folder)
    assert back.evaluate(TEXTS).to_json() == found.model.evaluate(TEXTS).to_json()
    assert back.num_parameters == found.model.plan().num_parameters
    again = gatelet.load(back.save(tmp_path / "again"))
    assert again.plan().digest == back.plan().digest
    network, session = back.module, Session(folder)
    states = network.initial(1)
    for token in (back.fitted_script.end, 3, 4, 2):
        with torch.inference_mode():
            scores, states = network.step(token, states)
        np.testing.assert_array_equal(session.push({"token": token}), scores.numpy())


def test_a_folder_without_its_frequencies_is_refused(done: Done, tmp_path: Path) -> None:
    from safetensors.torch import save_file

    from gatelet.tasks.store import read_config, read_weights

    folder = done[1].model.save(tmp_path / "model")
    config = read_config(folder)
    weights = read_weights(folder, config)
    assert list(weights) == ["log_frequencies"]
    save_file({}, folder / "model.safetensors")
    with pytest.raises(ModelError, match="is damaged"):
        gatelet.load(folder)


def test_training_with_rounded_weights(done: Done) -> None:
    model, _ = done
    before = {name: value.clone() for name, value in model.module.state_dict().items()}
    found = gatelet.quantize(model, TEXTS, qat=1, test=[counted(20, seed=5)])
    assert found.qat is not None and found.qat["kept"] == (found.qat["training"] < found.qat["calibration"])
    after = model.module.state_dict()
    assert before.keys() == after.keys() and all(bool((before[name] == after[name]).all()) for name in before)


def test_other_plans_do_not_fit(done: Done) -> None:
    network = done[1].model.module
    with pytest.raises(ValueError, match="must give log probabilities of 5 tokens"):
        PlannedLanguageNetwork(network.plan, network.settings, 5)
    inputs = (replace(network.plan.inputs[0], kind="float"),)
    with pytest.raises((ValueError, ModelError), match="token"):
        PlannedLanguageNetwork(replace(network.plan, inputs=inputs), network.settings, network.size)


def test_bad_requests(done: Done) -> None:
    model, found = done
    with pytest.raises(GateletError, match="A LanguageModel is scored on texts; test_size is for a Forecaster only"):
        gatelet.quantize(model, TEXTS, test_size=3)
    with pytest.raises(GateletError, match="this one holds integers already"):
        gatelet.quantize(found.model, TEXTS)
