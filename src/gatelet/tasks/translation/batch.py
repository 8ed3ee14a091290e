"""Batches of pairs of texts as tensors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gatelet.features.text import TextFeatures

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Batch:
    """B pairs of at most S source and T target tokens, the mark of the end included; 0 beyond the end.

    Attributes:
        source: (B, S) numbers of the tokens.
        source_lengths: (B,) stays on the CPU.
        target: (B, T) numbers of the tokens to be guessed.
        former: (B, T) the token before each of them; the mark of the edge before the first.
    """

    source: Tensor
    source_lengths: Tensor
    target: Tensor
    former: Tensor

    def __len__(self) -> int:
        return len(self.source)

    @property
    def source_mask(self) -> Tensor:
        """(B, S) true at real tokens."""
        return self.source > 0

    @property
    def target_mask(self) -> Tensor:
        """(B, T) true at real tokens."""
        return self.target > 0

    def to(self, device: torch.device, non_blocking: bool = False) -> Batch:
        """This batch with what the network needs on another device."""
        parts = {field.name: getattr(self, field.name) for field in fields(self)}
        moved = {
            name: part if name == "source_lengths" else part.to(device, non_blocking=non_blocking)
            for name, part in parts.items()
        }
        return Batch(**moved)


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


def numbered(features: TextFeatures, texts: Sequence[str]) -> Numbered:
    """Texts as numbers; the edge is the first number that the vocabulary leaves free."""
    tokens, edge = features.encode(texts), len(features.vocabulary)
    ids = np.insert(tokens.ids[tokens.places], tokens.offsets[1:], edge)
    return Numbered(ids, tokens.offsets + np.arange(len(tokens.offsets)), edge)


class PairCutter:
    """Cuts batches from pairs held as numbers; without targets, the target of a batch is empty."""

    def __init__(self, source: Numbered, target: Numbered | None = None) -> None:
        """Keep the texts for cutting."""
        self._source, self._target = source, target

    def __call__(self, index: Tensor) -> Batch:
        """The batch of the pairs with these numbers (B,)."""
        rows = index.numpy()
        target = np.zeros((len(rows), 0), np.int64) if self._target is None else self._target.padded(rows)
        former = np.zeros_like(target)
        if self._target is not None:
            former[:, 0] = self._target.edge
            former[:, 1:] = np.where(target[:, 1:] > 0, target[:, :-1], 0)
        arrays = (self._source.padded(rows), self._source.lengths[rows], target, former)
        return Batch(*map(torch.from_numpy, arrays))
