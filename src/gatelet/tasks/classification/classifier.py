"""Classify texts with a recurrent network: fit, predict, evaluate, follow word by word, save."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch

from gatelet import plan as plans
from gatelet.deploy.budget import Asked, Device
from gatelet.errors import DataError, GateletError
from gatelet.features.labels import labels_seen_once
from gatelet.features.text import TextColumns, TextFeatures, Texts, TextSettings, read_texts
from gatelet.tasks.arguments import need_shares, need_validation_share
from gatelet.tasks.classification import store
from gatelet.tasks.classification.explanation import Explanation, explain
from gatelet.tasks.classification.fitted import Fitted
from gatelet.tasks.classification.learning import Parts, Plan, learn, prepare, split
from gatelet.tasks.classification.network import ClassifierNetwork, ClassifierSettings
from gatelet.tasks.classification.planning import plan_of
from gatelet.tasks.classification.results import Predictions, Scores, score_classes, score_sets
from gatelet.tasks.classification.stream import Stream
from gatelet.tasks.planned import need_weights
from gatelet.tasks.store import Contents, SavedModel
from gatelet.tasks.task import Task
from gatelet.training import TrainingSettings
from gatelet.training.progress import Report


class Classifier(Task[Fitted, ClassifierNetwork]):
    """Names the class of a text, or its classes, and if asked the slot that each of its words fills.

    classifier = Classifier().fit("reviews.csv")
    classifier.predict(["I laughed all the way."]).labels
    """

    task, noun = "Classifier", "classifier"

    def __init__(
        self,
        *,
        columns: TextColumns | None = None,
        text: TextSettings | None = None,
        network: ClassifierSettings | None = None,
        label_smoothing: float = 0.0,
        balanced: bool = False,
        out_of_scope: str | None = None,
        rejected: float = 0.03,
    ) -> None:
        """Describe a classifier.

        Args:
            columns: which column plays which part; a column of slots makes the words be labelled too.
            text: how text is read; with slots it is split at spaces.
            network: cell and sizes.
            label_smoothing: share of the truth spread over all classes in training, against overconfidence.
            balanced: let rare classes count as much as common ones.
            out_of_scope: the label of texts that belong to no class; what is too uncertain is called so.
            rejected: share of the validation texts in scope that the threshold of certainty may reject.

        Raises:
            GateletError: a value is outside its range.
        """
        super().__init__()
        self.columns = columns or TextColumns()
        self.text = text or TextSettings(unit="space" if self.columns.slots else "word")
        self.network = network or ClassifierSettings()
        need_shares(label_smoothing=label_smoothing, rejected=rejected)
        if self.columns.slots and self.text.unit != "space":
            raise GateletError(f"Slots need text split at spaces, unit 'space'; got '{self.text.unit}'.")
        if self.columns.separator and (out_of_scope or self.columns.slots):
            raise GateletError("Several classes per text go neither with slots nor with out_of_scope; got both.")
        self.label_smoothing, self.balanced = label_smoothing, balanced
        self.out_of_scope, self.rejected = out_of_scope, rejected
        self.seen_once: tuple[str, ...] = ()  # classes with a single text, by which nothing could be validated

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes.

        Raises:
            GateletError: not fitted yet.
        """
        return self._need_fitted().labels.names

    @property
    def features(self) -> TextFeatures:
        """How texts are read: the vocabulary and its settings.

        Raises:
            GateletError: not fitted yet.
        """
        return self._need_fitted().features

    def fit(
        self,
        data: Any,
        *,
        training: TrainingSettings | None = None,
        validation: Any | None = None,
        validation_share: float = 0.1,
        vectors: str | Path | None = None,
        device: str | Device | Asked | None = None,
        checkpoints: Path | None = None,
        resume: bool = False,
        progress: bool | Report = False,
    ) -> Classifier:
        """Learn from labelled texts; the best weights by validation loss are kept.

        Args:
            data: what `read_texts` takes: a CSV, Parquet or .jsonl file, a folder with a subfolder per label, or a
                dataframe.
            training: how to train.
            validation: the same, for choosing the best epoch; by default a share of the data, stratified by class.
            validation_share: in (0, 1).
            vectors: file of pretrained word vectors in the text format of GloVe or fastText.
            device: what the model is to fit as C, such as "cortex-m4:64k-flash:16k-ram"; checked before training.
            checkpoints: folder for checkpoints and logs; a temporary one if None.
            resume: go on from the last checkpoint in that folder.
            progress: draw a bar on stderr, or call this after every batch.

        Raises:
            DataError: the texts cannot be used, see `read_texts`; or fewer than two classes.
            GateletError: nothing to resume from, or training was stopped before the first epoch ended; or the model
                does not fit the device.
        """
        training, asked = training or TrainingSettings(), Asked.of(device)
        plan = self._to_learn(None if vectors is None else Path(vectors))
        texts = self._in_scope(read_texts(data, self.columns))
        parts = self._parts(texts, validation, validation_share, training.seed)
        fitted = prepare(parts, plan, training.seed)
        if asked:
            asked.need_fit(lambda size: self._planned(fitted, size), self.network.hidden_size)
        history = learn(fitted, parts, plan, training, checkpoints=checkpoints, resume=resume, progress=progress)
        scores = self._scores(parts.validation, fitted).to_json()["overall"]["gatelet"]
        self._take(fitted, training, history, **scores)
        self.seen_once = labels_seen_once(texts.labels or ())
        return self

    def prune(
        self,
        data: Any,
        density: float | None = None,
        *,
        inputs: bool = False,
        rank: int | None = None,
        training: TrainingSettings | None = None,
        validation: Any | None = None,
        validation_share: float = 0.1,
        progress: bool | Report = False,
    ) -> Classifier:
        """Train on with fewer recurrent weights: while more and more blocks of them become zero, or of low rank.

        See `gatelet.training.pruning` and `gatelet.training.lowering`.

        Args:
            data: labelled texts as in `fit`, usually the same.
            density: share of the blocks that is left, above 0; 0.1 if there is no rank either.
            inputs: prune the blocks of the weights that meet the inputs of the cell, too.
            rank: of the recurrent weights, instead of a density.
            training: how to train; by default as before, with a quarter of the learning rate.
            validation: as in `fit`.
            validation_share: as in `fit`.
            progress: as in `fit`.

        Raises:
            DataError: the texts cannot be used, or have a class that `fit` has not seen.
            GateletError: not fitted yet, or stopped before the first epoch ended.
        """
        former = self._need_fitted()
        need_weights(former.network, "trained on")
        training = training or replace(self.training, learning_rate=self.training.learning_rate / 4.0)
        training = training.pruning(density, rank, inputs)
        texts = self._in_scope(read_texts(data, self.columns))
        parts = self._parts(texts, validation, validation_share, training.seed)
        # a copy, so that a training that fails leaves the classifier as it was
        fitted = replace(former, network=deepcopy(former.network))
        history = learn(fitted, parts, self._to_learn(None), training, progress=progress)
        scores = self._scores(parts.validation, fitted).to_json()["overall"]["gatelet"]
        self._take(fitted, training, history, **scores)
        return self

    def predict(self, data: Any) -> Predictions:
        """The class of each text.

        Args:
            data: a list of texts, or what `read_texts` takes; labels are not needed.

        Raises:
            DataError: the texts cannot be read.
            GateletError: not fitted yet.
        """
        fitted = self._need_fitted()
        return fitted.predict(read_texts(data, self.columns, labelled=False).texts, self.out_of_scope)

    def evaluate(self, data: Any) -> Scores:
        """Accuracy, macro-F1 and what else applies; noted in `metrics`, and saved with the model.

        Raises:
            DataError: the texts cannot be read, or have a class that training has not shown.
            GateletError: not fitted yet.
        """
        fitted = self._need_fitted()
        scores = self._scores(read_texts(data, self.columns), fitted)
        self.metrics = {"test": scores.to_json()["overall"], "texts": scores.texts}
        return scores

    def stream(self) -> Stream:
        """Follow one text as it comes, word by word.

        Raises:
            GateletError: not fitted yet.
        """
        return Stream(self._need_fitted(), self.out_of_scope)

    def explain(self, text: str, label: str | None = None) -> Explanation:
        """Which words moved the decision.

        Args:
            text: any.
            label: the class to explain; the likeliest if None.

        Raises:
            GateletError: not fitted yet, or no such class.
        """
        return explain(self._need_fitted(), text, label)

    def plan(self) -> plans.Plan:
        """What this classifier computes as data, without torch; `plan_of` says what goes in and out.

        Raises:
            GateletError: not fitted yet.
        """
        return plan_of(self._need_fitted())

    def _contents(self, fitted: Fitted) -> Contents:
        return store.contents(self, fitted)

    @classmethod
    def _rebuilt(cls, saved: SavedModel) -> tuple[Self, Fitted]:
        return store.rebuilt(cls, saved)

    def _to_learn(self, vectors: Path | None) -> Plan:
        return Plan(
            text=self.text,
            network=self.network,
            multiple=self.columns.separator is not None,
            label_smoothing=self.label_smoothing,
            balanced=self.balanced,
            rejected=self.rejected if self.out_of_scope else 0.0,
            vectors=vectors,
        )

    def _parts(self, texts: Texts, validation: Any | None, share: float, seed: int) -> Parts:
        """The texts to learn from and those that steer, from a table of their own or a share of the others."""
        need_validation_share(share)
        held = None if validation is None else self._in_scope(read_texts(validation, self.columns))
        return split(texts, held, share, seed, multiple=self.columns.separator is not None)

    def _planned(self, fitted: Fitted, hidden_size: int) -> plans.Plan:
        """The plan of an untrained classifier that differs in its hidden size."""
        settings = replace(self.network, hidden_size=hidden_size)
        with torch.random.fork_rng():
            return plan_of(replace(fitted, network=ClassifierNetwork(settings, fitted.network.sizes)))

    def _in_scope(self, texts: Texts) -> Texts:
        """The texts that belong to a class."""
        assert texts.labels is not None
        if self.out_of_scope is None:
            return texts
        rows = [row for row, classes in enumerate(texts.labels) if classes != (self.out_of_scope,)]
        if not rows:
            raise DataError(f"Texts must belong to a class; all {len(texts)} are {self.out_of_scope!r}.")
        return texts.take(rows)

    def _scores(self, texts: Texts, fitted: Fitted) -> Scores:
        assert texts.labels is not None
        predictions = fitted.predict(texts.texts, self.out_of_scope)
        if fitted.labels.multiple:
            return score_sets(fitted.labels.targets(texts.labels, texts.places), predictions, fitted.commonest)
        outside = [classes == (self.out_of_scope,) for classes in texts.labels]
        known = [() if out else classes for classes, out in zip(texts.labels, outside, strict=True)]
        targets = fitted.labels.targets(known, texts.places)
        truth = np.where(outside, len(fitted.labels), targets.argmax(1))
        return score_classes(truth, predictions, int(fitted.commonest.argmax()), texts.slots)
