"""Tests of a bot: conversations in YAML, and the turns in which the bot does otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gatelet.chat.dialogue import Dialogue
from gatelet.chat.yaml_file import Value, read_yaml

if TYPE_CHECKING:
    from gatelet.chat.bot import ChatBot, Reply

UNKNOWN = "unknown"
"""What a test calls the intent or the answer where the bot is not to know."""


@dataclass(frozen=True)
class Expected:
    """A turn of a test.

    Attributes:
        user: what is said to the bot.
        bot: name of the answer or its text, or None for any.
        intent: what it is to be understood as, or None for any.
        slots: that are to be known then.
        place: where the turn stands.
    """

    user: str
    bot: str | None
    intent: str | None
    slots: Mapping[str, str]
    place: str


@dataclass(frozen=True)
class Failure:
    """A turn in which a bot did otherwise.

    Attributes:
        conversation: its name.
        place: file and line.
        user: what was said to the bot.
        what: "bot", "intent" or "slot NAME".
        expected: what the test says.
        got: what the bot did.
    """

    conversation: str
    place: str
    user: str
    what: str
    expected: str
    got: str

    def __str__(self) -> str:
        return f"{self.place}: {self.what} must be {self.expected!r} after {self.user!r:.60}; got {self.got!r}."


def read_conversations(path: Path) -> dict[str, list[Expected]]:
    """The conversations of a file, by name.

    Raises:
        DataError: the file cannot be read, or a turn has another form (file and line).
    """
    return {name: _turns(name, value) for name, _, value in read_yaml(path).items("A file of conversations")}


def run_conversations(bot: ChatBot, conversations: Mapping[str, list[Expected]]) -> list[Failure]:
    """Hold the conversations with a bot; each goes on after a failure."""
    failures = []
    for name, turns in conversations.items():
        dialogue = Dialogue()
        for turn in turns:
            reply = bot.reply(turn.user, dialogue)
            for what, expected, got in _differences(turn, reply):
                failures.append(Failure(name, turn.place, turn.user, what, expected, got))
    return failures


def _differences(turn: Expected, reply: Reply) -> list[tuple[str, str, str]]:
    found = []
    answer, intent = reply.answer or (reply.text if reply.known else UNKNOWN), reply.intent or UNKNOWN
    if turn.intent not in (None, intent):
        found.append(("intent", turn.intent or "", intent))
    found += [
        (f"slot {name}", value, reply.slots.get(name, "unset"))
        for name, value in turn.slots.items()
        if reply.slots.get(name, "unset") != value
    ]
    if turn.bot not in (None, answer, reply.text):
        found.append(("bot", turn.bot or "", answer))
    return found


def _turns(name: str, value: Value) -> list[Expected]:
    turns: list[Expected] = []
    heard: Value | None = None
    for entry in value.entries(f"Conversation {name!r}"):
        fields = entry.fields("A turn", ("user", "bot", "intent", "slots"))
        if "user" in fields:
            if heard is not None:
                turns.append(_expected(heard, None))
            heard = entry
        elif "bot" in fields and heard is not None:
            if "bot" in heard.fields("A turn", ("user", "bot", "intent", "slots")):
                raise entry.error("a turn of the user's has one answer here; this is a second one.")
            turns.append(_expected(heard, fields["bot"]))
            heard = None
        else:
            raise entry.error("a turn must have the key 'user', or 'bot' after one of the user's.")
    return turns if heard is None else [*turns, _expected(heard, None)]


def _expected(entry: Value, bot: Value | None) -> Expected:
    fields = entry.fields("A turn", ("user", "bot", "intent", "slots"))
    bot = bot or fields.get("bot")
    slots = {name: each.text("A slot") for name, _, each in fields["slots"].items("slots")} if "slots" in fields else {}
    user = fields["user"].content
    if not isinstance(user, str):
        raise fields["user"].error("what a user says must be a text.")
    return Expected(
        user=user,
        bot=None if bot is None else bot.text("An answer"),
        intent=fields["intent"].text("An intent") if "intent" in fields else None,
        slots=slots,
        place=entry.place if bot is None else bot.place,
    )
