"""Conversations to practise on, made from the stories: several in a row, with asides, and with doubt in the intents.

A story is where a conversation goes when all is understood. Users come back with a second wish, say thanks in between,
and are not always understood for certain; a few stories become some hundred conversations in which that happens.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gatelet.chat.description import Description, Story, Turn
from gatelet.chat.dialogue import Dialogue
from gatelet.errors import DataError

# conversations to learn from; a quarter as many choose the best epoch
CONVERSATIONS = 192
# stories in a row, at most
MOST_STORIES = 3
# how often an aside comes before a turn
ASIDES = 0.15
# probability, at most, that is not the intent's
MOST_DOUBT = 0.4


@dataclass(frozen=True)
class PractisedTurn:
    """A turn of a conversation; see `TurnCoder`."""

    probabilities: NDArray[np.float64]
    filled: frozenset[str]
    new: frozenset[str]
    last: str
    answer: str


Practised = Sequence[Sequence[PractisedTurn]]


def practise(description: Description, seed: int) -> tuple[Practised, Practised]:
    """Conversations to learn from, and others that choose the best epoch.

    Raises:
        DataError: there is nothing to learn from, or a story gives an answer that is not possible (file and line).
    """
    for story in description.stories:
        _played(description, story.turns, random.Random(seed), lenient=False)
    asides = [
        Turn(name, (), intent.answer, "")
        for name, intent in description.intents.items()
        if intent.answer and not description.answers[intent.answer].needs
    ]
    stories = [*description.stories, *(Story("", (aside,)) for aside in asides)]
    if not stories:
        raise DataError("A bot must have stories, or intents with an answer; it has neither.")
    draw = random.Random(seed)
    made: list[list[PractisedTurn]] = []
    while len(made) < CONVERSATIONS + CONVERSATIONS // 4:
        turns: list[Turn] = []
        for story in draw.choices(stories, k=draw.randint(1, MOST_STORIES)):
            for turn in story.turns:
                turns += [draw.choice(asides)] if asides and draw.random() < ASIDES else []
                turns.append(turn)
        made += filter(None, [_played(description, turns, draw, lenient=True)])
    return made[:CONVERSATIONS], made[CONVERSATIONS:]


def _played(
    description: Description, turns: Sequence[Turn], draw: random.Random, *, lenient: bool
) -> list[PractisedTurn]:
    """A conversation turn by turn; one that is put together of several ends where an answer is not possible."""
    dialogue, played = Dialogue(), []
    names = list(description.intents)
    for turn in turns:
        answer = description.answers[turn.answer]
        dialogue.slots.update(turn.slots)
        if not dialogue.possible(answer):
            if not lenient:
                raise DataError(f"{turn.place}: {_why(dialogue, turn, description)}")
            break
        doubt = np.array([draw.random() for _ in names])
        share = draw.random() * MOST_DOUBT
        probabilities = share * doubt / doubt.sum()
        probabilities[names.index(turn.intent)] += 1.0 - share
        new = frozenset(name for name, _ in turn.slots)
        played.append(PractisedTurn(probabilities, frozenset(dialogue.slots), new, dialogue.last, turn.answer))
        dialogue.give(answer)
        dialogue.close(answer)
    return played


def _why(dialogue: Dialogue, turn: Turn, description: Description) -> str:
    answer = description.answers[turn.answer]
    if answer.asks in dialogue.slots:
        return f"answer {turn.answer!r} asks for slot {answer.asks!r}, which is known by then."
    missing = dialogue.missing(answer)
    if missing:
        return f"answer {turn.answer!r} needs slot {missing[0]!r}, which no turn before has filled."
    known = ", ".join(dialogue.slots) or "nothing"
    return f"answer {turn.answer!r} has no text that fits what is known by then ({known})."
