"""What a bot says: a text of the author's with the slots put in, or a sentence that the realizer writes for an act."""

from __future__ import annotations

from gatelet.chat.description import Description, Variant
from gatelet.chat.dialogue import Dialogue
from gatelet.chat.reading import PLACEHOLDER
from gatelet.features.text.acts import DialogueAct
from gatelet.tasks.realisation import Realizer

_UNKNOWN = "(unknown)"


class Answering:
    """Puts answers into words."""

    def __init__(self, description: Description, realizer: Realizer | None) -> None:
        """Keep the answers, and what says the acts among them."""
        self._description, self._realizer = description, realizer

    def say(self, name: str, dialogue: Dialogue) -> str:
        """Give a possible answer, and note in the dialogue that it was given."""
        answer = self._description.answers[name]
        said = self._text(dialogue.give(answer), dialogue.slots)
        dialogue.close(answer)
        return said

    def unknown(self, dialogue: Dialogue) -> str:
        """That the bot does not know; several ways to say so take turns."""
        times = dialogue.given.get(_UNKNOWN, 0)
        dialogue.given[_UNKNOWN] = times + 1
        return self._description.unknown[times % len(self._description.unknown)]

    def _text(self, variant: Variant, slots: dict[str, str]) -> str:
        if variant.act is None:
            return _filled(variant.text or "", slots)
        assert self._realizer is not None
        act = DialogueAct(variant.act.type, tuple((name, _filled(value, slots)) for name, value in variant.act.slots))
        return self._realizer.predict([act]).texts[0]


def _filled(text: str, slots: dict[str, str]) -> str:
    return PLACEHOLDER.sub(lambda found: slots[found[1]], text)
