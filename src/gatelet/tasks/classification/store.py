"""What is saved of a classifier, and a classifier from it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from gatelet.features.labels import Labels
from gatelet.features.text import TextColumns, TextFeatures
from gatelet.tasks.classification.fitted import Fitted
from gatelet.tasks.classification.network import ClassifierNetwork, ClassifierSettings, ClassifierSizes
from gatelet.tasks.classification.planned import PlannedClassifierNetwork
from gatelet.tasks.classification.planning import plan_of, without_operation
from gatelet.tasks.description import check_sizes, number, texts, whole
from gatelet.tasks.store import Contents, SavedModel

if TYPE_CHECKING:
    from gatelet.tasks.classification.classifier import Classifier

_Classifier = TypeVar("_Classifier", bound="Classifier")


def contents(classifier: Classifier, fitted: Fitted) -> Contents:
    """What is saved of a classifier."""
    settings = {
        "columns": asdict(classifier.columns),
        "label_smoothing": classifier.label_smoothing,
        "balanced": classifier.balanced,
        "out_of_scope": classifier.out_of_scope,
        "rejected": classifier.rejected,
        "network": asdict(classifier.network),
    }
    learned = {
        "threshold": fitted.threshold,
        "sizes": asdict(fitted.network.sizes),
        "labels": list(fitted.labels.names),
        "commonest": fitted.commonest.tolist(),
        "slots": list(fitted.slots),
        "features": fitted.features.to_json(),
    }
    return Contents(settings, learned, plan=None if without_operation(fitted.network) else plan_of(fitted))


def rebuilt(kind: type[_Classifier], saved: SavedModel) -> tuple[_Classifier, Fitted]:
    """A classifier from what was saved."""
    config = saved.config
    features, scope = TextFeatures.from_json(config["features"]), config["out_of_scope"]
    if scope is not None and not isinstance(scope, str):
        raise TypeError(f"out_of_scope must be text; got {scope!r:.80}.")
    classifier = kind(
        columns=TextColumns(**config["columns"]),
        text=features.settings,
        network=ClassifierSettings(**config["network"]),
        label_smoothing=number("label_smoothing", config["label_smoothing"]),
        balanced=bool(config["balanced"]),
        out_of_scope=scope,
        rejected=number("rejected", config["rejected"]),
    )
    labels = Labels(texts("labels", config["labels"]), classifier.columns.separator is not None)
    slots, sizes = texts("slots", config["slots"]), ClassifierSizes(**config["sizes"])
    check_sizes(config)
    _check_agreement(sizes, features, labels, slots)
    planned = saved.planned(PlannedClassifierNetwork, classifier.network, sizes)
    network = planned or saved.network(ClassifierNetwork, classifier.network, sizes)
    commonest = np.array([whole("commonest", value) for value in config["commonest"]], np.int64)
    if commonest.shape != (len(labels),):
        raise ValueError(f"commonest must have {len(labels)} entries; it has {len(commonest)}.")
    return classifier, Fitted(features, labels, slots, network, commonest, number("threshold", config["threshold"]))


def _check_agreement(sizes: ClassifierSizes, features: TextFeatures, labels: Labels, slots: tuple[str, ...]) -> None:
    """Refuse parts that are sound alone but do not belong together: predictions from them would fail later."""
    expected = ClassifierSizes(len(features.vocabulary), features.settings.spelling_buckets, len(labels), len(slots))
    if sizes != expected:
        raise ValueError("the sizes of the network are not those of the vocabulary, the labels and the slots.")
    if len(labels) < 2 or len(set(labels.names)) != len(labels):
        raise ValueError("labels must be at least two different names.")
