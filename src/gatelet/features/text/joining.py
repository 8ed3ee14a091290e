"""Tokens back to text: the way back from `splitting` and `subwords`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from gatelet.errors import ModelError
from gatelet.features.text.splitting import EMPTY, plain, words
from gatelet.features.text.subwords import KINDS

SPACE = "\u2581"  # how subwords write one


@dataclass(frozen=True)
class Spacing:
    """Which tokens stand without a space before them, or after them, more often than with one.

    Attributes:
        before: tokens such as a full stop.
        after: tokens such as an opening bracket.
    """

    before: frozenset[str] = frozenset()
    after: frozenset[str] = frozenset()

    def join(self, tokens: Sequence[str]) -> str:
        """Words as text."""
        parts = list(tokens[:1])
        for last, token in zip(tokens, tokens[1:], strict=False):
            parts += [token] if last in self.after or token in self.before else [" ", token]
        return "".join(parts)

    def to_json(self) -> dict[str, list[str]]:
        """Plain values for `json.dumps`."""
        return {"before": sorted(self.before), "after": sorted(self.after)}

    @staticmethod
    def from_json(values: Any) -> Spacing:
        """Spacing from what `to_json` gave.

        Raises:
            ModelError: it is something else.
        """
        sides = (values["before"], values["after"])
        if not all(isinstance(side, list) and all(isinstance(token, str) for token in side) for side in sides):
            raise ModelError("spacing must be two lists of tokens.")
        return Spacing(*map(frozenset, sides))


def fit_spacing(texts: Iterable[str]) -> Spacing:
    """Learn where words are written without a space between them."""
    counts: dict[str, Counter[str]] = {"before": Counter(), "after": Counter()}
    for text in texts:
        text, last, end = plain(text), "", 0
        for token in words(text):
            begin = text.index(token, end)
            if last:
                glued = 1 if begin == end else -1
                counts["before"][token] += glued
                counts["after"][last] += glued
            last, end = token, begin + len(token)
    return Spacing(*(frozenset(token for token, balance in counts[side].items() if balance > 0) for side in counts))


def join_tokens(tokens: Sequence[str], unit: str, spacing: Spacing) -> str:
    """The text that these tokens were made of, if it was written as usual.

    Args:
        tokens: as `TextFeatures.tokens` gives them.
        unit: of those features.
        spacing: of the language, for the unit "word".
    """
    tokens = [token for token in tokens if token != EMPTY]
    if unit == "word":
        return spacing.join(tokens)
    if unit == "space":
        return " ".join(tokens)
    if unit == "byte":
        return bytes.fromhex("".join(tokens)).decode("utf-8", "replace")
    text = "".join(tokens)
    return text.replace(SPACE, " ").strip() if unit in KINDS else text
