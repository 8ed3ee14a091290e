"""How a classifier learns: split, vocabulary and classes from the training part, the loop, the threshold."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Unpack

import numpy as np
import torch
from numpy.typing import NDArray

from gatelet.errors import DataError
from gatelet.features.labels import fit_labels, stratified, stratified_sets
from gatelet.features.text import Texts, TextSettings, fit_text, read_vectors
from gatelet.tasks.classification.batch import IGNORED, TextCutter
from gatelet.tasks.classification.fitted import Fitted
from gatelet.tasks.classification.loss import ClassificationLoss, class_weights
from gatelet.tasks.classification.network import ClassifierNetwork, ClassifierSettings, ClassifierSizes
from gatelet.training import Batches, History, Run, TrainingSettings, fit

# texts in a batch of the validation
VALIDATION_BATCH = 128


@dataclass(frozen=True)
class Plan:
    """What is to be learned, and how.

    Attributes:
        text: how text is read.
        network: its settings.
        multiple: a text may have several classes.
        label_smoothing: see `ClassificationLoss`.
        balanced: let every class count the same.
        rejected: share of the validation texts in scope that may be called out of scope; 0 for no threshold.
        vectors: file of pretrained word vectors, or None.
    """

    text: TextSettings
    network: ClassifierSettings
    multiple: bool
    label_smoothing: float
    balanced: bool
    rejected: float
    vectors: Path | None


@dataclass(frozen=True)
class Parts:
    """The texts to learn from and those that steer, all of known classes."""

    train: Texts
    validation: Texts


def split(texts: Texts, validation: Texts | None, share: float, seed: int, *, multiple: bool) -> Parts:
    """A stratified share for validation, unless there is a table for it."""
    if validation is not None:
        return Parts(texts, validation)
    assert texts.labels is not None
    cut = stratified_sets if multiple else stratified
    train, held = cut(texts.labels, share, seed)
    return Parts(texts.take(train.tolist()), texts.take(held.tolist()))


def prepare(parts: Parts, plan: Plan, seed: int) -> Fitted:
    """Everything but the training: vocabulary, classes and fresh weights, from the training part alone."""
    assert parts.train.labels is not None
    features = fit_text(parts.train.texts, plan.text)
    labels = fit_labels(parts.train.labels, multiple=plan.multiple)
    slots = _slot_names(parts.train)
    sizes = ClassifierSizes(len(features.vocabulary), plan.text.spelling_buckets, len(labels), len(slots))
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = ClassifierNetwork(plan.network, sizes)
    most = Counter(parts.train.labels).most_common(1)[0][0]
    fitted = Fitted(features, labels, slots, network, labels.targets([most], [""])[0])
    if plan.vectors is not None:
        _take_vectors(fitted, plan.vectors)
    return fitted


def learn(
    fitted: Fitted,
    parts: Parts,
    plan: Plan,
    training: TrainingSettings,
    **run: Unpack[Run],
) -> History:
    """Train the network of `fitted` in place, and choose the threshold of what is out of scope."""
    assert parts.train.labels is not None
    targets = fitted.labels.targets(parts.train.labels, parts.train.places)
    weights = class_weights(torch.from_numpy(targets), plan.multiple) if plan.balanced else None
    history = fit(
        fitted.network,
        ClassificationLoss(plan.multiple, plan.label_smoothing, weights),
        _batches(fitted, parts.train, training.batch_size, training.seed, training.steps_per_epoch),
        _batches(fitted, parts.validation, VALIDATION_BATCH, None, None),
        training,
        **run,
    )
    if plan.rejected:
        probabilities, _ = fitted.probabilities(fitted.features.encode(parts.validation.texts))
        fitted.threshold = float(np.quantile(probabilities.max(1), plan.rejected))
    return history


def _batches(fitted: Fitted, texts: Texts, size: int, seed: int | None, limit: int | None) -> Batches:
    assert texts.labels is not None
    tokens = fitted.features.encode(texts.texts)
    cutter = TextCutter(tokens, fitted.labels.targets(texts.labels, texts.places), _slot_numbers(fitted, texts))
    return Batches(len(texts), cutter, size, seed=seed, limit=limit, lengths=torch.from_numpy(tokens.lengths))


def _slot_names(texts: Texts) -> tuple[str, ...]:
    """The slot labels, with the B of every I."""
    if texts.slots is None:
        return ()
    seen = {label for labels in texts.slots for label in labels} | {"O"}
    return tuple(sorted(seen | {f"B-{label[2:]}" for label in seen if label.startswith("I-")}))


def _slot_numbers(fitted: Fitted, texts: Texts) -> NDArray[np.int64] | None:
    """(sum of words) number of each word's label; IGNORED for one that training has not shown."""
    if texts.slots is None:
        return None
    numbers = {name: number for number, name in enumerate(fitted.slots)}
    read = [fitted.features.shortened(labels) or ["O"] for labels in texts.slots]
    return np.array([numbers.get(label, IGNORED) for labels in read for label in labels], np.int64)


def _take_vectors(fitted: Fitted, path: Path) -> None:
    """Start the words that the file knows from its vectors, scaled to the spread of the others."""
    vocabulary, weight = fitted.features.vocabulary, fitted.network.embed.weight
    words, vectors = read_vectors(path, frozenset(vocabulary.tokens))
    if vectors.shape[1] != weight.shape[1]:
        raise DataError(f"{path} must have vectors of embedding_size {weight.shape[1]}; they have {vectors.shape[1]}.")
    with torch.no_grad():
        rows = torch.tensor([vocabulary.id(word) for word in words])
        weight[rows] = torch.from_numpy(vectors * (weight.std().item() / max(float(vectors.std()), 1e-6)))
