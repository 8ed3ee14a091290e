"""Dialogue acts, what a system wants to say, and sentences with their values taken out or put back in.

    inform(name='red door cafe';pricerange=cheap;kidsallowed=yes)        ?request(area)        goodbye()

A delexicalised sentence has a mark such as SLOT_NAME in the place of a value. The rules are those of RNNLG, the
benchmark of Wen et al., Semantically Conditioned LSTM-based Natural Language Generation, EMNLP 2015 (arXiv:1508.01745):

- yes, no, none and dontcare (true, false and dont_care are the same) are no values: they never become a mark;
- a slot without a value, as in ?request(area), is asked for;
- of a value "a and b" or "a or b" any order and either word is found in a sentence, the first such order alone;
- the longest value is taken out first, and once; capital letters do not matter.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations

from gatelet.errors import DataError

ASKED = "?"
"""The value of a slot that is asked for."""

SPECIAL = {"true": "yes", "yes": "yes", "false": "no", "no": "no", "none": "none",
           "dontcare": "dontcare", "dont_care": "dontcare"}  # fmt: skip

_FORM = re.compile(r"\s*(?P<type>[^()\s=;]+)\s*\((?P<slots>.*)\)\s*", re.DOTALL)
_MARK = "SLOT_"
# a value "a and b and c and ..." of more parts is looked for as it stands alone
_MOST_PARTS = 4


@dataclass(frozen=True)
class DialogueAct:
    """What is to be said.

    Attributes:
        type: such as "inform".
        slots: (name, value) in the order in which they were written; special values as in `SPECIAL`, or `ASKED`.
    """

    type: str
    slots: tuple[tuple[str, str], ...] = ()

    @staticmethod
    def parse(text: str) -> DialogueAct:
        """An act from its usual form, type(slot=value;slot='value';slot).

        Raises:
            DataError: it has another form.
        """
        found = _FORM.fullmatch(text)
        if found is None:
            raise DataError(f"A dialogue act must look like inform(name='x';area=y); got {text!r:.80}.")
        return DialogueAct(
            found["type"], tuple(_slot(part, text) for part in found["slots"].split(";") if part.strip())
        )

    @property
    def values(self) -> tuple[tuple[str, str], ...]:
        """The slots with a value that a sentence repeats."""
        return tuple((name, value) for name, value in self.slots if value != ASKED and value not in SPECIAL)

    @property
    def features(self) -> tuple[str, ...]:
        """The act without its values, sorted: its type, and "area=?", "kidsallowed=yes" or, counted, "name=_1".

        Acts with the same features are the same act; their sentences are references for each other.
        """
        seen: Counter[str] = Counter()
        marks = []
        for name, value in self.slots:
            plain = value != ASKED and value not in SPECIAL
            seen[name] += plain
            marks.append(f"{name}=_{seen[name]}" if plain else f"{name}={value}")
        return (f"{self.type}()", *sorted(marks))

    def __str__(self) -> str:
        slots = (name if value == ASKED else f"{name}={value if value in SPECIAL else repr(value)}"
                 for name, value in self.slots)  # fmt: skip
        return f"{self.type}({';'.join(slots)})"


def mark(slot: str) -> str:
    """What stands for a value of this slot in a delexicalised sentence."""
    return _MARK + re.sub(r"\W", "_", slot).upper()


Split = Callable[[str], Sequence[str]]


def delexicalise(act: DialogueAct, text: str, split: Split = str.split) -> list[str]:
    """The tokens of a sentence, with marks for the values of the act.

    Args:
        act: what the sentence says.
        text: the sentence.
        split: text to tokens.
    """
    spaced = " ".join(split(text))
    for name, value in sorted(act.values, key=lambda slot: -len(slot[1])):
        for form in _forms(" ".join(split(value)).lower()):
            if form in _small(spaced):
                begin = _small(f" {spaced} ").find(f" {form} ")
                if begin >= 0:
                    spaced = f"{spaced[:begin]}{mark(name)}{spaced[begin + len(form) :]}"
                break
    return spaced.split()


def lexicalise(act: DialogueAct, tokens: Sequence[str]) -> list[str]:
    """The tokens with the values of the act in the place of their marks, the first value for the first mark."""
    values: dict[str, list[str]] = {}
    for name, value in act.values:
        values.setdefault(mark(name), []).append(value)
    waiting = {token: iter(given) for token, given in values.items()}
    return [next(waiting.get(token, iter(())), token) for token in tokens]


def _small(text: str) -> str:
    """In small letters, where those are as many; a value may begin a sentence."""
    small = text.lower()
    return small if len(small) == len(text) else text


def _forms(value: str) -> Iterator[str]:
    """The orders in which a value "a and b" may be written."""
    parts = value.replace(" or ", " and ").split(" and ")
    if len(parts) > _MOST_PARTS:
        yield value
        return
    for joint in (" and ", " or "):
        yield from map(joint.join, permutations(parts))


def _slot(part: str, text: str) -> tuple[str, str]:
    name, equals, value = (side.strip().strip("'\"").strip() for side in part.partition("="))
    if not name or (equals and not value):
        raise DataError(
            f"A slot of a dialogue act must look like name=value or name; got {part!r:.40} in {text!r:.80}."
        )
    return name, SPECIAL.get(value, value) if equals else ASKED
