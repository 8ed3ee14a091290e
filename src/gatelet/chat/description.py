"""What a bot is, as its author describes it: intents, slots, answers, stories, and known pairs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gatelet.features.text.acts import DialogueAct

ASK = "ask_"
"""The answer that asks for slot `people` is called `ask_people`."""

SET, UNSET = "set", "unset"
"""What a condition may ask of a slot, beside a value."""


@dataclass(frozen=True)
class Example:
    """A text of a user, with the slots in it.

    Attributes:
        text: without marks.
        words: (n) of the text.
        tags: (n) the slot label of each word in BIO.
        place: where it stands, for errors.
    """

    text: str
    words: tuple[str, ...]
    tags: tuple[str, ...]
    place: str


@dataclass(frozen=True)
class Intent:
    """What a user may want.

    Attributes:
        name: of the intent.
        examples: of how it is said.
        answer: name of the answer that it always gets, or None where the stories decide.
    """

    name: str
    examples: tuple[Example, ...]
    answer: str | None = None


@dataclass(frozen=True)
class Slot:
    """What a user may tell.

    Attributes:
        name: of the slot.
        values: written form in small letters -> value that is kept.
        ask: texts that ask for it; () where it is never asked for.
    """

    name: str
    values: Mapping[str, str]
    ask: tuple[str, ...] = ()


@dataclass(frozen=True)
class Variant:
    """One way to give an answer.

    Attributes:
        text: with {slots}; or None where there is an act.
        act: what is said by the realizer, with {slots} in its values.
        when: slot -> `SET`, `UNSET` or the value that it must have.
    """

    text: str | None
    act: DialogueAct | None = None
    when: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Answer:
    """What the bot may say.

    Attributes:
        name: of the answer.
        variants: ways to give it; those that are possible take turns.
        needs: slots that must be known; what is missing is asked for.
        forget: slots that are empty afterwards.
        asks: slot that it asks for, or None.
    """

    name: str
    variants: tuple[Variant, ...]
    needs: tuple[str, ...] = ()
    forget: tuple[str, ...] = ()
    asks: str | None = None


@dataclass(frozen=True)
class Turn:
    """What a user says in a story, and the answer to it.

    Attributes:
        intent: of the text.
        slots: (name, value) that the text fills.
        answer: name of the answer.
        place: where the answer stands, for errors.
    """

    intent: str
    slots: tuple[tuple[str, str], ...]
    answer: str
    place: str


@dataclass(frozen=True)
class Story:
    """A conversation to learn from."""

    name: str
    turns: tuple[Turn, ...]


@dataclass(frozen=True)
class Pair:
    """Questions that get a known answer, outside of all stories."""

    questions: tuple[Example, ...]
    answer: str


@dataclass(frozen=True)
class Description:
    """A bot.

    Attributes:
        name: of the bot.
        intents: by name.
        slots: by name.
        answers: by name, those that ask for slots included.
        stories: conversations to learn from.
        pairs: questions with known answers.
        unknown: what it says when it does not know; these take turns.
        elsewhere: examples of what it does not know.
        acts: (act, sentence) that the realizer learns from; () for no realizer.
    """

    name: str
    intents: Mapping[str, Intent]
    slots: Mapping[str, Slot]
    answers: Mapping[str, Answer]
    stories: tuple[Story, ...]
    pairs: tuple[Pair, ...]
    unknown: tuple[str, ...]
    elsewhere: tuple[Example, ...]
    acts: tuple[tuple[str, str], ...]
