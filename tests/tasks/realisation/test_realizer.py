import json
from pathlib import Path
from typing import Any

import pytest
import torch

import gatelet
from gatelet.errors import DataError, GateletError, ModelError
from gatelet.features.text import TextSettings
from gatelet.features.text.acts import DialogueAct
from gatelet.nn.beam_search import SearchSettings
from gatelet.tasks.realisation import Realizer, RealizerSettings
from gatelet.training import TrainingSettings

from .conftest import acts


def test_new_values_are_said_and_no_slot_is_left_out(fitted: Realizer) -> None:
    found = fitted.predict(["inform(food='New Thai';name=Üstün)", "inform(name=X;kids=no)", "goodbye()"])
    assert found.texts == ("Üstün serves New Thai food.", "X takes no kids.", "Goodbye!")
    assert found.candidates[0][0].tokens == ("SLOT_NAME", "serves", "SLOT_FOOD", "food", ".")
    assert fitted.predict([DialogueAct("goodbye")]).texts == ("Goodbye!",)


def test_candidates_are_ranked_by_slot_errors_first(fitted: Realizer) -> None:
    found = fitted.predict(["inform(name=X;food=Thai)"], search=SearchSettings(beams=4, best=4))
    frame = found.frame()
    assert frame["rank"].to_list() == [1, 2, 3, 4] and frame["errors"].to_list() == sorted(frame["errors"].to_list())
    assert frame["errors"][0] == 0 and len(found) == 1


def test_the_scores_of_what_it_knows(fitted: Realizer) -> None:
    scores = fitted.evaluate(acts())
    assert scores.overall["gatelet"] == {"bleu": pytest.approx(1.0, abs=1e-3), "slot_error": 0.0}
    assert scores.overall["act read out"]["bleu"] < 0.1
    assert (scores.acts, scores.distinct) == (24, 3)
    assert [row["method"] for row in scores.rows()] == ["gatelet", "act read out"]
    assert json.loads(json.dumps(scores.to_json()))["acts"] == 24


def test_unknown_types_and_slots_still_say_something(fitted: Realizer) -> None:
    assert all(fitted.predict(["shout(volume=11)", "inform(name=yes)"]).texts)


def test_a_saved_realizer_says_the_same(fitted: Realizer, tmp_path: Path) -> None:
    path = fitted.save(tmp_path / "model")
    again = gatelet.load(path)
    assert isinstance(again, Realizer) and again.num_parameters == fitted.num_parameters
    asked = ["inform(name=A;food=B)", "goodbye()"]
    assert again.predict(asked).candidates == fitted.predict(asked).candidates
    assert again.rules == fitted.rules and again.metrics == fitted.metrics
    with pytest.raises(ModelError):
        gatelet.Classifier.load(path)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("sizes", {"types": 2, "parts": 3, "tokens": 10**9}),
        ("types", "inform"),
        ("constants", {"name": 3}),
        ("longest", 0),
        ("longest", True),
        ("rules", {"keywords": {"kids": []}, "uncounted_slots": [], "uncounted_acts": []}),
        ("network", {"hidden_size": -1}),
        ("metrics", 3),
        ("parts", ["a"]),
        ("search", {"beams": 10**6}),
        ("spacing", {"before": [1], "after": []}),
    ],
)
def test_a_damaged_description_is_refused(fitted: Realizer, tmp_path: Path, key: str, value: Any) -> None:
    path = fitted.save(tmp_path / "model")
    config = json.loads((path / "config.json").read_text())
    (path / "config.json").write_text(json.dumps(config | {key: value}))
    with pytest.raises(ModelError, match="damaged"):
        Realizer.load(path)


def test_the_same_seed_gives_the_same_model() -> None:
    settings = TrainingSettings(epochs=1, batch_size=8)
    one, two = (
        Realizer(network=RealizerSettings(embedding_size=4, hidden_size=5)).fit(acts(), training=settings)
        for _ in range(2)
    )
    for a, b in zip(one.module.parameters(), two.module.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"text": TextSettings(unit="character", buckets=0)}, "units of word or space; got character"),
        ({"text": TextSettings()}, "buckets and spelling_buckets must be 0"),
        ({"error_cost": -1.0}, "error_cost must be from 0"),
        ({"label_smoothing": 1.0}, "label_smoothing must be in"),
    ],
)
def test_settings_out_of_range(options: dict[str, Any], message: str) -> None:
    with pytest.raises(GateletError, match=message):
        Realizer(**options)
    with pytest.raises(GateletError, match="hidden_size must be a whole number"):
        RealizerSettings(hidden_size=0)


def test_data_that_cannot_be_used() -> None:
    with pytest.raises(GateletError, match="must be fitted first"):
        Realizer().predict(["goodbye()"])
    with pytest.raises(DataError, match=r"act 2: A dialogue act must look like .*; got 'bye'"):
        Realizer().fit([("goodbye()", "Bye!"), ("bye", "Bye!")])
    with pytest.raises(DataError, match="two at least"):
        Realizer().fit([("goodbye()", "Bye!")])
    with pytest.raises(DataError, match="words on both sides"):
        Realizer().fit([("goodbye()", " ")])
