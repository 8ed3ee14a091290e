"""A translator in integers but for its attention: it translates, is scored, saved and read like any other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import gatelet
from gatelet.errors import GateletError, ModelError
from gatelet.tasks.quantizing import Quantized
from gatelet.tasks.translation import Translator
from gatelet.tasks.translation.planned import PlannedTranslatorNetwork
from gatelet.training import TrainingSettings

from .conftest import spelled

Done = tuple[Translator, Quantized]
SETTINGS = [
    {"attention": "general"},
    {"attention": "additive", "cell": "lstm", "coverage": True, "input_feeding": True, "decoder_layers": 1},
]


@pytest.fixture(scope="module", params=SETTINGS, ids=["gru", "lstm"])
def done(request: pytest.FixtureRequest, new: Callable[..., Translator], brief: TrainingSettings) -> Done:
    model = new(**request.param).fit(spelled(), training=brief)
    return model, gatelet.quantize(model, spelled())


def test_it_scores_what_the_floats_score(done: Done) -> None:
    _, found = done
    assert found.metric == "bleu" and set(found.before) == {"bleu", "chrf", "exact", "nats_per_token"}
    assert found.after["nats_per_token"] == pytest.approx(found.before["nats_per_token"], rel=0.01)
    assert found.kept == ("context",) and found.bytes_after < 0.5 * found.bytes_before
    assert "scores" in found.errors and all(error < 0.03 for error in found.errors.values())
    assert all(not drift.grows for drift in found.drift.values()) and found.drift
    plans = found.model.plan()
    names = {type(each).__name__ for plan in (plans.encoder, plans.decoder) for each in plan.operations}
    assert "Attention" in names and not names & {"GRU", "LSTM", "Dense", "Embedding"}


def test_plans_of_floats_search_as_the_network_does(done: Done) -> None:
    model, _ = done
    fitted = model._need_fitted()
    network = PlannedTranslatorNetwork(model.plan(), fitted.network.settings, fitted.network.sizes)
    texts = ["1234", "2", "55501"]
    expected, got = (each.translate(texts, model.search) for each in (fitted, replace(fitted, network=network)))
    assert got.texts == expected.texts
    for one, other in zip(got.candidates, expected.candidates, strict=True):
        assert one[0].log_probability == pytest.approx(other[0].log_probability, abs=1e-3)


def test_it_is_saved_and_read(done: Done, tmp_path: Path) -> None:
    _, found = done
    folder = found.model.save(tmp_path / "model")
    back = gatelet.load(folder)
    texts = ["1234", "2", "55501"]
    assert back.predict(texts).texts == found.model.predict(texts).texts
    plans = back.plan()
    assert back.num_parameters == plans.encoder.num_parameters + plans.decoder.num_parameters
    again = gatelet.load(back.save(tmp_path / "again"))
    assert again.plan().decoder.digest == plans.decoder.digest
    with pytest.raises(GateletError, match="this one holds integers already"):
        gatelet.quantize(back, spelled())
    for name in ("plan.json", "plan.safetensors"):
        (folder / name).unlink(missing_ok=True)
    for file in folder.glob("*coder*"):
        file.unlink()
    with pytest.raises(ModelError):
        gatelet.load(folder)


def test_training_with_rounded_weights(done: Done) -> None:
    model, _ = done
    before = {name: value.clone() for name, value in model.module.state_dict().items()}
    found = gatelet.quantize(model, spelled(), qat=1, test=spelled())
    assert found.qat is not None and found.qat["kept"] == (found.qat["training"] < found.qat["calibration"])
    after = model.module.state_dict()
    assert before.keys() == after.keys() and all(bool((before[name] == after[name]).all()) for name in before)


def test_other_plans_do_not_fit(done: Done) -> None:
    model, _ = done
    network = model.module
    with pytest.raises(ValueError, match="must score 4 tokens"):
        PlannedTranslatorNetwork(model.plan(), network.settings, replace(network.sizes, target=3))
