"""What is saved of a realizer, and a realizer from it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, TypeVar

from gatelet.features.text import PairColumns, Spacing, TextFeatures, TextSettings
from gatelet.features.text.slot_rules import SlotRules
from gatelet.nn.beam_search import SearchSettings
from gatelet.tasks.description import check_sizes, texts
from gatelet.tasks.realisation.batch import ActCoder
from gatelet.tasks.realisation.fitted import Fitted
from gatelet.tasks.realisation.network import RealizerNetwork, RealizerSettings, RealizerSizes
from gatelet.tasks.realisation.planning import plan_of
from gatelet.tasks.store import Contents, SavedModel

if TYPE_CHECKING:
    from gatelet.tasks.realisation.realizer import Realizer

_Realizer = TypeVar("_Realizer", bound="Realizer")

# far above any sentence; a description beyond this is hostile
MOST_TOKENS = 10_000


def contents(realizer: Realizer, fitted: Fitted) -> Contents:
    """What is saved of a realizer."""
    rules = realizer.rules
    settings = {
        "columns": asdict(realizer.columns),
        "text": asdict(realizer.text),
        "rules": {
            "keywords": {slot: list(words) for slot, words in rules.keywords.items()},
            "uncounted_slots": list(rules.uncounted_slots),
            "uncounted_acts": list(rules.uncounted_acts),
        },
        "label_smoothing": realizer.label_smoothing,
        "plan_weight": realizer.plan_weight,
        "error_cost": realizer.error_cost,
        "search": asdict(realizer.search),
        "network": asdict(realizer.network),
    }
    learned = {
        "sizes": asdict(fitted.network.sizes),
        "longest": fitted.longest,
        "types": list(fitted.coder.types),
        "parts": list(fitted.coder.parts),
        "slots": list(fitted.slots),
        "constants": dict(fitted.constants),
        "spacing": fitted.spacing.to_json(),
        "target": fitted.target.to_json(),
    }
    return Contents(settings, learned, plan=plan_of(fitted, realizer.search))


def rebuilt(kind: type[_Realizer], saved: SavedModel) -> tuple[_Realizer, Fitted]:
    """A realizer from what was saved."""
    config = saved.config
    realizer = kind(
        columns=PairColumns(**config["columns"]),
        text=TextSettings(**config["text"]),
        network=RealizerSettings(**config["network"]),
        rules=_rules(config["rules"]),
        label_smoothing=config["label_smoothing"],
        plan_weight=config["plan_weight"],
        error_cost=config["error_cost"],
        search=SearchSettings(**config["search"]),
    )
    coder = ActCoder(texts("types", config["types"]), texts("parts", config["parts"]))
    target, sizes = TextFeatures.from_json(config["target"]), RealizerSizes(**config["sizes"])
    check_sizes(config)
    if sizes != RealizerSizes(len(coder.types), len(coder.parts), len(target.vocabulary)):
        raise ValueError("the sizes of the network are not those of the acts and the vocabulary.")
    if target.settings.buckets:
        raise ValueError("buckets must be 0.")
    longest = config["longest"]
    if type(longest) is not int or not 1 <= longest <= MOST_TOKENS:
        raise ValueError(f"longest must be a whole number from 1 to {MOST_TOKENS}; got {longest!r:.80}.")
    slots, constants = texts("slots", config["slots"]), _pairs(config["constants"])
    network, spacing = saved.network(RealizerNetwork, realizer.network, sizes), Spacing.from_json(config["spacing"])
    return realizer, Fitted(coder, target, realizer.text.unit, spacing, slots, constants, network, longest)


def _rules(values: dict[str, Any]) -> SlotRules:
    return SlotRules(
        {slot: texts(slot, words) for slot, words in values["keywords"].items()},
        texts("uncounted_slots", values["uncounted_slots"]),
        texts("uncounted_acts", values["uncounted_acts"]),
    )


def _pairs(values: Any) -> dict[str, str]:
    if not isinstance(values, dict) or not all(isinstance(value, str) for value in values.values()):
        raise TypeError(f"constants must be an object of texts; got {values!r:.80}.")
    return values
