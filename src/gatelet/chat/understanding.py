"""What a text means: its intent and slots, by one classifier, or that it means nothing the bot knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatelet.chat.description import Description, Example, Slot
from gatelet.chat.marking import told, varied
from gatelet.chat.reading import kept_value
from gatelet.features.labels import stratified
from gatelet.features.text import TextColumns, Texts, TextSettings
from gatelet.features.text.splitting import words
from gatelet.tasks.classification import Classifier, ClassifierSettings
from gatelet.training import TrainingSettings
from gatelet.training.progress import Report

# classes beside the author's intents, whose names have no parentheses
QUESTION = "(question)"
ELSEWHERE = "(elsewhere)"
UNSURE = "(unsure)"
# copies with other values of each example with slots
COPIES = 6
# share of the examples of each intent that steer the training and set the threshold
HELD = 0.1

READING = TextSettings(unit="space", spelling_buckets=4096)
NETWORK = ClassifierSettings(hidden_size=48, embedding_size=48, dropout=0.3, embedding_dropout=0.2, word_dropout=0.1)
TRAINING = TrainingSettings(epochs=20, batch_size=16, learning_rate=1e-2, patience=20)


@dataclass(frozen=True)
class Understood:
    """What a text means.

    Attributes:
        intent: name of the intent; `QUESTION`, or `ELSEWHERE` where the bot does not know.
        probability: of the likeliest intent.
        probabilities: (intents) of the author's intents, in their order.
        slots: (name, value) that the text fills.
    """

    intent: str
    probability: float
    probabilities: NDArray[np.float64]
    slots: tuple[tuple[str, str], ...]


class Understanding:
    """A classifier of intents and slots, and which values the slots keep."""

    def __init__(self, classifier: Classifier, intents: Sequence[str], slots: Mapping[str, Slot]) -> None:
        """Wrap a fitted classifier."""
        self.classifier, self._intents, self._slots = classifier, tuple(intents), slots

    def __call__(self, text: str) -> Understood:
        """Understand a text."""
        split = words(text)
        found = self.classifier.predict([" ".join(split)])
        by_name = dict(zip(found.names, found.probabilities[0], strict=True))
        probabilities = np.array([by_name.get(name, 0.0) for name in self._intents])
        intent = found.labels[0][0] if found.labels[0] and self._known(split) else ELSEWHERE
        slots = told(text, found.slots[0]) if found.slots is not None and intent in self._intents else []
        kept = tuple((name, kept_value(self._slots[name], said)) for name, said in slots)
        return Understood(intent, float(found.probabilities.max(initial=0.0)), probabilities, kept)

    def _known(self, split: Sequence[str]) -> bool:
        """Whether training has shown any of the words; of others alone nothing can be made."""
        vocabulary = self.classifier.features.vocabulary
        return any(word.lower() in vocabulary for word in split)


def learn_understanding(
    description: Description, network: ClassifierSettings, training: TrainingSettings, progress: bool | Report = False
) -> Understanding:
    """Train the classifier of a bot on its examples."""
    labelled = _labelled(description)
    labels = [(label,) for label, _ in labelled]
    several = any(labels.count(label) > 1 for label in set(labels))
    first, second = stratified(labels, HELD, training.seed) if several else (np.arange(len(labels)),) * 2
    values = _values(description)
    train = []
    for label in dict.fromkeys(label for label, _ in labelled):
        of_label = [labelled[row][1] for row in first.tolist() if labelled[row][0] == label]
        train += [(label, each) for each in varied(of_label, values, COPIES, training.seed)]
    held = [labelled[row] for row in second.tolist()]
    columns = TextColumns(slots="slots" if description.slots else None)
    classifier = Classifier(columns=columns, text=READING, network=network, out_of_scope=UNSURE)
    slotted = bool(description.slots)
    classifier.fit(_texts(train, slotted), validation=_texts(held, slotted), training=training, progress=progress)
    return Understanding(classifier, tuple(description.intents), description.slots)


def _labelled(description: Description) -> list[tuple[str, Example]]:
    """All examples with their classes."""
    found = [(intent.name, each) for intent in description.intents.values() for each in intent.examples]
    found += [(QUESTION, each) for pair in description.pairs for each in pair.questions]
    found += [(ELSEWHERE, each) for each in description.elsewhere]
    if len({label for label, _ in found}) == 1:  # a bot of one intent needs something to tell it from
        found.append((ELSEWHERE, Example("?", ("?",), ("O",), "")))
    return found


def _values(description: Description) -> dict[str, list[str]]:
    """What may be said for each slot: the values that are declared, and those of the examples."""
    values: dict[str, dict[str, Any]] = {name: dict.fromkeys(slot.values) for name, slot in description.slots.items()}
    for intent in description.intents.values():
        for each in intent.examples:
            for name, said in told(each.text, each.tags):
                values[name][said] = None
    return {name: list(said) for name, said in values.items()}


def _texts(labelled: Sequence[tuple[str, Example]], slotted: bool) -> Texts:
    return Texts(
        tuple(" ".join(each.words) for _, each in labelled),
        tuple((label,) for label, _ in labelled),
        tuple(each.tags for _, each in labelled) if slotted else None,
        tuple(each.place for _, each in labelled),
    )
