"""Texts to numbers and back to tokens: what fitting learns about the language of a table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatelet.errors import DataError, GateletError, ModelError
from gatelet.features.text.splitting import EMPTY, characters, octets, spaced, words
from gatelet.features.text.subwords import KINDS, Subwords, fit_subwords
from gatelet.features.text.vocabulary import UNKNOWN, Vocabulary, count_vocabulary, hashed

Ints = NDArray[np.int64]

_SPLITTERS: dict[str, Callable[[str], list[str]]] = {
    "word": words,
    "space": spaced,
    "character": characters,
    "byte": octets,
}
UNITS = (*_SPLITTERS, *KINDS)
NGRAMS = (3, 4, 5)


@dataclass(frozen=True)
class TextSettings:
    """How text is read.

    Attributes:
        unit: "word", "space" (split at spaces only), "character", "byte", or learned subwords, "bpe" or "unigram".
        lowercase: read A as a.
        min_count: a token must stand so often in the training texts to have a number of its own.
        vocabulary_size: tokens with a number of their own, at most.
        buckets: unknown tokens are hashed into so many.
        spelling_buckets: a token is also known by its spelling, the sequences of 3 to 5 characters in it, hashed into
            so many; 0 for none.
        max_length: tokens of a text that are read, at most; of a longer one the first and the last half as many.

    Raises:
        GateletError: a value is outside its range.
    """

    unit: str = "word"
    lowercase: bool = True
    min_count: int = 1
    vocabulary_size: int = 30_000
    buckets: int = 16
    spelling_buckets: int = 0
    max_length: int = 2000

    def __post_init__(self) -> None:
        if self.unit not in UNITS:
            raise GateletError(f"unit must be one of {', '.join(UNITS)}; got {self.unit}.")
        least = {"min_count": 1, "vocabulary_size": 1, "buckets": 0, "spelling_buckets": 0, "max_length": 2}
        for name, low in least.items():
            value = getattr(self, name)
            if type(value) is not int or not low <= value <= 2**24:
                raise GateletError(f"{name} must be a whole number from {low} to {2**24}; got {value}.")


@dataclass(frozen=True)
class Tokens:
    """N texts as numbers: the distinct tokens once, and the texts as places among them.

    Attributes:
        places: (sum of lengths) for each token of each text its place among the U distinct tokens.
        offsets: (N + 1) where each text begins; no text is without a token.
        ids: (U) number of each distinct token in the vocabulary.
        unknown: (U) number that it has where it is taken for unknown.
        spelling: hashed spellings of all distinct tokens, one after the other.
        spelling_offsets: (U + 1) where those of each begin.
    """

    places: Ints
    offsets: Ints
    ids: Ints
    unknown: Ints
    spelling: Ints
    spelling_offsets: Ints

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def lengths(self) -> Ints:
        """(N) tokens of each text."""
        return np.diff(self.offsets)


@dataclass(frozen=True)
class TextFeatures:
    """What fitting learned: enough to read the next text in the same way."""

    settings: TextSettings
    vocabulary: Vocabulary
    subwords: Subwords | None = None

    def tokens(self, text: str) -> list[str]:
        """The tokens of a text as the model sees them, at least one and at most `max_length`."""
        text = text.lower() if self.settings.lowercase else text
        found = self.subwords.pieces(text) if self.subwords else _SPLITTERS[self.settings.unit](text)
        return self.shortened(found) or [EMPTY]

    def shortened(self, tokens: Sequence[str]) -> list[str]:
        """What is read of so many tokens, or of something else with one entry per token: both ends."""
        most = self.settings.max_length
        if len(tokens) <= most:
            return list(tokens)
        return [*tokens[: most - most // 2], *tokens[len(tokens) - most // 2 :]]

    def encode(self, texts: Iterable[str]) -> Tokens:
        """Texts as numbers."""
        known: dict[str, int] = {}
        places: list[int] = []
        offsets = [0]
        for text in texts:
            places += [known.setdefault(token, len(known)) for token in self.tokens(text)]
            offsets.append(len(places))
        spellings = [self._spelling(token) for token in known]
        return Tokens(
            places=np.array(places, np.int64),
            offsets=np.array(offsets, np.int64),
            ids=np.array([UNKNOWN if token == EMPTY else self.vocabulary.id(token) for token in known], np.int64),
            unknown=np.array([self.vocabulary.bucket(token) for token in known], np.int64),
            spelling=np.array([part for spelling in spellings for part in spelling], np.int64),
            spelling_offsets=np.cumsum([0, *map(len, spellings)], dtype=np.int64),
        )

    def _spelling(self, token: str) -> list[int]:
        """Hashed sequences of 3 to 5 characters, the edges of the token marked."""
        if not self.settings.spelling_buckets:
            return []
        edged = f"<{token[:40]}>"  # nothing longer is a word
        parts = {edged[at : at + size] for size in NGRAMS for at in range(len(edged) - size + 1)}
        return sorted(hashed(part) % self.settings.spelling_buckets for part in parts)

    def to_json(self) -> dict[str, Any]:
        """Plain values for `json.dumps`."""
        return {
            "settings": asdict(self.settings),
            "tokens": list(self.vocabulary.tokens),
            "subwords": None if self.subwords is None else self.subwords.to_json(),
        }

    @staticmethod
    def from_json(values: Any) -> TextFeatures:
        """Features from what `to_json` gave.

        Raises:
            ModelError: an entry is of the wrong kind.
            KeyError, TypeError: an entry is absent or unknown.
        """
        settings, tokens = TextSettings(**values["settings"]), values["tokens"]
        if not isinstance(tokens, list) or not all(isinstance(token, str) for token in tokens):
            raise ModelError("tokens must be a list of texts.")
        if (values["subwords"] is None) != (settings.unit in _SPLITTERS):
            raise ModelError(f"subwords must be there for {', '.join(KINDS)} alone; the unit is {settings.unit}.")
        subwords = None if values["subwords"] is None else Subwords.from_json(values["subwords"])
        return TextFeatures(settings, Vocabulary(tuple(tokens), settings.buckets), subwords)


def fit_text(texts: Sequence[str], settings: TextSettings) -> TextFeatures:
    """Learn the vocabulary of the training texts.

    Raises:
        DataError: there is not one token in them.
        MissingExtraError: subwords without the `tokenizers` library.
    """
    if settings.unit in KINDS:
        lowered = (text.lower() if settings.lowercase else text for text in texts)
        subwords = fit_subwords(lowered, settings.unit, settings.vocabulary_size)
        return TextFeatures(settings, Vocabulary(subwords.vocabulary, settings.buckets), subwords)
    bare = TextFeatures(settings, Vocabulary(()))
    all_tokens = [token for text in texts for token in bare.tokens(text) if token != EMPTY]
    if not all_tokens:
        raise DataError(f"The texts to learn from must hold a word; all {len(texts)} are empty.")
    vocabulary = count_vocabulary(
        all_tokens, least=settings.min_count, most=settings.vocabulary_size, buckets=settings.buckets
    )
    return TextFeatures(settings, vocabulary)
