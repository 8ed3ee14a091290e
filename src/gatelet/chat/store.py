"""What is saved of a bot, and a bot from it: its policy, and the models that it is made of as folders within."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, TypeVar

from gatelet.chat.fitted import Fitted
from gatelet.chat.planning import plan_of
from gatelet.chat.policy import Policy, PolicyNetwork, TurnCoder
from gatelet.chat.reading import describe
from gatelet.chat.understanding import Understanding
from gatelet.chat.yaml_file import parse_yaml
from gatelet.tasks.classification import Classifier, ClassifierSettings
from gatelet.tasks.realisation import Realizer
from gatelet.tasks.store import Contents, SavedModel

if TYPE_CHECKING:
    from gatelet.chat.bot import ChatBot

_ChatBot = TypeVar("_ChatBot", bound="ChatBot")

UNDERSTANDING, REALIZER = "understanding", "realizer"


def contents(bot: ChatBot, fitted: Fitted) -> Contents:
    """What is saved of a bot."""
    parts: dict[str, Any] = {UNDERSTANDING: fitted.understanding.classifier.save}
    if fitted.realizer:
        parts[REALIZER] = fitted.realizer.save
    settings = {"name": fitted.description.name, "hidden_size": bot.hidden_size, "network": asdict(bot.network)}
    learned = {"parts": list(parts), "source": fitted.source.splitlines()}
    return Contents(settings, learned, plan=plan_of(fitted.policy), parts=parts)


def rebuilt(kind: type[_ChatBot], saved: SavedModel) -> tuple[_ChatBot, Fitted]:
    """A bot from what was saved."""
    config, path = saved.config, saved.path
    bot = kind(network=ClassifierSettings(**config["network"]), hidden_size=config["hidden_size"])
    source = "\n".join(config["source"]) + "\n"
    description = describe(parse_yaml(source, f"source in {path / 'config.json'}"))
    coder = TurnCoder(tuple(description.intents), tuple(description.slots), tuple(description.answers))
    network = saved.network(PolicyNetwork, coder.size, bot.hidden_size, len(coder.answers))
    classifier = Classifier.load(path / UNDERSTANDING)
    realizer = Realizer.load(path / REALIZER) if description.acts else None
    config.setdefault("history", classifier.history.to_json())  # that of an older bot is with its classifier alone
    understanding = Understanding(classifier, coder.intents, description.slots)
    return bot, Fitted(source, description, understanding, Policy(coder, network), realizer)
