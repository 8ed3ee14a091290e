"""One conversation: what was told so far, and where it stands."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from gatelet.chat.description import SET, UNSET, Answer, Variant
from gatelet.chat.reading import PLACEHOLDER


@dataclass
class Dialogue:
    """A conversation of one user; a server may hold many, each as plain data.

    Attributes:
        slots: name -> value, of what the user has told.
        state: (H) of the GRU that carries the conversation; [] before the first turn.
        last: name of the last answer, or "" before the first.
        given: name -> how often an answer was given.
    """

    slots: dict[str, str] = field(default_factory=dict)
    state: list[float] = field(default_factory=list)
    last: str = ""
    given: dict[str, int] = field(default_factory=dict)

    def possible(self, answer: Answer) -> list[Variant]:
        """The ways to give an answer now; none if it asks for what is known, or needs what is not."""
        if answer.asks in self.slots or self.missing(answer):
            return []
        return [variant for variant in answer.variants if self._holds(variant)]

    def missing(self, answer: Answer) -> list[str]:
        """The slots that an answer needs and that are not known."""
        return [name for name in answer.needs if name not in self.slots]

    def give(self, answer: Answer) -> Variant:
        """The variant whose turn it is; what the answer forgets is forgotten by `close`."""
        variants = self.possible(answer)
        times = self.given.get(answer.name, 0)
        self.given[answer.name] = times + 1
        # a variant with a condition goes before those that fit always
        chosen = [variant for variant in variants if variant.when] or variants
        return chosen[times % len(chosen)]

    def close(self, answer: Answer) -> None:
        """What holds after an answer was given."""
        self.last = answer.name
        for name in answer.forget:
            self.slots.pop(name, None)

    def to_json(self) -> dict[str, Any]:
        """Plain values for `json.dumps`; `Dialogue(**values)` makes the dialogue again."""
        return asdict(self)

    def _holds(self, variant: Variant) -> bool:
        for name, asked in (variant.when or {}).items():
            value = self.slots.get(name)
            if (value is None) != (asked == UNSET) or asked not in (SET, UNSET, value):
                return False
        said = variant.text or ""
        values = [said] if variant.act is None else [value for _, value in variant.act.slots]
        return all(name in self.slots for text in values for name in PLACEHOLDER.findall(text))
