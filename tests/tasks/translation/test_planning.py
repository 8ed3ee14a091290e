"""The plans of a translator give the scores of every next token, and the attention, that its network gives."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from gatelet.features.text.numbered import numbered
from gatelet.plan import EncoderDecoder, interpret, load_plan
from gatelet.stream import Session
from gatelet.tasks.translation import Translator
from gatelet.tasks.translation.batch import PairCutter
from gatelet.training import TrainingSettings

from .conftest import spelled

SETTINGS: list[dict[str, Any]] = [
    {"attention": "general"},
    {"attention": "dot", "cell": "lstm", "decoder_layers": 3, "num_layers": 2},
    {"attention": "additive", "coverage": True, "input_feeding": True, "tied": False, "decoder_layers": 1},
    {"attention": "additive", "cell": "lstm", "input_feeding": True},
]


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_parity(settings: dict[str, Any], new: Callable[..., Translator], brief: TrainingSettings) -> None:
    translator = new(**settings).fit(spelled(), training=brief)
    model, fitted = translator.plan(), translator._need_fitted()
    network = fitted.network.eval()
    read = numbered(fitted.source, ["1234"])
    batch = PairCutter(read)(torch.tensor([0]))
    with torch.inference_mode():
        states, memory = network.encode(batch)
        assert isinstance(model, EncoderDecoder)
        found, _ = interpret.step(model.encoder, {"source": read.ids}, interpret.start(model.encoder))
        np.testing.assert_allclose(found["memory"], memory.places[0], atol=1e-5)
        np.testing.assert_allclose(found["keys"], memory.keys[0], atol=1e-5)
        state, session = interpret.start(model.decoder), Session(model.decoder)
        for token in (network.sizes.target, 3, 2, 5):
            scores, weights, states = network.step(torch.tensor([[token]]), states, memory)
            written, state = interpret.step(model.decoder, {"token": token, **found}, state)
            np.testing.assert_allclose(written["log_probabilities"], scores[0, 0], atol=2e-5)
            np.testing.assert_allclose(written["attention"], weights[0, 0], atol=1e-5)
            streamed = session.push({"token": token, **found})
            np.testing.assert_allclose(streamed["log_probabilities"], written["log_probabilities"], atol=2e-5)


def test_the_folder_holds_the_plans(new: Callable[..., Translator], brief: TrainingSettings, tmp_path: Path) -> None:
    fitted = new().fit(spelled(), training=brief)
    model = load_plan(fitted.save(tmp_path / "model"))
    assert isinstance(model, EncoderDecoder)
    assert model.decoder.digest == fitted.plan().decoder.digest
    assert model.decoder.features["search"]["beams"] == fitted.search.beams
