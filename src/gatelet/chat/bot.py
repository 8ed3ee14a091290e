"""A bot that understands what users write, keeps track of the conversation, and answers: fit, reply, save."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from gatelet.chat import store
from gatelet.chat.description import ASK, Description
from gatelet.chat.dialogue import Dialogue
from gatelet.chat.fitted import Fitted
from gatelet.chat.planning import plan_of
from gatelet.chat.policy import PolicyNetwork, TurnCoder, learn_policy
from gatelet.chat.practice import practise
from gatelet.chat.reading import describe
from gatelet.chat.understanding import (
    ELSEWHERE,
    NETWORK,
    QUESTION,
    TRAINING,
    Understanding,
    Understood,
    learn_understanding,
)
from gatelet.chat.yaml_file import parse_yaml
from gatelet.errors import GateletError
from gatelet.features.text.reading import decoded
from gatelet.plan import Plan
from gatelet.tasks.classification import ClassifierSettings
from gatelet.tasks.realisation import Realizer, RealizerSettings
from gatelet.tasks.store import Contents, SavedModel
from gatelet.tasks.task import Task
from gatelet.training import TrainingSettings
from gatelet.training.progress import Report

# a known question must be so near to what was asked, by what it was understood as
NEAR_QUESTION, NEAR_ELSEWHERE = 0.2, 0.6
REALIZER = RealizerSettings(embedding_size=32, hidden_size=64, dropout=0.1, embedding_dropout=0.1)
REALIZER_TRAINING = TrainingSettings(epochs=40, batch_size=8, learning_rate=1e-2, patience=40)


@dataclass(frozen=True)
class Reply:
    """What a bot says.

    Attributes:
        text: what it says.
        answer: name of the answer; None for a known pair, or where the bot does not know.
        intent: what it took the user's text for; None where it does not know.
        probability: of that, as the classifier sees it.
        slots: all that it knows, after the text and before its answer.
        known: whether it knew what to say.
    """

    text: str
    answer: str | None
    intent: str | None
    probability: float
    slots: dict[str, str]
    known: bool


class ChatBot(Task[Fitted, PolicyNetwork]):
    """Talks with users, as a YAML file describes: intents, slots, answers, stories, known questions.

    bot = ChatBot().fit("table.yaml")
    dialogue = Dialogue()
    bot.reply("a table for two", dialogue).text
    """

    task, noun = "ChatBot", "bot"

    def __init__(self, *, network: ClassifierSettings | None = None, hidden_size: int = 32) -> None:
        """Describe a bot.

        Args:
            network: of the classifier that understands.
            hidden_size: H of the GRU that carries the conversation.

        Raises:
            GateletError: a value is outside its range.
        """
        super().__init__()
        if type(hidden_size) is not int or not 1 <= hidden_size <= 4096:
            raise GateletError(f"hidden_size must be a whole number from 1 to 4096; got {hidden_size}.")
        self.network = network or NETWORK
        self.hidden_size = hidden_size
        self.training = TRAINING

    @property
    def description(self) -> Description:
        """What the bot's file says.

        Raises:
            GateletError: not fitted yet.
        """
        return self._need_fitted().description

    @property
    def understanding(self) -> Understanding:
        """How the bot understands texts.

        Raises:
            GateletError: not fitted yet.
        """
        return self._need_fitted().understanding

    @property
    def num_parameters(self) -> int:
        """Number of trained weights, of all parts.

        Raises:
            GateletError: not fitted yet.
        """
        fitted = self._need_fitted()
        parts = [fitted.understanding.classifier.module, fitted.policy.network]
        parts += [fitted.realizer.module] if fitted.realizer else []
        return sum(weight.numel() for part in parts for weight in part.parameters())

    def fit(
        self, path: str | Path, *, training: TrainingSettings | None = None, progress: bool | Report = False
    ) -> ChatBot:
        """Learn from a YAML file: examples, then stories, then acts if there are any.

        Args:
            path: of the file.
            training: how the classifier is trained; its seed is that of all parts.
            progress: draw a bar on stderr, or call this after every batch.

        Raises:
            DataError: the file cannot be read, or something in it does not hold together (file and line).
            GateletError: training was stopped before the first epoch ended.
        """
        path, training = Path(path), training or TRAINING
        source = decoded(path)
        description = describe(parse_yaml(source, str(path)))
        coder = TurnCoder(tuple(description.intents), tuple(description.slots), tuple(description.answers))
        train, validation = practise(description, training.seed)
        understanding = learn_understanding(description, self.network, training, progress)
        policy, told = learn_policy(coder, train, validation, self.hidden_size, training.seed)
        realizer = None
        if description.acts:
            realizer = Realizer(network=REALIZER)
            said = list(description.acts)
            realizer.fit(said, validation=said, training=replace(REALIZER_TRAINING, seed=training.seed))
        fitted, classifier = Fitted(source, description, understanding, policy, realizer), understanding.classifier
        metrics = classifier.metrics | {"policy_loss": told.best.validation_loss}
        self._take(fitted, training, classifier.history, **metrics)
        return self

    def reply(self, text: str, dialogue: Dialogue) -> Reply:
        """Answer a text.

        Args:
            text: of the user.
            dialogue: the conversation so far; it is taken further. A new `Dialogue()` begins one.

        Raises:
            GateletError: not fitted yet, or the dialogue is another bot's.
        """
        fitted = self._need_fitted()
        found = fitted.understanding(text)
        if found.intent in (QUESTION, ELSEWHERE):
            return self._aside(text, found, dialogue)
        dialogue.slots.update(found.slots)
        known = dict(dialogue.slots)
        name = self._chosen(found, dialogue)
        if name is None:
            said, asked = fitted.answering.unknown(dialogue), None
        else:
            said, asked = fitted.answering.say(name, dialogue), name
        return Reply(said, asked, found.intent, found.probability, known, name is not None)

    def plan(self) -> Plan:
        """What the policy computes as data, without torch: a turn in, the answers out; see `chat.planning.plan_of`.

        Raises:
            GateletError: not fitted yet.
        """
        return plan_of(self._need_fitted().policy)

    def plans(self) -> dict[str, Plan]:
        """The plans of all parts by name: "understanding", "policy" and, where there is one, "realizer".

        Raises:
            GateletError: not fitted yet.
        """
        fitted = self._need_fitted()
        found = {"understanding": fitted.understanding.classifier.plan(), "policy": plan_of(fitted.policy)}
        return found | ({"realizer": fitted.realizer.plan()} if fitted.realizer else {})

    def _contents(self, fitted: Fitted) -> Contents:
        return store.contents(self, fitted)

    @classmethod
    def _rebuilt(cls, saved: SavedModel) -> tuple[Self, Fitted]:
        return store.rebuilt(cls, saved)

    def _aside(self, text: str, found: Understood, dialogue: Dialogue) -> Reply:
        """A known answer, or that the bot does not know; the conversation goes on as if nothing had been said."""
        fitted = self._need_fitted()
        number, cosine = fitted.retrieval.nearest(text)
        known = cosine >= (NEAR_QUESTION if found.intent == QUESTION else NEAR_ELSEWHERE)
        said = fitted.pairs[number][1] if known else fitted.answering.unknown(dialogue)
        return Reply(said, None, None, found.probability, dict(dialogue.slots), known)

    def _chosen(self, found: Understood, dialogue: Dialogue) -> str | None:
        """The name of the answer: the intent's own, or the policy's best of those that are possible.

        An answer that needs more than is known gives way to the question for the first slot that is missing.
        """
        fitted = self._need_fitted()
        coder, answers = fitted.policy.coder, fitted.description.answers
        if dialogue.state and len(dialogue.state) != self.hidden_size or not dialogue.slots.keys() <= set(coder.slots):
            raise GateletError("The dialogue must be one of this bot's; it is another's.")
        x = coder(found.probabilities, dialogue.slots, {name for name, _ in found.slots}, dialogue.last)
        ranked, dialogue.state = fitted.policy.step(x, dialogue.state)
        own = fitted.description.intents[found.intent].answer
        for name in [own, *ranked] if own else ranked:
            missing = dialogue.missing(answers[name])
            if missing and dialogue.possible(answers[ASK + missing[0]]):
                return ASK + missing[0]
            if dialogue.possible(answers[name]):
                return name
        return None
