"""A corpus as parallel streams of segments, one batch after the other, so that a state can be carried along."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gatelet.errors import DataError
from gatelet.tasks.language_modelling.script import Corpus

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Segment:
    """T steps of B streams.

    Attributes:
        former: (B, T) the token before each.
        target: (B, T) the tokens to be guessed; 0 beyond the end of a stream.
        resets: (B, T) true where a document begins.
        first: no segment came before; else the state goes on from there.
    """

    former: Tensor
    target: Tensor
    resets: Tensor
    first: bool

    def __len__(self) -> int:
        """How many tokens there are to guess."""
        return int((self.target > 0).sum())

    def to(self, device: torch.device, non_blocking: bool = False) -> Segment:
        """This segment on another device."""
        tensors = (self.former, self.target, self.resets)
        former, target, resets = (each.to(device, non_blocking=non_blocking) for each in tensors)
        return Segment(former, target, resets, self.first)


class TrainingStreams:
    """Segments for training, laid out anew in every epoch.

    Documents come in a random order and the whole is turned by a random number of tokens, so that the streams are cut
    at other places each time, which the seed and the epoch decide. Lightning calls `set_epoch` through `sampler`.
    """

    batch_sampler: None = None  # Lightning looks for it wherever there is a sampler

    def __init__(
        self, corpus: Corpus, streams: int, length: int, *, seed: int, varied: bool = False, limit: int | None = None
    ) -> None:
        """Lay out a corpus.

        Args:
            corpus: of N tokens.
            streams: B at most; fewer where they would be shorter than one segment.
            length: T, of a segment.
            seed: of the layout.
            varied: segments are of random lengths, T on average, one in twenty of half the length: tokens then do not
                stand in the same place of a segment in every epoch (Merity et al. 2018, arXiv:1708.02182).
            limit: segments in an epoch, at most.

        Raises:
            DataError: the corpus is shorter than one segment.
        """
        if len(corpus) < length:
            raise DataError(f"The text to learn from must hold a segment of {length} tokens; it holds {len(corpus)}.")
        self._corpus, self._length, self._varied, self._seed = corpus, length, varied, seed
        self._streams = min(streams, len(corpus) // length)
        self._steps = len(corpus) // self._streams
        self._segments = -(-self._steps // length)
        self._limit = self._segments if limit is None else min(limit, self._segments)
        self._epoch = 0

    def __len__(self) -> int:
        return self._limit

    @property
    def sampler(self) -> TrainingStreams:
        """This object: it has `set_epoch`."""
        return self

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch whose layout comes next."""
        self._epoch = epoch

    def __iter__(self) -> Iterator[Segment]:
        rng = np.random.default_rng((self._seed, self._epoch))
        ids, begins = _shuffled(self._corpus, rng)
        former = np.roll(ids, 1)
        shape = (self._streams, self._steps)
        arrays = tuple(array[: shape[0] * shape[1]].reshape(shape) for array in (former, ids, begins))
        ends = self._ends(rng)
        yield from _cut(arrays, ends[: self._limit])  # laid out at the first segment: the epoch is told before that

    def _ends(self, rng: np.random.Generator) -> Ints:
        """Where each segment ends; every one has a step at least."""
        count = self._segments
        weights = np.ones(count)
        if self._varied:
            weights = rng.normal(1.0, 1.0 / 14.0, count).clip(0.1) * np.where(rng.random(count) < 0.05, 0.5, 1.0)
        shares = np.cumsum(weights) / weights.sum()
        ends: Ints = np.arange(1, count + 1) + np.rint(shares * (self._steps - count)).astype(np.int64)
        return ends


class HeldOutStreams:
    """Segments of documents to be scored: each is read as a whole, from a fresh state to its end, some side by side."""

    def __init__(self, corpus: Corpus, streams: int, length: int) -> None:
        """Lay out documents.

        Args:
            corpus: the documents.
            streams: B at most.
            length: T, of a segment; it makes no difference to what is computed.
        """
        offsets = corpus.offsets
        rows = _shared_out(np.diff(offsets), streams)
        steps = max(sum(int(offsets[place + 1] - offsets[place]) for place in row) for row in rows)
        former, ids = np.zeros((2, len(rows), steps), np.int64)
        begins = np.zeros((len(rows), steps), np.bool_)
        self._arrays = (former, ids, begins)
        for row, places in enumerate(rows):
            at = 0
            for place in places:
                document = corpus.ids[offsets[place] : offsets[place + 1]]
                here = slice(at, at + len(document))
                ids[row, here], former[row, here] = document, np.roll(document, 1)
                begins[row, at] = True
                at += len(document)
        self._ends = np.append(np.arange(length, steps, length), steps)

    def __len__(self) -> int:
        return len(self._ends)

    def __iter__(self) -> Iterator[Segment]:
        return _cut(self._arrays, self._ends)


def _shuffled(corpus: Corpus, rng: np.random.Generator) -> tuple[Ints, Flags]:
    """(N) the tokens in a random order of documents, turned by a random number; and where documents begin."""
    offsets = corpus.offsets
    order = rng.permutation(len(offsets) - 1)
    turned = int(rng.integers(len(corpus)))
    ids = np.concatenate([corpus.ids[offsets[place] : offsets[place + 1]] for place in order])
    begins = np.zeros(len(ids), np.bool_)
    begins[np.cumsum(np.diff(offsets)[order])[:-1]] = True
    begins[0] = True
    return np.roll(ids, turned), np.roll(begins, turned)


def _shared_out(lengths: Ints, streams: int) -> list[list[int]]:
    """The documents of each stream: the longest first, each to the stream that is the shortest so far."""
    rows: list[list[int]] = [[] for _ in range(min(streams, len(lengths)))]
    filled = np.zeros(len(rows), np.int64)
    for place in np.argsort(-lengths, kind="stable").tolist():
        row = int(filled.argmin())
        rows[row].append(place)
        filled[row] += lengths[place]
    return rows


def _cut(arrays: Sequence[NDArray[Any]], ends: Ints) -> Iterator[Segment]:
    begin = 0
    for end in ends.tolist():
        former, ids, begins = (torch.from_numpy(np.ascontiguousarray(array[:, begin:end])) for array in arrays)
        yield Segment(former, ids, begins, first=begin == 0)
        begin = end
