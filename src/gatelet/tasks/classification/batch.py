"""Batches of texts as tensors: the distinct tokens once, the texts as places among them."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gatelet.features.text import Tokens

IGNORED = -100
"""The slot of a place where there is no word, which no loss counts."""


@dataclass(frozen=True)
class Batch:
    """B texts of at most T tokens, made of U distinct tokens.

    Attributes:
        places: (B, T) each token's number among the distinct ones, from 1; 0 beyond the end of a text.
        ids: (U,) numbers in the vocabulary.
        unknown: (U,) numbers when taken for unknown.
        spelling: hashed spellings of all distinct tokens, one after the other.
        spelling_offsets: (U,) where those of each begin.
        lengths: (B,) tokens of each text; stays on the CPU.
        targets: (B, K) 1 where the text has the class; K is 0 if that is not known.
        slots: (B, T) class of each token, IGNORED beyond the end; T is 0 if there are none.
    """

    places: Tensor
    ids: Tensor
    unknown: Tensor
    spelling: Tensor
    spelling_offsets: Tensor
    lengths: Tensor
    targets: Tensor
    slots: Tensor

    def __len__(self) -> int:
        return len(self.places)

    @property
    def mask(self) -> Tensor:
        """(B, T) true at real tokens."""
        return self.places > 0

    def to(self, device: torch.device, non_blocking: bool = False) -> Batch:
        """This batch with what the network needs on another device."""
        parts = {field.name: getattr(self, field.name) for field in fields(self)}
        moved = {name: part.to(device, non_blocking=non_blocking) for name, part in parts.items() if name != "lengths"}
        return Batch(**(parts | moved))


class TextCutter:
    """Cuts batches from texts held as numbers."""

    def __init__(
        self, tokens: Tokens, targets: NDArray[np.int64] | None = None, slots: NDArray[np.int64] | None = None
    ) -> None:
        """Keep the texts for cutting.

        Args:
            tokens: N texts.
            targets: (N, K), see `Batch`.
            slots: (sum of lengths) class of each token.
        """
        self._tokens = tokens
        self._targets = np.zeros((len(tokens), 0), np.int64) if targets is None else targets
        self._slots = slots

    def __call__(self, index: Tensor) -> Batch:
        """The batch of the texts with these numbers (B,)."""
        rows = index.numpy()
        lengths = self._tokens.lengths[rows]
        steps = np.arange(lengths.max())
        real = steps < lengths[:, None]  # (B, T)
        at = (self._tokens.offsets[rows][:, None] + steps)[real]
        distinct, inverse = np.unique(self._tokens.places[at], return_inverse=True)
        places = np.zeros(real.shape, np.int64)
        places[real] = inverse + 1
        spelling, offsets = self._spelling(distinct)
        slots = np.full((len(rows), 0 if self._slots is None else len(steps)), IGNORED, np.int64)
        if self._slots is not None:
            slots[real] = self._slots[at]
        return Batch(
            *map(torch.from_numpy, (places, self._tokens.ids[distinct], self._tokens.unknown[distinct])),
            *map(torch.from_numpy, (spelling, offsets, lengths, self._targets[rows], slots)),
        )

    def _spelling(self, distinct: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The spellings of the distinct tokens, one after the other, and where those of each begin."""
        begins, ends = self._tokens.spelling_offsets[distinct], self._tokens.spelling_offsets[distinct + 1]
        counts = ends - begins
        offsets = np.cumsum(counts) - counts
        at = np.repeat(begins - offsets, counts) + np.arange(counts.sum())
        return self._tokens.spelling[at], offsets
