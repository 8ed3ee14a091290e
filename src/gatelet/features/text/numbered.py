"""Texts as runs of numbers, each closed by a mark, for networks that write them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gatelet.features.text.features import TextFeatures

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Numbered:
    """N texts as numbers, one after the other.

    Attributes:
        ids: (sum of lengths) numbers of the tokens, each text closed by `edge`.
        offsets: (N + 1) where each text begins.
        edge: the number that marks the edge of a text.
    """

    ids: Ints
    offsets: Ints
    edge: int

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def lengths(self) -> Ints:
        """(N) tokens of each text, its end included."""
        return np.diff(self.offsets)

    def padded(self, rows: Ints) -> Ints:
        """(B, longest) some of the texts, 0 beyond their ends."""
        lengths = self.lengths[rows]
        steps = np.arange(lengths.max(initial=0))
        real = steps < lengths[:, None]
        padded = np.zeros(real.shape, np.int64)
        padded[real] = self.ids[(self.offsets[rows][:, None] + steps)[real]]
        return padded

    def former(self, padded: Ints) -> Ints:
        """(B, T) the token before each of some padded texts, the mark of the edge before the first."""
        former = np.zeros_like(padded)
        former[:, :1] = self.edge
        former[:, 1:] = np.where(padded[:, 1:] > 0, padded[:, :-1], 0)
        return former


def numbered(features: TextFeatures, texts: Sequence[str]) -> Numbered:
    """Texts as numbers; the edge is the first number that the vocabulary leaves free."""
    tokens, edge = features.encode(texts), len(features.vocabulary)
    ids = np.insert(tokens.ids[tokens.places], tokens.offsets[1:], edge)
    return Numbered(ids, tokens.offsets + np.arange(len(tokens.offsets)), edge)
