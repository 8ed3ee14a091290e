"""Saved classifiers: back bit for bit, and nothing damaged is taken."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gatelet
from gatelet.errors import ModelError
from gatelet.features.text import TextColumns, TextSettings
from gatelet.tasks.classification import Classifier
from gatelet.tasks.forecasting import Forecaster
from gatelet.training import TrainingSettings

from .conftest import commands, opinions

CONFIGURATIONS: dict[str, dict[str, Any]] = {
    "gru": {},
    "lstm": {"cell": "lstm", "num_layers": 2, "pooling": "attention", "pair_buckets": 15, "balanced": True},
    "bpe": {"text": TextSettings(unit="bpe", vocabulary_size=63, spelling_buckets=17)},
    "scope": {"out_of_scope": "other", "rejected": 0.2, "label_smoothing": 0.1},
    "slots": {"columns": TextColumns(slots="tags")},
    "several": {"columns": TextColumns(separator=",")},
}


@pytest.mark.parametrize("name", list(CONFIGURATIONS))
def test_a_saved_classifier_comes_back_bit_for_bit(
    name: str, new: Callable[..., Classifier], brief: TrainingSettings, tmp_path: Path
) -> None:
    table = commands() if name == "slots" else opinions()
    first = new(**CONFIGURATIONS[name]).fit(table, training=brief)
    first.evaluate(table)
    path = first.save(tmp_path / "model")
    second = gatelet.load(path)
    for one in ("columns", "text", "network", "training", "history", "metrics", "labels", "num_parameters"):
        assert getattr(first, one) == getattr(second, one), one
    texts = ["a superb film", "", "zebra"]
    given = [each.predict(texts) for each in (first, second)]
    np.testing.assert_array_equal(given[0].probabilities, given[1].probabilities)
    assert given[0].written == given[1].written and given[0].slots == given[1].slots
    again = second.save(tmp_path / "again")
    for file in ("model.safetensors", "config.json"):
        assert (again / file).read_bytes() == (path / file).read_bytes()


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        (("labels",), ["pos"]),
        (("labels",), ["pos", "pos"]),
        (("labels",), "pos"),
        (("slots",), ["O"]),
        (("commonest",), [1]),
        (("threshold",), "high"),
        (("threshold",), 2),
        (("out_of_scope",), 3),
        (("metrics",), []),
        (("sizes", "vocabulary"), 10**12),
        (("network", "num_layers"), 65),
        (("network", "hidden_size"), 10**9),
        (("network", "cell"), "rnn"),
        (("network", "highway"), False),
        (("features", "tokens"), ["a"]),
        (("features", "tokens"), [1]),
        (("features", "settings", "unit"), "bpe"),
        (("features", "settings", "extra"), 1),
        (("columns", "text"), "label"),
        (("training", "epochs"), 0),
    ],
    ids=str,
)
def test_what_does_not_hold_together_is_refused(
    keys: tuple[str, ...], value: Any, fitted: Classifier, forge: Callable[..., None], tmp_path: Path
) -> None:
    path = fitted.save(tmp_path / "model")
    forge(path, *keys, value=value)
    with pytest.raises(ModelError, match="is damaged"):
        gatelet.load(path)


def test_each_task_reads_its_own(fitted: Classifier, forge: Callable[..., None], tmp_path: Path) -> None:
    path = fitted.save(tmp_path / "model")
    with pytest.raises(ModelError, match="must hold a Forecaster; it holds 'Classifier'"):
        Forecaster.load(path)
    forge(path, "task", value="Forecaster")
    with pytest.raises(ModelError, match="must hold a Classifier; it holds 'Forecaster'"):
        Classifier.load(path)
