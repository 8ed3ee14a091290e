"""Batches in a shuffled order that depends on the seed and the epoch alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

Cut = Callable[[Tensor], Any]


class Batches:
    """Iterates over batches of samples, each cut by one call for all its samples.

    Lightning calls `set_epoch` through `sampler` before each epoch, so that a resumed training sees the same batches
    as one that was never interrupted.
    """

    batch_sampler: None = None  # Lightning looks for it wherever there is a sampler

    def __init__(self, count: int, cut: Cut, batch_size: int, *, seed: int | None, limit: int | None = None) -> None:
        """Make batches of the samples 0 to `count` - 1.

        Args:
            count: number of samples.
            cut: makes a batch from the numbers of its samples, int64 (B,).
            batch_size: B; the last batch of an epoch may be smaller when samples are not shuffled.
            seed: of the shuffling; None keeps the order.
            limit: batches per epoch, at most; with shuffling, a different part each epoch.
        """
        self._count = count
        self._cut = cut
        self._batch_size = min(batch_size, count)
        self._seed = seed
        whole = -(-count // self._batch_size) if seed is None else count // self._batch_size
        self._length = whole if limit is None else min(limit, whole)
        self._epoch = 0

    def __len__(self) -> int:
        return self._length

    @property
    def sampler(self) -> Batches:
        """This object: it has `set_epoch`."""
        return self

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch whose order comes next."""
        self._epoch = epoch

    def __iter__(self) -> Iterator[Any]:
        if self._seed is None:
            order = torch.arange(self._count)
        else:
            generator = torch.Generator().manual_seed(self._seed * 1_000_003 + self._epoch)
            order = torch.randperm(self._count, generator=generator)
        for number in range(self._length):
            yield self._cut(order[number * self._batch_size : (number + 1) * self._batch_size])
