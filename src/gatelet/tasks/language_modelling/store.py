"""A language model as a folder, and back."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from gatelet.errors import ModelError
from gatelet.features.text import Spacing, TextFeatures
from gatelet.nn.sampling import SamplingSettings
from gatelet.tasks.language_modelling.fitted import Fitted
from gatelet.tasks.language_modelling.learning import SegmentSettings
from gatelet.tasks.language_modelling.network import LanguageModelSettings, LanguageNetwork
from gatelet.tasks.language_modelling.planning import plan_of
from gatelet.tasks.language_modelling.script import Script
from gatelet.tasks.store import check_weights, described, read_config, read_weights, write_model
from gatelet.training import History, TrainingSettings

if TYPE_CHECKING:
    from gatelet.tasks.language_modelling.language_model import LanguageModel

TASK = "LanguageModel"
# far above any model that trains; a description beyond this is hostile
LARGEST_SIZE = 2**24
MOST_LAYERS = 64


def save(model: LanguageModel, fitted: Fitted, path: Path, overwrite: bool) -> Path:
    """Write a fitted language model, see `write_model`."""
    description = {
        "column": model.column,
        "network": asdict(model.network),
        "segments": asdict(model.segments),
        "sampling": asdict(model.sampling),
        "training": asdict(model.training),
        "history": model.history.to_json(),
        "metrics": model.metrics,
        "spacing": fitted.script.spacing.to_json(),
        "text": fitted.script.features.to_json(),
    }
    plan = plan_of(fitted, model.sampling)
    return write_model(path, TASK, description, dict(fitted.network.state_dict()), overwrite, plan)


def load(kind: type[LanguageModel], path: Path) -> LanguageModel:
    """Read a language model that `save` wrote.

    Raises:
        ModelError: the folder is absent, damaged, from a newer gatelet, or no language model.
        MissingExtraError: it writes subwords, and the library for them is not installed.
    """
    config = read_config(path)
    if config.get("task") != TASK:
        raise ModelError(f"{path} must hold a {TASK}; it holds {config.get('task')!r:.80}.")
    weights = read_weights(path, config)
    with described(path):
        script = Script(TextFeatures.from_json(config["text"]), Spacing.from_json(config["spacing"]))
        model = _described_model(kind, config, script)
        with torch.device("meta"):
            check_weights(path, LanguageNetwork(model.network, script.size), weights)
        network = LanguageNetwork(model.network, script.size)
        network.load_state_dict(weights)
        network.eval()
    model.restore(Fitted(script, network))
    return model


def _described_model(kind: type[LanguageModel], config: dict[str, Any], script: Script) -> LanguageModel:
    """A language model that is not fitted yet, as the configuration says."""
    settings, column = script.features.settings, config["column"]
    if not isinstance(column, str):
        raise TypeError(f"column must be text; got {column!r:.80}.")
    model = kind(
        text=settings,
        column=column,
        network=LanguageModelSettings(**config["network"]),
        segments=SegmentSettings(**config["segments"]),
        sampling=SamplingSettings(**config["sampling"]),
    )
    if model.text != settings:
        raise ValueError("the text of a language model must have no buckets, and lines be read as a whole.")
    for name in ("embedding_size", "hidden_size"):
        if getattr(model.network, name) > LARGEST_SIZE:
            raise ValueError(f"{name} must be at most {LARGEST_SIZE}; got {getattr(model.network, name)}.")
    if model.network.num_layers > MOST_LAYERS:
        raise ValueError(f"num_layers must be at most {MOST_LAYERS}; got {model.network.num_layers}.")
    model.training = TrainingSettings(**config["training"])
    if not isinstance(config["metrics"], dict):
        raise TypeError(f"metrics must be an object; got {config['metrics']!r:.80}.")
    model.metrics = config["metrics"]
    model.history = History.from_json(config["history"])
    return model
