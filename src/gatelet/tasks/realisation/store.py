"""A realizer as a folder, and back."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from gatelet.errors import ModelError
from gatelet.features.text import PairColumns, Spacing, TextFeatures, TextSettings
from gatelet.features.text.slot_rules import SlotRules
from gatelet.nn.beam_search import SearchSettings
from gatelet.tasks.realisation.batch import ActCoder
from gatelet.tasks.realisation.fitted import Fitted
from gatelet.tasks.realisation.network import RealizerNetwork, RealizerSettings, RealizerSizes
from gatelet.tasks.store import check_weights, described, read_config, read_weights, write_model
from gatelet.training import History, TrainingSettings

if TYPE_CHECKING:
    from gatelet.tasks.realisation.realizer import Realizer

TASK = "Realizer"
# far above any model that trains; a description beyond this is hostile
LARGEST_SIZE = 2**24
MOST_BEAMS = 1024
MOST_TOKENS = 10_000


def save(realizer: Realizer, fitted: Fitted, path: Path, overwrite: bool) -> Path:
    """Write a fitted realizer, see `write_model`."""
    rules = realizer.rules
    description = {
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
        "sizes": asdict(fitted.network.sizes),
        "longest": fitted.longest,
        "training": asdict(realizer.training),
        "history": realizer.history.to_json(),
        "metrics": realizer.metrics,
        "types": list(fitted.coder.types),
        "parts": list(fitted.coder.parts),
        "slots": list(fitted.slots),
        "constants": dict(fitted.constants),
        "spacing": fitted.spacing.to_json(),
        "target": fitted.target.to_json(),
    }
    return write_model(path, TASK, description, dict(fitted.network.state_dict()), overwrite)


def load(kind: type[Realizer], path: Path) -> Realizer:
    """Read a realizer that `save` wrote.

    Raises:
        ModelError: the folder is absent, damaged, from a newer gatelet, or no realizer.
    """
    config = read_config(path)
    if config.get("task") != TASK:
        raise ModelError(f"{path} must hold a {TASK}; it holds {config.get('task')!r:.80}.")
    weights = read_weights(path, config)
    with described(path):
        realizer = _described_realizer(kind, config)
        coder = ActCoder(_texts(config, "types"), _texts(config, "parts"))
        target = TextFeatures.from_json(config["target"])
        sizes = RealizerSizes(**config["sizes"])
        _check_sizes(config, realizer)
        if sizes != RealizerSizes(len(coder.types), len(coder.parts), len(target.vocabulary)):
            raise ValueError("the sizes of the network are not those of the acts and the vocabulary.")
        if target.settings.buckets:
            raise ValueError("buckets must be 0.")
        with torch.device("meta"):
            check_weights(path, RealizerNetwork(realizer.network, sizes), weights)
        network = RealizerNetwork(realizer.network, sizes)
        network.load_state_dict(weights)
        network.eval()
        slots, spacing = _texts(config, "slots"), Spacing.from_json(config["spacing"])
        constants = _pairs(config["constants"])
        fitted = Fitted(coder, target, realizer.text.unit, spacing, slots, constants, network, config["longest"])
    realizer.restore(fitted)
    return realizer


def _described_realizer(kind: type[Realizer], config: dict[str, Any]) -> Realizer:
    """A realizer that is not fitted yet, as the configuration says."""
    rules = config["rules"]
    realizer = kind(
        columns=PairColumns(**config["columns"]),
        text=TextSettings(**config["text"]),
        network=RealizerSettings(**config["network"]),
        rules=SlotRules(
            {slot: _texts(rules["keywords"], slot) for slot in rules["keywords"]},
            _texts(rules, "uncounted_slots"),
            _texts(rules, "uncounted_acts"),
        ),
        label_smoothing=config["label_smoothing"],
        plan_weight=config["plan_weight"],
        error_cost=config["error_cost"],
        search=SearchSettings(**config["search"]),
    )
    realizer.training = TrainingSettings(**config["training"])
    if not isinstance(config["metrics"], dict):
        raise TypeError(f"metrics must be an object; got {config['metrics']!r:.80}.")
    realizer.metrics = config["metrics"]
    realizer.history = History.from_json(config["history"])
    return realizer


def _check_sizes(config: dict[str, Any], realizer: Realizer) -> None:
    """Refuse sizes that no weights could have, before a network of them is described."""
    for name, value in (config["sizes"] | config["network"]).items():
        if isinstance(value, int) and not isinstance(value, bool) and not 0 <= value <= LARGEST_SIZE:
            raise ValueError(f"{name} must be a whole number from 0 to {LARGEST_SIZE}; got {value!r:.80}.")
    if realizer.search.beams > MOST_BEAMS:
        raise ValueError(f"beams must be at most {MOST_BEAMS}; got {realizer.search.beams}.")
    longest = config["longest"]
    if type(longest) is not int or not 1 <= longest <= MOST_TOKENS:
        raise ValueError(f"longest must be a whole number from 1 to {MOST_TOKENS}; got {longest!r:.80}.")


def _texts(values: dict[str, Any], name: str) -> tuple[str, ...]:
    found = values[name]
    if not isinstance(found, list) or not all(isinstance(text, str) for text in found):
        raise TypeError(f"{name} must be a list of texts; got {found!r:.80}.")
    return tuple(found)


def _pairs(values: Any) -> dict[str, str]:
    if not isinstance(values, dict) or not all(isinstance(value, str) for value in values.values()):
        raise TypeError(f"constants must be an object of texts; got {values!r:.80}.")
    return values
