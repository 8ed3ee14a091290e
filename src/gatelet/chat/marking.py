"""Slots marked within a text, as in "a table for [two](people)", and texts with other values in their place."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence

from gatelet.chat.description import Example
from gatelet.chat.yaml_file import Value
from gatelet.features.text.splitting import plain, words
from gatelet.metrics import spans

_MARKED = re.compile(r"\[([^\[\]]*)\]\(([^()]*)\)")


def example(value: Value, slots: Mapping[str, object]) -> Example:
    """A text of the author's with its marks read.

    Raises:
        DataError: it is no text, a mark is empty, or names a slot that is not declared.
    """
    marked = value.text("An example")
    parts, tags, found = [], [], []
    at = 0
    for mark in _MARKED.finditer(marked):
        said, slot = mark[1].strip(), mark[2].strip()
        if slot not in slots:
            raise value.error(f"slot {slot!r:.60} is not declared; declared are {', '.join(slots) or 'none'}.")
        before, inside = words(marked[at : mark.start()]), words(said)
        if not inside:
            raise value.error(f"the mark of slot {slot!r:.60} must hold a word; got {mark[0]!r:.60}.")
        found += [*before, *inside]
        tags += ["O"] * len(before) + [f"B-{slot}"] + [f"I-{slot}"] * (len(inside) - 1)
        parts += [marked[at : mark.start()], mark[1]]
        at = mark.end()
    rest = words(marked[at:])
    text = "".join([*parts, marked[at:]])
    if not found + rest:
        raise value.error(f"An example must hold a word; got {marked!r:.60}.")
    return Example(text, tuple(found + rest), (*tags, *["O"] * len(rest)), value.place)


def told(text: str, tags: Sequence[str]) -> list[tuple[str, str]]:
    """The slots of a text and what it says of each, as it is written there.

    Args:
        text: any.
        tags: one label in BIO for each of its words.
    """
    text, places, end = plain(text), [], 0
    for word in words(text):
        begin = text.index(word, end)
        end = begin + len(word)
        places.append((begin, end))
    found = []
    for kind, first, last in spans(tags):
        spoken = [place for place in places[first : last + 1] if any(map(str.isalnum, text[place[0] : place[1]]))]
        if spoken:  # a slot neither begins nor ends with a mark of punctuation
            found.append((kind, text[spoken[0][0] : spoken[-1][1]]))
    return found


def varied(examples: Sequence[Example], values: Mapping[str, Sequence[str]], copies: int, seed: int) -> list[Example]:
    """The examples, and of those with slots some copies with other values.

    Args:
        examples: of one intent.
        values: what may stand for each slot.
        copies: of each example with slots, at most.
        seed: of the choice.
    """
    draw = random.Random(seed)
    made = list(examples)
    for each in examples:
        found = spans(each.tags)
        for _ in range(copies if found else 0):
            said, tags, at = [], [], 0
            for kind, first, last in found:
                other = words(draw.choice(values[kind]))
                said += [*each.words[at:first], *other]
                tags += [*each.tags[at:first], f"B-{kind}", *[f"I-{kind}"] * (len(other) - 1)]
                at = last + 1
            said, tags = [*said, *each.words[at:]], [*tags, *each.tags[at:]]
            made.append(Example(" ".join(said), tuple(said), tuple(tags), each.place))
    return list({(each.words, each.tags): each for each in made}.values())
