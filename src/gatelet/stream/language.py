"""What a language model says to the lines of a text as they come: how likely they were, and what is next."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from gatelet.errors import DataError
from gatelet.features.text import Spacing, TextFeatures, Writer, plain_line
from gatelet.features.text.joining import SPACE
from gatelet.features.text.vocabulary import RESERVED, UNKNOWN
from gatelet.plan import Plan
from gatelet.stream.drawing import next_probabilities
from gatelet.stream.records import Record
from gatelet.stream.session import Session

# tokens of a line that are read at once, so that a long one takes little memory
TOGETHER = 64
LIKELIEST = 5
MOST_WRITTEN = 100_000


class LanguageAnswerer:
    """Records are the lines of a document; an empty one begins another. A dict has the line under "text".

    What comes next, and what is written, goes on in the line that was read last: its end is read with the next one.
    """

    def __init__(self, plan: Plan, write: int = 0, weights: str = "float32") -> None:
        """Start before the first line.

        Args:
            plan: of a language model.
            write: tokens that it writes after each line, at most; a record may have its own under "write".
            weights: as of a `Session`.

        Raises:
            MissingExtraError: the model reads subwords, and the library of these is not there.
        """
        features, text = plan.features, TextFeatures.from_json(plan.features["text"])
        self._text = replace(text, settings=replace(text.settings, max_length=2**24))
        self._spacing = Spacing.from_json(features["spacing"])
        self._line, self._end = int(features["line"]), int(features["end"])
        self._unwritten = [int(number) for number in features["unwritten"]]
        sampling = features["sampling"]
        self._how = {name: sampling[name] for name in ("temperature", "top_k", "top_p")}
        self._stop = tuple(map(str, sampling["stop"]))
        self._drawer = np.random.default_rng(sampling["seed"])
        self._write = write
        self._session, self._begun = Session(plan, weights=weights), False
        self._begin()

    def answer(self, record: Record) -> dict[str, Any]:
        """The bits that a character of the line took, the likeliest next tokens, and what is written from here on."""
        line, write = self._read(record)
        if not line:
            self._begin()
            return {"bits_per_character": None, "next": self._likeliest()}
        tokens = self._text.tokens(line)
        ids = [self._line] * self._begun + [self._text.vocabulary.id(token) for token in tokens]
        nats = self._follow(ids)
        # a token without a number of its own is spelled out: eight bits for each byte, and for the end
        strange = [token for token in tokens if self._text.vocabulary.id(token) == UNKNOWN]
        bits = nats / math.log(2.0) + sum(8.0 * (len(token.encode()) + 1) for token in strange)
        found = {"bits_per_character": bits / (len(line) + self._begun), "next": self._likeliest()}
        self._begun = True
        return found | ({"written": self._written(tokens, write)} if write else {})

    def _read(self, record: Record) -> tuple[str, int]:
        line = record.get("text") if isinstance(record, dict) else record
        write = record.get("write", self._write) if isinstance(record, dict) else self._write
        if not isinstance(line, str) or "\n" in line:
            raise DataError("expected a line, or an object with one as text; got something else.")
        if type(write) is not int or not 0 <= write <= MOST_WRITTEN:
            raise DataError(f"column 'write': expected a whole number up to {MOST_WRITTEN}; got {write!r:.40}.")
        return plain_line(line), write

    def _begin(self) -> None:
        self._session.reset()
        self._begun = False
        self._scores = self._session.push({"token": self._end})

    def _follow(self, ids: Sequence[int]) -> float:
        """Read tokens; how unlikely they were, in nats."""
        nats = 0.0
        for begin in range(0, len(ids), TOGETHER):
            part = np.array(ids[begin : begin + TOGETHER])
            after = self._session.push({"token": part})
            before = np.concatenate([self._scores[None], after[:-1]])
            nats -= float(before[np.arange(len(part)), part].astype(np.float64).sum())
            self._scores = after[-1]
        return nats

    def _likeliest(self) -> list[dict[str, Any]]:
        scores = self._barred(self._scores)
        best = np.argsort(-scores, kind="stable")[:LIKELIEST]
        return [{"token": self._spelled(int(number)), "probability": float(np.exp(scores[number]))} for number in best]

    def _spelled(self, number: int) -> str | None:
        """A token as it is written; None for the end of the document."""
        if number >= self._line:
            return "\n" if number == self._line else None
        return self._text.vocabulary.tokens[number - RESERVED].replace(SPACE, " ")

    def _barred(self, scores: Any) -> Any:
        scores = scores.copy()
        scores[self._unwritten] = -np.inf
        return scores

    def _written(self, tokens: Sequence[str], most: int) -> str:
        """How the text may go on, which is forgotten afterwards."""
        session, scores, text = self._session.fork(), self._scores, ""
        writer = Writer(self._text.settings.unit, self._spacing)
        for token in tokens:
            writer.add(token)
        for _ in range(most):
            shares = next_probabilities(self._barred(scores), **self._how)
            number = int(self._drawer.choice(len(shares), p=shares))
            if number == self._end:
                break
            text += writer.line() if number == self._line else writer.add(self._token(number))
            if any(stop in text for stop in self._stop):
                return text[: min(text.find(stop) for stop in self._stop if stop in text)]
            scores = session.push({"token": number})
        return text + writer.end()

    def _token(self, number: int) -> str:
        return self._text.vocabulary.tokens[number - RESERVED]
