"""Small labelled texts and small classifiers that the tests of classification share."""

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest

from gatelet.features.text import TextColumns, TextSettings
from gatelet.tasks.classification import Classifier, ClassifierSettings
from gatelet.training import TrainingSettings

GOOD, BAD = ("superb", "moving", "funny", "bright"), ("dull", "awful", "slow", "grim")
FILLER = ("the", "film", "was", "and", "a", "plot", "with", "actors")
CITIES, DAYS = ("rome", "paris", "lima", "oslo"), ("monday", "friday", "today")


def opinions(rows: int = 120, seed: int = 0) -> pl.DataFrame:
    """Sentences of 3 to 15 words; one of them says what the label is."""
    rng = np.random.default_rng(seed)
    texts, labels = [], []
    for row in range(rows):
        words = rng.choice(FILLER, rng.integers(2, 15)).tolist()
        words.insert(int(rng.integers(len(words))), str(rng.choice(BAD if row % 2 else GOOD)))
        texts.append(" ".join(words))
        labels.append("neg" if row % 2 else "pos")
    return pl.DataFrame({"text": texts, "label": labels})


def commands(rows: int = 150, seed: int = 0) -> pl.DataFrame:
    """Intents with slots: fly to a city (of one or two words), wake me on a day."""
    rng = np.random.default_rng(seed)
    found = []
    for row in range(rows):
        city, day = str(rng.choice(CITIES)), str(rng.choice(DAYS))
        if row % 2:
            two = rng.random() < 0.5
            text, tags = f"fly to {city}{' city' * two} {day}", f"O O B-city {'I-city ' * two}B-day"
            found.append({"text": text, "label": "fly", "tags": tags})
        else:
            found.append({"text": f"wake me {day} please", "label": "wake", "tags": "O O B-day O"})
    return pl.DataFrame(found)


@pytest.fixture(scope="session")
def lively() -> TrainingSettings:
    """A training of a second that learns these texts."""
    return TrainingSettings(epochs=12, batch_size=16, learning_rate=2e-2, patience=12)


@pytest.fixture(scope="session")
def brief() -> TrainingSettings:
    """A training of a fraction of a second."""
    return TrainingSettings(epochs=2, steps_per_epoch=3, batch_size=16)


@pytest.fixture(scope="session")
def small() -> ClassifierSettings:
    """A network of a few thousand weights."""
    return ClassifierSettings(hidden_size=9, embedding_size=7)


@pytest.fixture(scope="session")
def new() -> Callable[..., Classifier]:
    """Makes small classifiers; options of the network go there, the others to the classifier."""

    def make(**options: Any) -> Classifier:
        own = ("columns", "text", "label_smoothing", "balanced", "out_of_scope", "rejected")
        kept = {name: options.pop(name) for name in own if name in options}
        return Classifier(network=ClassifierSettings(**{"hidden_size": 9, "embedding_size": 7, **options}), **kept)

    return make


@pytest.fixture(scope="session")
def fitted(new: Callable[..., Classifier], lively: TrainingSettings) -> Classifier:
    """A classifier of opinions; not to be changed."""
    return new(pooling="attention").fit(opinions(), training=lively)


@pytest.fixture(scope="session")
def assistant(new: Callable[..., Classifier], lively: TrainingSettings) -> Classifier:
    """A classifier of commands and their slots; not to be changed."""
    columns = TextColumns(slots="tags")
    return new(columns=columns, text=TextSettings(unit="space", spelling_buckets=101)).fit(commands(), training=lively)
