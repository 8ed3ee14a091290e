"""Batches of pairs of texts as tensors."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor

from gatelet.features.text.numbered import Numbered


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


class PairCutter:
    """Cuts batches from pairs held as numbers; without targets, the target of a batch is empty."""

    def __init__(self, source: Numbered, target: Numbered | None = None) -> None:
        """Keep the texts for cutting."""
        self._source, self._target = source, target

    def __call__(self, index: Tensor) -> Batch:
        """The batch of the pairs with these numbers (B,)."""
        rows = index.numpy()
        target = np.zeros((len(rows), 0), np.int64) if self._target is None else self._target.padded(rows)
        former = target if self._target is None else self._target.former(target)
        arrays = (self._source.padded(rows), self._source.lengths[rows], target, former)
        return Batch(*map(torch.from_numpy, arrays))
