"""The plan of a realizer gives the scores of every next token, and what is left to be said, as its network does."""

from pathlib import Path

import numpy as np
import pytest
import torch

from gatelet.features.text.acts import DialogueAct
from gatelet.plan import Plan, interpret, load_plan
from gatelet.stream import Session
from gatelet.tasks.realisation import Realizer, RealizerSettings
from gatelet.training import TrainingSettings

from .conftest import acts


def check(realizer: Realizer, act: str) -> None:
    plan, fitted = realizer.plan(), realizer._need_fitted()
    network = fitted.network.eval()
    kinds, parts = fitted.coder([DialogueAct.parse(act)])
    states = network.initial(torch.from_numpy(parts))
    state, session = interpret.start(plan), Session(plan)
    for token in (network.sizes.tokens, 3, 4, 5, 3):
        with torch.inference_mode():
            scores, _, states = network.step(torch.tensor([[token]]), states, torch.from_numpy(kinds))
        frame = {"token": token, "type": kinds[0], "parts": parts[0]}
        frame = {value.name: frame[value.name] for value in plan.inputs}
        written, state = interpret.step(plan, frame, state)
        streamed = session.push(frame)
        named = streamed if isinstance(streamed, dict) else {"log_probabilities": streamed}
        np.testing.assert_allclose(written["log_probabilities"], scores[0, 0], atol=2e-5)
        np.testing.assert_allclose(named["log_probabilities"], written["log_probabilities"], atol=2e-5)
        if parts.size:
            np.testing.assert_allclose(written["left"], states[1][0, 0], atol=1e-6)
            np.testing.assert_allclose(named["left"], written["left"], atol=1e-6)


def test_parity(fitted: Realizer) -> None:
    check(fitted, "inform(name='Red Door';food=Thai)")
    check(fitted, "goodbye()")


@pytest.mark.filterwarnings("ignore:Initializing zero-element tensors")
def test_acts_without_parts(quick: TrainingSettings) -> None:
    said = [(f"{word}()", f"{word} now .") for word in ("goodbye", "hello")]
    network = RealizerSettings(embedding_size=3, hidden_size=5)
    check(Realizer(network=network).fit(said, validation=said, training=quick), "hello()")


def test_the_folder_holds_the_plan(fitted: Realizer, tmp_path: Path) -> None:
    plan = load_plan(fitted.save(tmp_path / "model"))
    assert isinstance(plan, Plan) and plan.streamed
    assert plan.digest == fitted.plan().digest
    assert plan.features["types"] == ["goodbye", "inform"] and len(acts()) == 24
