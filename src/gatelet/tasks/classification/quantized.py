"""What a classifier is quantized with: texts to calibrate, to train, and to score."""

from __future__ import annotations

from copy import copy, deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch

from gatelet.features.labels import stratified, stratified_sets
from gatelet.features.text import Texts, read_texts
from gatelet.plan import Plan
from gatelet.tasks.classification.batch import TextCutter
from gatelet.tasks.classification.learning import Parts, learn, split
from gatelet.tasks.classification.learning import Plan as Learning
from gatelet.tasks.classification.loss import ClassificationLoss
from gatelet.tasks.classification.network import ClassifierNetwork
from gatelet.tasks.classification.planned import PlannedClassifierNetwork, frames_of
from gatelet.training import TrainingSettings
from gatelet.training.progress import Report

if TYPE_CHECKING:
    from gatelet.deploy.quantization.observing import Sequences
    from gatelet.tasks.classification.classifier import Classifier

# texts that tell how large values become
CALIBRATION_TEXTS = 500
# share of the texts that the scores are of, and of the rest that says whether training helped
HELD_OUT = 0.2


class ClassifierMaterial:
    """What a classifier is quantized with.

    The texts are cut into three: most to calibrate (and to train on), a part that says whether training helped, and a
    part for the scores, unless there is a table for that.
    """

    metric, higher_is_better = "accuracy", True

    def __init__(self, classifier: Classifier, data: Any, test: Any | None, seed: int) -> None:
        """Read and cut the texts."""
        self._classifier, self._seed = classifier, seed
        self.fitted = classifier._need_fitted()
        texts = classifier._in_scope(read_texts(data, classifier.columns))
        multiple = self.fitted.labels.multiple
        if multiple:
            self.metric = "micro_f1"
        if test is None:
            assert texts.labels is not None
            cut = stratified_sets if multiple else stratified
            train, held = cut(texts.labels, HELD_OUT, seed)
            texts, self._test = texts.take(train.tolist()), texts.take(held.tolist())
        else:
            self._test = read_texts(test, classifier.columns)
        self._parts = split(texts, None, HELD_OUT, seed, multiple=multiple)

    def calibration(self, plan: Plan) -> list[tuple[Plan, Sequences]]:
        """The plan, and texts as frames."""
        texts = self._parts.train.texts[:CALIBRATION_TEXTS]
        batch = TextCutter(self.fitted.features.encode(texts))(torch.arange(len(texts)))
        sequences = frames_of(batch, plan)
        return [(plan, sequences if plan.streamed else [[frame for sequence in sequences for frame in sequence]])]

    def planned(self, plan: Plan) -> ClassifierNetwork:
        """A network that runs a plan."""
        return PlannedClassifierNetwork(plan, self.fitted.network.settings, self.fitted.network.sizes)

    def with_network(self, network: Any) -> Classifier:
        """The classifier with another network."""
        other = copy(self._classifier)
        other._fitted = replace(self.fitted, network=network)
        return other

    def copied(self) -> ClassifierNetwork:
        """The network, to be trained."""
        return deepcopy(self.fitted.network)

    def learn(self, network: Any, training: TrainingSettings, progress: bool | Report) -> None:
        """Train a network in place."""
        classifier = self._classifier
        settings = Learning(
            text=classifier.text,
            network=classifier.network,
            multiple=self.fitted.labels.multiple,
            label_smoothing=classifier.label_smoothing,
            balanced=classifier.balanced,
            rejected=0.0,
            vectors=None,
        )
        learn(replace(self.fitted, network=network), self._parts, settings, training, progress=progress)

    def validation_loss(self, network: Any) -> float:
        """The mean loss of the part that says whether training helped."""
        return _loss(self, network, self._parts)

    def scores(self, classifier: Classifier) -> dict[str, float]:
        """What the task itself says of the part that is held out."""
        found = classifier._scores(self._test, classifier._need_fitted()).to_json()["overall"]["gatelet"]
        return {name: value for name, value in found.items() if isinstance(value, float)}

    @property
    def counted(self) -> str:
        """What the scores are of."""
        return f"{len(self._test)} texts"


def _loss(material: ClassifierMaterial, network: Any, parts: Parts) -> float:
    texts: Texts = parts.validation
    assert texts.labels is not None
    fitted = material.fitted
    cut = TextCutter(fitted.features.encode(texts.texts), fitted.labels.targets(texts.labels, texts.places))
    with torch.inference_mode():
        batch = cut(torch.arange(len(texts)))
        classes, _ = network.eval()(batch)
        return float(ClassificationLoss(fitted.labels.multiple)._of_classes(classes, batch.targets, 0.0))
