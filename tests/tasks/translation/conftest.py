"""Small pairs of texts and small translators that the tests of translation share."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gatelet.features.text import TextSettings
from gatelet.tasks.translation import Translator, TranslatorSettings
from gatelet.training import TrainingSettings

DIGITS = ("nil", "one", "two", "three", "four", "five", "six")
WORDS = TextSettings(unit="word", buckets=0)
CHARACTERS = TextSettings(unit="character", buckets=0)

Pair = tuple[str, str]


def spelled(rows: int = 160, seed: int = 0) -> list[Pair]:
    """Numbers and their digits spelled out, backwards: "123" is "three two one"."""
    rng = np.random.default_rng(seed)
    numbers = ["".join(rng.choice(list("0123456"), rng.integers(1, 5))) for _ in range(rows)]
    return [(number, " ".join(DIGITS[int(digit)] for digit in reversed(number))) for number in numbers]


@pytest.fixture(scope="session")
def brief() -> TrainingSettings:
    """A training of a fraction of a second."""
    return TrainingSettings(epochs=2, steps_per_epoch=3, batch_size=16)


@pytest.fixture(scope="session")
def new() -> Callable[..., Translator]:
    """Makes a small translator; the fields of its network may be given among the others."""

    def make(**options: Any) -> Translator:
        fields = TranslatorSettings.__dataclass_fields__
        network = {"embedding_size": 16, "hidden_size": 24, "dropout": 0.0, "embedding_dropout": 0.0}
        network |= {name: options.pop(name) for name in list(options) if name in fields}
        usual = {"source": CHARACTERS, "target": WORDS, "label_smoothing": 0.0}
        return Translator(network=TranslatorSettings(**network), **(usual | options))  # type: ignore[arg-type]

    return make


@pytest.fixture(scope="session")
def fitted(new: Callable[..., Translator]) -> Translator:
    """A translator that can spell."""
    training = TrainingSettings(epochs=16, batch_size=16, learning_rate=1e-2, patience=16)
    return new(languages=("digits", "words")).fit(spelled(400), training=training)
