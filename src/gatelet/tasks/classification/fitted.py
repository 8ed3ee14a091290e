"""What fitting leaves behind, and how it is run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from gatelet.features.labels import Labels
from gatelet.features.text import TextFeatures, Tokens
from gatelet.tasks.classification.batch import TextCutter
from gatelet.tasks.classification.decoding import best_labels, well_formed
from gatelet.tasks.classification.network import ClassifierNetwork
from gatelet.tasks.classification.results import Predictions
from gatelet.training import portions

Array = NDArray[np.float64]

# tokens, padding counted, that one forward pass without gradients takes
FORWARD_TOKENS = 32_768


@dataclass
class Fitted:
    """A network with what it needs to read texts and to name classes.

    Attributes:
        features: how to read a text.
        labels: the classes.
        slots: the slot labels of words, () for none.
        network: with its weights.
        commonest: (K,) the set of classes that most training texts have.
        threshold: a text whose likeliest class is less probable is out of scope.
    """

    features: TextFeatures
    labels: Labels
    slots: tuple[str, ...]
    network: ClassifierNetwork
    commonest: NDArray[np.int64]
    threshold: float = 0.0

    def probabilities(self, tokens: Tokens) -> tuple[Array, list[Array]]:
        """(N, K) probabilities of the classes, and for each text the (T, S) log-probabilities of its slot labels."""
        classes = np.empty((len(tokens), len(self.labels)))
        words: list[Array] = [np.empty((0, 0))] * len(tokens)
        cut = TextCutter(tokens)
        with torch.inference_mode():
            for index in portions(tokens.lengths, FORWARD_TOKENS):
                batch = cut(index)
                scores, slots = self.network.eval()(batch)
                scores = scores.double()
                classes[index.numpy()] = (scores.sigmoid() if self.labels.multiple else scores.softmax(1)).numpy()
                if slots is not None:
                    for row, length, values in zip(
                        index.tolist(), batch.lengths.tolist(), slots.double().log_softmax(2), strict=True
                    ):
                        words[row] = values[:length].numpy()
        return classes, words

    def predict(self, texts: tuple[str, ...], out_of_scope: str | None) -> Predictions:
        """The classes of texts, and the slot labels of their words."""
        probabilities, words = self.probabilities(self.features.encode(texts))
        names = self.labels.names
        slots = None
        if self.slots:
            transitions = well_formed(self.slots, self.network.transitions())
            slots = tuple(
                _of_all_words([self.slots[label] for label in best_labels(each, transitions)], len(text.split()))
                for text, each in zip(texts, words, strict=True)
            )
        return Predictions(names, probabilities, self.decide(probabilities), slots, out_of_scope)

    def decide(self, probabilities: Array) -> tuple[tuple[str, ...], ...]:
        """The classes that these probabilities (N, K) stand for."""
        names = self.labels.names
        if self.labels.multiple:
            return tuple(tuple(name for name, p in zip(names, row, strict=True) if p >= 0.5) for row in probabilities)
        best, sure = probabilities.argmax(1), probabilities.max(1) >= self.threshold
        return tuple((names[number],) if inside else () for number, inside in zip(best, sure, strict=True))


def _of_all_words(labels: list[str], words: int) -> tuple[str, ...]:
    """A label for each word, also for those in the middle of a long text that were not read, and none without words."""
    if words == 0:
        return ()
    unread = ["O"] * (words - len(labels))
    head = len(labels) - len(labels) // 2
    return (*labels[:head], *unread, *labels[head:])
