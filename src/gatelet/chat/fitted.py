"""What fitting a bot leaves behind."""

from __future__ import annotations

from dataclasses import dataclass

from gatelet.chat.answering import Answering
from gatelet.chat.description import Description
from gatelet.chat.policy import Policy, PolicyNetwork
from gatelet.chat.retrieval import Retrieval
from gatelet.chat.understanding import Understanding
from gatelet.tasks.realisation import Realizer


@dataclass
class Fitted:
    """The parts of a bot.

    Attributes:
        source: the YAML that the bot was made from.
        description: what it says.
        understanding: texts to intents and slots.
        policy: which answer comes next.
        realizer: acts to sentences, or None.
    """

    source: str
    description: Description
    understanding: Understanding
    policy: Policy
    realizer: Realizer | None

    def __post_init__(self) -> None:
        self.answering = Answering(self.description, self.realizer)
        self.pairs = [(each.text, pair.answer) for pair in self.description.pairs for each in pair.questions]
        self.retrieval = Retrieval([question for question, _ in self.pairs])

    @property
    def network(self) -> PolicyNetwork:
        """Of the policy; the other parts have their own."""
        return self.policy.network
