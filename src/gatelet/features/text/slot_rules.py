"""Which slots of a dialogue act a sentence can be held to, and by which words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from gatelet.errors import GateletError
from gatelet.features.text.acts import ASKED, SPECIAL, DialogueAct, mark


@dataclass(frozen=True)
class SlotRules:
    """How slots are counted in sentences.

    A value is said by its mark. A slot whose value is yes, no, none or dontcare has no mark; it is counted only if
    `keywords` names the words that give it away.

    Attributes:
        keywords: slot -> words, such as {"kidsallowed": ("child", "kid", "kids", "children")}.
        uncounted_slots: slots that are never counted.
        uncounted_acts: types of acts whose sentences are not counted, such as those that offer a choice.

    Raises:
        GateletError: keywords without a word.
    """

    keywords: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    uncounted_slots: tuple[str, ...] = ()
    uncounted_acts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for slot, words in self.keywords.items():
            if isinstance(words, str) or not words or not all(isinstance(word, str) and word for word in words):
                raise GateletError(f"keywords of slot {slot!r} must be words, one at least; got {words!r:.60}.")

    def wanted(self, act: DialogueAct) -> dict[str, int]:
        """How often each slot is to be said."""
        counts: Counter[str] = Counter()
        for name, value in act.slots:
            special = value in SPECIAL
            if value != ASKED and name not in self.uncounted_slots and special == (name in self.keywords):
                counts[name] += 1
        return dict(counts)

    def expressed(self, slots: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """The words that say each slot; `slots` are those that have values."""
        marks = {slot: (mark(slot),) for slot in slots if slot not in (*self.uncounted_slots, *self.keywords)}
        return marks | {slot: tuple(words) for slot, words in self.keywords.items()}

    def counts(self, act: DialogueAct) -> bool:
        """Whether sentences for this act are counted."""
        return act.type not in self.uncounted_acts
