"""Batches to learn from, in an order that depends on the seed and the epoch alone; portions to run a network on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Cut = Callable[[Tensor], Any]

# batches that are sorted by length together
PORTION = 32


class Loader(Protocol):
    """Gives the batches of an epoch, always as many."""

    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[Any]: ...


class Batches:
    """Iterates over batches of samples, each cut by one call for all its samples.

    Lightning calls `set_epoch` through `sampler` before each epoch, so that a resumed training sees the same batches
    as one that was never interrupted.
    """

    batch_sampler: None = None  # Lightning looks for it wherever there is a sampler

    def __init__(
        self,
        count: int,
        cut: Cut,
        batch_size: int,
        *,
        seed: int | None,
        limit: int | None = None,
        lengths: Tensor | None = None,
    ) -> None:
        """Make batches of the samples 0 to `count` - 1.

        Args:
            count: number of samples.
            cut: makes a batch from the numbers of its samples, int64 (B,).
            batch_size: B; the last batch of an epoch may be smaller when samples are not shuffled.
            seed: of the shuffling; None keeps the order.
            limit: batches per epoch, at most; with shuffling, a different part each epoch.
            lengths: (count,) of the samples; those of a batch are then similar, so that little padding is computed.
                Shuffled samples are sorted by length within portions of 32 batches, and the batches shuffled again.
        """
        self._count = count
        self._cut = cut
        self._batch_size = min(batch_size, count)
        self._seed = seed
        whole = -(-count // self._batch_size) if seed is None else count // self._batch_size
        self._length = whole if limit is None else min(limit, whole)
        self._lengths = lengths
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
        for index in self._order():
            yield self._cut(index)

    def _order(self) -> list[Tensor]:
        """The samples of each batch of this epoch."""
        if self._seed is None:
            order = torch.arange(self._count) if self._lengths is None else self._lengths.argsort(stable=True)
            return list(torch.split(order, self._batch_size))[: self._length]
        generator = torch.Generator().manual_seed(self._seed * 1_000_003 + self._epoch)
        order = torch.randperm(self._count, generator=generator)[: self._length * self._batch_size]
        if self._lengths is None:
            return list(torch.split(order, self._batch_size))
        portions = torch.split(order, PORTION * self._batch_size)
        sorted_portions = [portion[self._lengths[portion].argsort(stable=True)] for portion in portions]
        batches = torch.split(torch.cat(sorted_portions), self._batch_size)
        return [batches[number] for number in torch.randperm(len(batches), generator=generator).tolist()]


def portions(lengths: NDArray[np.int64], most: int) -> Iterator[Tensor]:
    """Numbers of samples of similar lengths for one pass each, with at most so many steps; all samples in all."""
    portion: list[int] = []
    for row in np.argsort(lengths, kind="stable").tolist():
        if portion and (len(portion) + 1) * int(lengths[row]) > most:
            yield torch.tensor(portion)
            portion = []
        portion.append(row)
    if portion:
        yield torch.tensor(portion)
