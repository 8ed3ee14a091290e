"""A small text and small language models that the tests share."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gatelet.features.text import TextSettings
from gatelet.tasks.language_modelling import LanguageModel, LanguageModelSettings, SegmentSettings
from gatelet.tasks.language_modelling.language_model import TEXT
from gatelet.training import TrainingSettings

SPACES = TextSettings(unit="space", lowercase=False)
New = Callable[..., LanguageModel]


def counted(lines: int = 120, seed: int = 0) -> str:
    """Lines that count upwards from somewhere: "3 4 5 6 7"; each word foretells the next one."""
    rng = np.random.default_rng(seed)
    starts, sizes = rng.integers(0, 10, lines), rng.integers(3, 7, lines)
    return "\n".join(" ".join(str((a + k) % 10) for k in range(n)) for a, n in zip(starts, sizes, strict=True))


@pytest.fixture(scope="session")
def brief() -> TrainingSettings:
    """A training of a fraction of a second."""
    return TrainingSettings(epochs=2, steps_per_epoch=3, batch_size=4)


@pytest.fixture(scope="session")
def new() -> New:
    """Makes a small model; the fields of its network and of its segments may be given among the others."""

    def make(**options: Any) -> LanguageModel:
        own = LanguageModelSettings.__dataclass_fields__
        network = {"embedding_size": 12, "hidden_size": 20, "dropout": 0.0, "embedding_dropout": 0.0}
        network |= {name: options.pop(name) for name in list(options) if name in own}
        parts = SegmentSettings.__dataclass_fields__
        segments = {"length": 20} | {name: options.pop(name) for name in list(options) if name in parts}
        return LanguageModel(
            text=options.pop("text", TEXT),
            network=LanguageModelSettings(**network),  # type: ignore[arg-type]
            segments=SegmentSettings(**segments),
            **options,
        )

    return make


@pytest.fixture(scope="session")
def fitted(new: New) -> LanguageModel:
    """A model that can count."""
    training = TrainingSettings(epochs=14, batch_size=8, learning_rate=2e-2, patience=14)
    return new(text=SPACES).fit([counted()], training=training)
