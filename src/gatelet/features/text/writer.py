"""Tokens to text as they come, one after the other, and never half a character."""

from __future__ import annotations

import codecs

from gatelet.features.text.joining import SPACE, Spacing
from gatelet.features.text.splitting import EMPTY
from gatelet.features.text.subwords import KINDS


class Writer:
    """Puts the tokens of lines together; what it gave so far, put together, is always a beginning of the text.

    A line comes out as `join_tokens` would write it. Bytes wait until their character is whole, spaces between subwords
    until something follows.
    """

    def __init__(self, unit: str, spacing: Spacing) -> None:
        """Begin a text.

        Args:
            unit: of the tokens, as in `TextSettings`.
            spacing: of the language, for the unit "word".
        """
        self._unit, self._spacing = unit, spacing
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._last = ""  # word
        self._begun = False  # whether the line has something
        self._spaces = ""  # that wait

    def add(self, token: str) -> str:
        """What the next token of the line adds to the text, perhaps nothing yet."""
        if token == EMPTY:
            return ""
        text = self._added(token)
        self._begun = self._begun or bool(text)
        return text

    def line(self) -> str:
        """What the end of a line adds."""
        rest = self._decoder.decode(b"", True)
        self._decoder.reset()
        self._last, self._begun, self._spaces = "", False, ""
        return f"{rest}\n"

    def end(self) -> str:
        """What was still waiting when the text ends."""
        return self._decoder.decode(b"", True)

    def _added(self, token: str) -> str:
        if self._unit == "byte":
            return self._decoder.decode(bytes.fromhex(token))
        if self._unit in ("word", "space"):
            last, self._last = self._last, token
            if not last:
                return token
            return self._spacing.join((last, token))[len(last) :] if self._unit == "word" else f" {token}"
        if self._unit not in KINDS:
            return token
        text = self._spaces + token.replace(SPACE, " ")
        shown = text.rstrip(" ") if self._begun else text.strip(" ")
        self._spaces = text[len(text.rstrip(" ")) :] if self._begun or shown else ""
        return shown
