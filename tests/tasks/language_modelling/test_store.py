"""Saved language models: back bit for bit, and nothing damaged is taken."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import gatelet
from gatelet import plan
from gatelet.errors import ModelError
from gatelet.features.text import TextSettings
from gatelet.nn.sampling import SamplingSettings
from gatelet.tasks.language_modelling import LanguageModel
from gatelet.tasks.translation import Translator
from gatelet.training import TrainingSettings

from .conftest import New, counted

CONFIGURATIONS: dict[str, dict[str, Any]] = {
    "gru": {"column": "tale", "sampling": SamplingSettings(stop=("\n", "x"), top_k=5, seed=1)},
    "lstm": {"cell": "lstm", "num_layers": 2, "tied": False, "varied": True, "weight_drop": 0.1},
    "word": {"text": TextSettings(unit="word")},
    "bpe": {"text": TextSettings(unit="bpe", vocabulary_size=30)},
}


def test_weights_of_low_rank_come_back_as_factors(new: New, brief: TrainingSettings, tmp_path: Path) -> None:
    first = new(num_layers=2).fit([counted()], training=replace(brief, rank=3))
    assert {"layers.0.weight_hh_left_l0", "layers.1.weight_hh_right_l0"} <= set(first.module.state_dict())
    second = gatelet.load(first.save(tmp_path / "model"))
    assert first.evaluate([counted(5)]) == second.evaluate([counted(5)])
    cells = [each for each in second.plan().operations if isinstance(each, plan.GRU)]
    assert [each.right is not None and each.right.shape for each in cells] == [(3, 20)] * 2


@pytest.mark.parametrize("name", list(CONFIGURATIONS))
def test_a_saved_model_comes_back_bit_for_bit(name: str, new: New, brief: TrainingSettings, tmp_path: Path) -> None:
    first = new(**CONFIGURATIONS[name]).fit([counted()], training=brief)
    first.evaluate([counted(10)])
    path = first.save(tmp_path / "model")
    second = gatelet.load(path)
    assert isinstance(second, LanguageModel)
    for one in ("text", "column", "network", "segments", "sampling", "training", "history", "metrics"):
        assert getattr(first, one) == getattr(second, one), one
    sampling = SamplingSettings(seed=2, max_length=30)
    assert first.predict("1 2", sampling=sampling) == second.predict("1 2", sampling=sampling)
    assert first.evaluate([counted(5)]) == second.evaluate([counted(5)])
    again = second.save(tmp_path / "again")
    path = first.save(path, overwrite=True)
    for file in ("model.safetensors", "config.json"):
        assert (again / file).read_bytes() == (path / file).read_bytes()


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        (("column",), 3),
        (("network", "hidden_size"), 10**9),
        (("network", "hidden_size"), 21),
        (("network", "num_layers"), 65),
        (("network", "cell"), "rnn"),
        (("segments", "length"), 0),
        (("segments",), None),
        (("sampling", "temperature"), 0),
        (("sampling", "stop"), [""]),
        (("text", "tokens"), ["a"]),
        (("text", "settings", "buckets"), 4),
        (("text", "settings", "spelling_buckets"), 4),
        (("spacing",), {"before": [1], "after": []}),
        (("metrics",), []),
        (("training", "epochs"), 0),
    ],
    ids=str,
)
def test_what_does_not_hold_together_is_refused(
    keys: tuple[str, ...], value: Any, fitted: LanguageModel, forge: Callable[..., None], tmp_path: Path
) -> None:
    path = fitted.save(tmp_path / "model")
    forge(path, *keys, value=value)
    with pytest.raises(ModelError, match="is damaged"):
        gatelet.load(path)


def test_each_task_reads_its_own(fitted: LanguageModel, forge: Callable[..., None], tmp_path: Path) -> None:
    path = fitted.save(tmp_path / "model")
    with pytest.raises(ModelError, match="must hold a Translator; it holds 'LanguageModel'"):
        Translator.load(path)
    with pytest.raises(ModelError):
        fitted.save(path)
    forge(path, "task", value="Translator")
    with pytest.raises(ModelError, match="must hold a LanguageModel; it holds 'Translator'"):
        LanguageModel.load(path)
