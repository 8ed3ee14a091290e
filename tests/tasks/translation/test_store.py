"""Saved translators: back bit for bit, and nothing damaged is taken."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import gatelet
from gatelet.errors import ModelError
from gatelet.features.text import TextSettings
from gatelet.tasks.classification import Classifier
from gatelet.tasks.translation import Translator
from gatelet.training import TrainingSettings

from .conftest import WORDS, spelled

CONFIGURATIONS: dict[str, dict[str, Any]] = {
    "gru": {"languages": ("a", "b")},
    "lstm": {"cell": "lstm", "tied": False, "input_feeding": True, "scheduled_sampling": 0.2},
    "bpe": {"source": TextSettings(unit="bpe", vocabulary_size=40), "target": TextSettings(unit="unigram")},
    "shared": {"shared_vocabulary": True, "source": WORDS},
}


@pytest.mark.parametrize("name", list(CONFIGURATIONS))
def test_a_saved_translator_comes_back_bit_for_bit(
    name: str, new: Callable[..., Translator], brief: TrainingSettings, tmp_path: Path
) -> None:
    first = new(**CONFIGURATIONS[name]).fit(spelled(), training=brief)
    first.evaluate(spelled(10))
    path = first.save(tmp_path / "model")
    second = gatelet.load(path)
    assert isinstance(second, Translator)
    for one in ("columns", "languages", "source", "target", "network", "search", "training", "history", "metrics"):
        assert getattr(first, one) == getattr(second, one), one
    texts = ["123", "", "7"]
    given = [[each[0] for each in one.predict(texts).candidates] for one in (first, second)]
    for a, b in zip(*given, strict=True):
        assert (a.text, a.score) == (b.text, b.score) and (a.attention == b.attention).all()
    again = second.save(tmp_path / "again")
    for file in ("model.safetensors", "config.json"):
        assert (again / file).read_bytes() == (path / file).read_bytes()


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        (("languages",), ["a"]),
        (("languages",), "ab"),
        (("target",), None),
        (("shared_vocabulary",), True),
        (("longest",), "long"),
        (("longest",), 1e9),
        (("longest",), None),
        (("label_smoothing",), 2),
        (("search", "beams"), 10**6),
        (("search", "extra"), 1),
        (("metrics",), []),
        (("sizes", "target"), 10**12),
        (("network", "decoder_layers"), 65),
        (("network", "hidden_size"), 10**9),
        (("network", "input_feeding"), True),
        (("source", "tokens"), ["a"]),
        (("spacing",), {"before": [1], "after": []}),
        (("columns", "source"), "target"),
        (("training", "epochs"), 0),
    ],
    ids=str,
)
def test_what_does_not_hold_together_is_refused(
    keys: tuple[str, ...], value: Any, fitted: Translator, forge: Callable[..., None], tmp_path: Path
) -> None:
    path = fitted.save(tmp_path / "model")
    forge(path, *keys, value=value)
    with pytest.raises(ModelError, match="is damaged"):
        gatelet.load(path)


def test_each_task_reads_its_own(fitted: Translator, forge: Callable[..., None], tmp_path: Path) -> None:
    path = fitted.save(tmp_path / "model")
    with pytest.raises(ModelError, match="must hold a Classifier; it holds 'Translator'"):
        Classifier.load(path)
    with pytest.raises(ModelError):
        fitted.save(path)
    fitted.save(path, overwrite=True)
    forge(path, "task", value="Classifier")
    with pytest.raises(ModelError, match="must hold a Translator; it holds 'Classifier'"):
        Translator.load(path)
