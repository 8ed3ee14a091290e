"""A small set of acts, and a realizer that has learned it."""

import pytest

from gatelet.features.text.slot_rules import SlotRules
from gatelet.nn.beam_search import SearchSettings
from gatelet.tasks.realisation import Realizer, RealizerSettings
from gatelet.training import TrainingSettings

NAMES = ("Red Door", "Blue Cat", "Old Mill", "Zum Löwen")
FOODS = ("Thai", "French")


def acts() -> list[tuple[str, str]]:
    """Acts and sentences, several for the same act."""
    said = []
    for name in NAMES:
        for food in FOODS:
            said.append((f"inform(name='{name}';food={food})", f"{name} serves {food} food."))
            said.append((f"inform(name='{name}';kids=no)", f"{name} takes no kids."))
            said.append(("goodbye()", "Goodbye!"))
    return said


@pytest.fixture(scope="session")
def fitted() -> Realizer:
    """A realizer that knows its acts."""
    network = RealizerSettings(embedding_size=16, hidden_size=24, dropout=0.0, embedding_dropout=0.0)
    training = TrainingSettings(epochs=16, batch_size=4, learning_rate=2e-2, patience=16)
    realizer = Realizer(network=network, rules=SlotRules({"kids": ("kids",)}), search=SearchSettings(beams=4))
    return realizer.fit(acts(), validation=acts(), training=training)
