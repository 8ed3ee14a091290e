"""The words that training has shown, and where all others go."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from gatelet.errors import DataError

PAD = 0
UNKNOWN = 1
RESERVED = 2


@dataclass(frozen=True)
class Vocabulary:
    """Numbers for tokens: 0 pads, 1 is unknown or empty, then the tokens, then the buckets of the unknown.

    An unknown token goes to the bucket RESERVED + len(tokens) + CRC-32 of its UTF-8 modulo the number of buckets, the
    same on every machine; without buckets it is 1.

    Attributes:
        tokens: the known, the most frequent first.
        buckets: of the unknown.

    Raises:
        DataError: a token is there twice.
    """

    tokens: tuple[str, ...]
    buckets: int = 0
    _ids: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        ids = {token: RESERVED + place for place, token in enumerate(self.tokens)}
        if len(ids) != len(self.tokens):
            raise DataError(f"A vocabulary must hold a token once; {_repeated(self.tokens)!r:.80} is there twice.")
        object.__setattr__(self, "_ids", ids)

    def __len__(self) -> int:
        """How many numbers there are."""
        return RESERVED + len(self.tokens) + self.buckets

    def __contains__(self, token: str) -> bool:
        return token in self._ids

    def id(self, token: str) -> int:
        """The number of a token, known or not."""
        found = self._ids.get(token)
        return self.bucket(token) if found is None else found

    def bucket(self, token: str) -> int:
        """The number that the token has, or would have, where it is unknown."""
        if not self.buckets:
            return UNKNOWN
        return RESERVED + len(self.tokens) + hashed(token) % self.buckets


def hashed(token: str) -> int:
    """CRC-32 of the token in UTF-8: the same on every machine and in every version."""
    return zlib.crc32(token.encode("utf-8", "replace"))


def count_vocabulary(tokens: Iterable[str], *, least: int, most: int, buckets: int) -> Vocabulary:
    """The vocabulary of the training texts.

    Args:
        tokens: all tokens of all texts.
        least: a token must be there so often.
        most: at most so many tokens are kept, the most frequent first; of two equally frequent the first in the order
            of their characters.
        buckets: for the unknown.
    """
    counts = Counter(tokens)
    ordered = sorted((-count, token) for token, count in counts.items() if count >= least)
    return Vocabulary(tuple(token for _, token in ordered[:most]), buckets)


def _repeated(tokens: tuple[str, ...]) -> str:
    return next(token for token, count in Counter(tokens).items() if count > 1)
