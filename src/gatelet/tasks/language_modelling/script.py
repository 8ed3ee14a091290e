"""How running text becomes numbers, and what the numbers mean."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gatelet.errors import DataError
from gatelet.features.text import Spacing, TextFeatures, lines_of, plain_line
from gatelet.features.text.subwords import KINDS
from gatelet.features.text.vocabulary import PAD, RESERVED, UNKNOWN

Ints = NDArray[np.int64]

# characters of a line, tokens too: what is longer would not be read as a whole
LONGEST_LINE = 2**24


@dataclass(frozen=True)
class Corpus:
    """D documents as numbers, one after the other.

    Attributes:
        ids: (N) numbers of the tokens; a mark closes each line, another one each document.
        offsets: (D + 1) where each document begins.
        characters: of the documents as they are read; the end of a line or document counts as one.
        unknown: tokens without a number of their own.
        spelling_nats: what it takes to spell these out, 8 bits for each byte in UTF-8 and 8 for the end, in nats.
    """

    ids: Ints
    offsets: Ints
    characters: int
    unknown: int
    spelling_nats: float

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class Script:
    """The vocabulary of a language model: that of its features, then the marks of the ends of lines and documents.

    Attributes:
        features: how a line is split into tokens.
        spacing: how words are put together.
    """

    features: TextFeatures
    spacing: Spacing

    @property
    def line(self) -> int:
        """The number that ends a line."""
        return len(self.features.vocabulary)

    @property
    def end(self) -> int:
        """The number that ends a document, and so stands before the next one."""
        return self.line + 1

    @property
    def size(self) -> int:
        """V, how many numbers there are."""
        return self.line + 2

    @property
    def unwritten(self) -> list[int]:
        """Numbers that stand for no text."""
        tokens = self.features.vocabulary.tokens
        own = [RESERVED + tokens.index("<unk>")] if self.features.settings.unit in KINDS and "<unk>" in tokens else []
        return [PAD, UNKNOWN, *own]

    def token(self, number: int) -> str:
        """The token of a number that is neither a mark nor unwritten."""
        return self.features.vocabulary.tokens[number - RESERVED]

    def corpus(self, documents: Sequence[str]) -> Corpus:
        """Documents as numbers.

        Raises:
            DataError: a line is longer than any text should be.
        """
        ids: list[int] = []
        offsets = [0]
        characters, unknown, spelled = 0, 0, 0
        for number, document in enumerate(documents):
            for line in lines_of(document):
                if len(line) > LONGEST_LINE:
                    raise DataError(
                        f"document {number}: a line must have at most {LONGEST_LINE:,} characters; got {len(line):,}."
                    )
                tokens = self.tokens(line)
                found = self.numbers(tokens)
                ids += found
                ids.append(self.line)
                characters += len(line) + 1
                if UNKNOWN in found:
                    strange = [token for token, id_ in zip(tokens, found, strict=True) if id_ == UNKNOWN]
                    unknown += len(strange)
                    spelled += sum(len(token.encode()) + 1 for token in strange)
            ids[-1] = self.end
            offsets.append(len(ids))
        spelling = 8.0 * math.log(2.0) * spelled
        return Corpus(np.array(ids, np.int64), np.array(offsets, np.int64), characters, unknown, spelling)

    def prompt(self, text: str) -> list[list[str]]:
        """The tokens of the lines of a text that goes on where it ends; a space at its end counts where spaces do."""
        lines = text.split("\n")
        found = [self.tokens(plain_line(line)) for line in lines]
        if found[-1] and lines[-1][-1:].isspace():
            found[-1] += {"character": [" "], "byte": ["20"]}.get(self.features.settings.unit, [])
        return found

    def tokens(self, line: str) -> list[str]:
        """The tokens of a line, none of an empty one."""
        return self.features.tokens(line) if line else []

    def numbers(self, tokens: Sequence[str]) -> list[int]:
        """Their numbers."""
        return [self.features.vocabulary.id(token) for token in tokens]
