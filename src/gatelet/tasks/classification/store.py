"""A classifier as a folder, and back."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from gatelet.errors import ModelError
from gatelet.features.labels import Labels
from gatelet.features.text import TextColumns, TextFeatures
from gatelet.tasks.classification.fitted import Fitted
from gatelet.tasks.classification.network import ClassifierNetwork, ClassifierSettings, ClassifierSizes
from gatelet.tasks.classification.planning import plan_of, without_operation
from gatelet.tasks.store import check_weights, described, read_config, read_weights, write_model
from gatelet.training import History, TrainingSettings

if TYPE_CHECKING:
    from gatelet.tasks.classification.classifier import Classifier

TASK = "Classifier"
# far above any model that trains; a description beyond this is hostile
LARGEST_SIZE = 2**24
MOST_LAYERS = 64


def save(classifier: Classifier, fitted: Fitted, path: Path, overwrite: bool) -> Path:
    """Write a fitted classifier, see `write_model`."""
    description = {
        "columns": asdict(classifier.columns),
        "label_smoothing": classifier.label_smoothing,
        "balanced": classifier.balanced,
        "out_of_scope": classifier.out_of_scope,
        "rejected": classifier.rejected,
        "threshold": fitted.threshold,
        "network": asdict(classifier.network),
        "sizes": asdict(fitted.network.sizes),
        "labels": list(fitted.labels.names),
        "commonest": fitted.commonest.tolist(),
        "slots": list(fitted.slots),
        "training": asdict(classifier.training),
        "history": classifier.history.to_json(),
        "metrics": classifier.metrics,
        "features": fitted.features.to_json(),
    }
    plan = None if without_operation(fitted.network) else plan_of(fitted)
    return write_model(path, TASK, description, dict(fitted.network.state_dict()), overwrite, plan)


def load(kind: type[Classifier], path: Path) -> Classifier:
    """Read a classifier that `save` wrote.

    Raises:
        ModelError: the folder is absent, damaged, from a newer gatelet, or no classifier.
        MissingExtraError: it knows subwords, and the library for them is not installed.
    """
    config = read_config(path)
    if config.get("task") != TASK:
        raise ModelError(f"{path} must hold a {TASK}; it holds {config.get('task')!r:.80}.")
    weights = read_weights(path, config)
    with described(path):
        features = TextFeatures.from_json(config["features"])
        classifier = _described_classifier(kind, config, features)
        labels = Labels(_names("labels", config["labels"]), classifier.columns.separator is not None)
        slots = _names("slots", config["slots"])
        sizes = ClassifierSizes(**config["sizes"])
        _check_sizes(config)
        _check_agreement(sizes, features, labels, slots)
        with torch.device("meta"):
            check_weights(path, ClassifierNetwork(classifier.network, sizes), weights)
        network = ClassifierNetwork(classifier.network, sizes)
        network.load_state_dict(weights)
        network.eval()
        commonest = np.array([_whole("commonest", value) for value in config["commonest"]], np.int64)
        if commonest.shape != (len(labels),):
            raise ValueError(f"commonest must have {len(labels)} entries; it has {len(commonest)}.")
        fitted = Fitted(features, labels, slots, network, commonest, _share("threshold", config["threshold"]))
    classifier.restore(fitted)
    return classifier


def _described_classifier(kind: type[Classifier], config: dict[str, Any], features: TextFeatures) -> Classifier:
    """A classifier that is not fitted yet, as the configuration says."""
    scope = config["out_of_scope"]
    if scope is not None and not isinstance(scope, str):
        raise TypeError(f"out_of_scope must be text; got {scope!r:.80}.")
    classifier = kind(
        columns=TextColumns(**config["columns"]),
        text=features.settings,
        network=ClassifierSettings(**config["network"]),
        label_smoothing=_share("label_smoothing", config["label_smoothing"]),
        balanced=bool(config["balanced"]),
        out_of_scope=scope,
        rejected=_share("rejected", config["rejected"]),
    )
    classifier.training = TrainingSettings(**config["training"])
    if not isinstance(config["metrics"], dict):
        raise TypeError(f"metrics must be an object; got {config['metrics']!r:.80}.")
    classifier.metrics = config["metrics"]
    classifier.history = History.from_json(config["history"])
    return classifier


def _check_sizes(config: dict[str, Any]) -> None:
    """Refuse sizes that no weights could have, before a network of them is described."""
    for name, value in (config["sizes"] | config["network"]).items():
        if type(value) is int:
            _whole(name, value)
    for name in ("vocabulary", "spelling", "classes", "slots"):
        _whole(name, config["sizes"][name])
    if config["network"]["num_layers"] > MOST_LAYERS:
        raise ValueError(f"num_layers must be at most {MOST_LAYERS}; got {config['network']['num_layers']}.")


def _check_agreement(sizes: ClassifierSizes, features: TextFeatures, labels: Labels, slots: tuple[str, ...]) -> None:
    """Refuse parts that are sound alone but do not belong together: predictions from them would fail later."""
    expected = ClassifierSizes(len(features.vocabulary), features.settings.spelling_buckets, len(labels), len(slots))
    if sizes != expected:
        raise ValueError("the sizes of the network are not those of the vocabulary, the labels and the slots.")
    if len(labels) < 2 or len(set(labels.names)) != len(labels):
        raise ValueError("labels must be at least two different names.")


def _whole(name: str, value: Any) -> int:
    if type(value) is not int or not 0 <= value <= LARGEST_SIZE:
        raise ValueError(f"{name} must be a whole number from 0 to {LARGEST_SIZE}; got {value!r:.80}.")
    return value


def _share(name: str, value: Any) -> float:
    if type(value) not in (int, float) or not 0.0 <= value <= 1.0:
        raise ValueError(f"{name} must be a number from 0 to 1; got {value!r:.80}.")
    return float(value)


def _names(name: str, values: Any) -> tuple[str, ...]:
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise TypeError(f"{name} must be a list of names.")
    return tuple(values)
