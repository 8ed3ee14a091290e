"""The plan of a language model gives the scores of every next token that its network gives."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from gatelet.plan import Plan, interpret, load_plan
from gatelet.stream import Session
from gatelet.tasks.language_modelling import LanguageModel
from gatelet.training import TrainingSettings

from .conftest import SPACES, New, counted


@pytest.mark.parametrize(
    "options",
    [{"weight_drop": 0.3}, {"cell": "lstm", "num_layers": 2, "tied": False}, {"hidden_size": 12, "num_layers": 2}],
    ids=str,
)
def test_parity(options: dict[str, Any], new: New, brief: TrainingSettings) -> None:
    model = new(text=SPACES, **options).fit([counted()], training=brief)
    plan, network = model.plan(), model.module
    states, state, session = network.initial(1), interpret.start(plan), Session(plan)
    for token in (model.fitted_script.end, 3, 4, model.fitted_script.line, 2):
        with torch.inference_mode():
            scores, states = network.step(token, states)
        written, state = interpret.step(plan, {"token": token}, state)
        np.testing.assert_allclose(written["log_probabilities"], scores.log_softmax(-1), atol=2e-5)
        np.testing.assert_allclose(session.push({"token": token}), written["log_probabilities"], atol=2e-5)


def test_the_folder_holds_the_plan(fitted: LanguageModel, tmp_path: Path) -> None:
    plan = load_plan(fitted.save(tmp_path / "model"))
    assert isinstance(plan, Plan) and plan.streamed
    assert plan.digest == fitted.plan().digest and plan.features["end"] == fitted.fitted_script.end
