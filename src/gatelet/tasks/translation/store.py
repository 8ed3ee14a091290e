"""A translator as a folder, and back."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from gatelet.errors import ModelError
from gatelet.features.text import PairColumns, Spacing, TextFeatures
from gatelet.nn.beam_search import SearchSettings
from gatelet.tasks.store import check_weights, described, read_config, read_weights, write_model
from gatelet.tasks.translation.fitted import Fitted
from gatelet.tasks.translation.learning import MOST_PER_TOKEN
from gatelet.tasks.translation.network import TranslatorNetwork, TranslatorSettings, TranslatorSizes
from gatelet.tasks.translation.planning import plan_of
from gatelet.training import History, TrainingSettings

if TYPE_CHECKING:
    from gatelet.tasks.translation.translator import Translator

TASK = "Translator"
# far above any model that trains; a description beyond this is hostile
LARGEST_SIZE = 2**24
MOST_LAYERS = 64
MOST_BEAMS = 1024


def save(translator: Translator, fitted: Fitted, path: Path, overwrite: bool) -> Path:
    """Write a fitted translator, see `write_model`."""
    target = None if translator.shared_vocabulary else fitted.target.to_json()
    description = {
        "languages": None if translator.languages is None else list(translator.languages),
        "columns": asdict(translator.columns),
        "shared_vocabulary": translator.shared_vocabulary,
        "label_smoothing": translator.label_smoothing,
        "scheduled_sampling": translator.scheduled_sampling,
        "search": asdict(translator.search),
        "network": asdict(translator.network),
        "sizes": asdict(fitted.network.sizes),
        "longest": fitted.longest,
        "training": asdict(translator.training),
        "history": translator.history.to_json(),
        "metrics": translator.metrics,
        "spacing": fitted.spacing.to_json(),
        "source": fitted.source.to_json(),
        "target": target,
    }
    return write_model(
        path, TASK, description, dict(fitted.network.state_dict()), overwrite, plan_of(fitted, translator.search)
    )


def load(kind: type[Translator], path: Path) -> Translator:
    """Read a translator that `save` wrote.

    Raises:
        ModelError: the folder is absent, damaged, from a newer gatelet, or no translator.
        MissingExtraError: it writes subwords, and the library for them is not installed.
    """
    config = read_config(path)
    if config.get("task") != TASK:
        raise ModelError(f"{path} must hold a {TASK}; it holds {config.get('task')!r:.80}.")
    weights = read_weights(path, config)
    with described(path):
        source = TextFeatures.from_json(config["source"])
        target = source if config["target"] is None else TextFeatures.from_json(config["target"])
        translator = _described_translator(kind, config, source, target)
        sizes = TranslatorSizes(**config["sizes"])
        _check_sizes(config, translator)
        if sizes != TranslatorSizes(len(source.vocabulary), len(target.vocabulary)):
            raise ValueError("the sizes of the network are not those of the vocabularies.")
        with torch.device("meta"):
            check_weights(path, TranslatorNetwork(translator.network, sizes), weights)
        network = TranslatorNetwork(translator.network, sizes)
        network.load_state_dict(weights)
        network.eval()
        longest = _number("longest", config["longest"], MOST_PER_TOKEN)
        fitted = Fitted(source, target, Spacing.from_json(config["spacing"]), network, longest)
    translator.restore(fitted)
    return translator


def _described_translator(
    kind: type[Translator], config: dict[str, Any], source: TextFeatures, target: TextFeatures
) -> Translator:
    """A translator that is not fitted yet, as the configuration says."""
    if bool(config["shared_vocabulary"]) != (config["target"] is None):
        raise ValueError("target must be absent where the vocabulary is shared, and nowhere else.")
    translator = kind(
        languages=config["languages"],
        columns=PairColumns(**config["columns"]),
        source=source.settings,
        target=target.settings,
        shared_vocabulary=bool(config["shared_vocabulary"]),
        network=TranslatorSettings(**config["network"]),
        label_smoothing=_number("label_smoothing", config["label_smoothing"], 1.0),
        scheduled_sampling=_number("scheduled_sampling", config["scheduled_sampling"], 1.0),
        search=SearchSettings(**config["search"]),
    )
    translator.training = TrainingSettings(**config["training"])
    if not isinstance(config["metrics"], dict):
        raise TypeError(f"metrics must be an object; got {config['metrics']!r:.80}.")
    translator.metrics = config["metrics"]
    translator.history = History.from_json(config["history"])
    return translator


def _check_sizes(config: dict[str, Any], translator: Translator) -> None:
    """Refuse sizes that no weights could have, before a network of them is described."""
    for name, value in (config["sizes"] | config["network"]).items():
        if isinstance(value, int) and not isinstance(value, bool) and not 0 <= value <= LARGEST_SIZE:
            raise ValueError(f"{name} must be a whole number from 0 to {LARGEST_SIZE}; got {value!r:.80}.")
    for name in ("num_layers", "decoder_layers"):
        if config["network"][name] > MOST_LAYERS:
            raise ValueError(f"{name} must be at most {MOST_LAYERS}; got {config['network'][name]}.")
    if translator.search.beams > MOST_BEAMS:
        raise ValueError(f"beams must be at most {MOST_BEAMS}; got {translator.search.beams}.")


def _number(name: str, value: Any, largest: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0.0 <= value <= largest:
        raise ValueError(f"{name} must be a number from 0 to {largest:g}; got {value!r:.80}.")
    return float(value)
