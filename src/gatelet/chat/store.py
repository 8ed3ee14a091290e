"""A bot as a folder, and back: its policy, and the models that it is made of as folders within."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from gatelet.chat.policy import Policy, PolicyNetwork, TurnCoder
from gatelet.chat.reading import describe
from gatelet.chat.understanding import Understanding
from gatelet.chat.yaml_file import parse_yaml
from gatelet.errors import ModelError
from gatelet.tasks.classification import Classifier, ClassifierSettings
from gatelet.tasks.realisation import Realizer
from gatelet.tasks.store import check_weights, described, read_config, read_weights, write_model
from gatelet.training import TrainingSettings

if TYPE_CHECKING:
    from gatelet.chat.bot import ChatBot, Fitted

TASK = "ChatBot"
UNDERSTANDING, REALIZER = "understanding", "realizer"


def save(bot: ChatBot, fitted: Fitted, path: Path, overwrite: bool) -> Path:
    """Write a fitted bot, see `write_model`."""
    description = {
        "name": fitted.description.name,
        "hidden_size": bot.hidden_size,
        "network": asdict(bot.network),
        "training": asdict(bot.training),
        "metrics": bot.metrics,
        "parts": [UNDERSTANDING, *([REALIZER] if fitted.realizer else [])],
        "source": fitted.source.splitlines(),
    }
    parts: dict[str, Any] = {UNDERSTANDING: fitted.understanding.classifier.save}
    if fitted.realizer:
        parts[REALIZER] = fitted.realizer.save
    return write_model(path, TASK, description, dict(fitted.policy.network.state_dict()), overwrite, parts=parts)


def load(kind: type[ChatBot], path: Path) -> ChatBot:
    """Read a bot that `save` wrote.

    Raises:
        ModelError: the folder is absent, damaged, from a newer gatelet, or no bot.
    """
    from gatelet.chat.bot import Fitted

    config = read_config(path)
    if config.get("task") != TASK:
        raise ModelError(f"{path} must hold a {TASK}; it holds {config.get('task')!r:.80}.")
    weights = read_weights(path, config)
    with described(path):
        bot = kind(network=ClassifierSettings(**config["network"]), hidden_size=config["hidden_size"])
        bot.training = TrainingSettings(**config["training"])
        if not isinstance(config["metrics"], dict):
            raise TypeError(f"metrics must be an object; got {config['metrics']!r:.80}.")
        bot.metrics = config["metrics"]
        source = "\n".join(config["source"]) + "\n"
        description = describe(parse_yaml(source, f"source in {path / 'config.json'}"))
        coder = TurnCoder(tuple(description.intents), tuple(description.slots), tuple(description.answers))
        sizes = (coder.size, bot.hidden_size, len(coder.answers))
        with torch.device("meta"):
            check_weights(path, PolicyNetwork(*sizes), weights)
        network = PolicyNetwork(*sizes)
        network.load_state_dict(weights)
    classifier = Classifier.load(path / UNDERSTANDING)
    realizer = Realizer.load(path / REALIZER) if description.acts else None
    understanding = Understanding(classifier, coder.intents, description.slots)
    bot.restore(Fitted(source, description, understanding, Policy(coder, network), realizer))
    bot.history = classifier.history
    return bot
