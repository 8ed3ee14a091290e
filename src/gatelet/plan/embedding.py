"""Numbers of tokens to vectors, and neighbours to the number of their pair."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from gatelet.errors import ModelError
from gatelet.plan.operation import Arrays, OneToOne, Stateless
from gatelet.plan.values import Numbers, Shape, State, Weights, need_choice, need_matrix, need_whole, spelled


@dataclass(frozen=True, eq=False)
class Embedding(OneToOne, Stateless):
    """y = table[x]; a number without a row, such as a negative one, stands for nothing, the zero vector.

    Attributes:
        source: whole numbers, () or (N,); with `mean` one axis more, whose vectors are averaged.
        target: (E,) or (N, E).
        table: (V, E).
        mean: the last axis holds the parts of one thing, such as hashed pieces of the spelling of a word: the result is
            the mean of their vectors, without those that stand for nothing; without any, zero.
    """

    source: str
    target: str
    table: Weights
    mean: bool = False

    def shapes(self, given: Sequence[Shape]) -> tuple[Shape, ...]:
        """(E,) or (N, E)."""
        _, width = need_matrix("table of Embedding", self.table)
        axes = len(given[0]) - int(self.mean)
        if not 0 <= axes <= 1:
            raise ModelError(
                f"{self.source!r}, which Embedding reads, must have {'1 or 2' if self.mean else '0 or 1'} axes; it has "
                f"{spelled(given[0])}."
            )
        return ((*given[0][:axes], width),)

    def run(self, given: Sequence[Numbers], state: Arrays) -> tuple[Arrays, Arrays]:
        """One step."""
        at, real = rows_of(given[0], len(self.table))
        vectors = np.where(real[..., None], self.table[at].astype(np.float64), 0.0)
        if self.mean:
            vectors = vectors.sum(-2) / np.maximum(real.sum(-1), 1)[..., None]
        return (vectors,), ()


def rows_of(numbers: Numbers, count: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Which of `count` rows numbers stand for, 0 for nothing, and whether they stand for one; NaN does not."""
    real = (numbers >= 0) & (numbers < count)
    return np.where(real, numbers, 0).astype(np.int64), real


@dataclass(frozen=True, eq=False)
class Pairs(OneToOne):
    """The number of a pair of neighbours: y_t = (x_{t-1} * spread + x_t) mod buckets, in whole numbers of 64 bits.

    Attributes:
        source: whole numbers, one a step (), or rows (N,).
        target: of the same shape.
        over: "steps", or "rows" of one value.
        buckets: how many numbers pairs have.
        spread: multiplies the former number.
        first: stands before the first number.
    """

    gives: ClassVar[str] = "int"

    source: str
    target: str
    buckets: int
    over: str = "steps"
    spread: int = 2_654_435_761
    first: int = 0

    def shapes(self, given: Sequence[Shape]) -> tuple[Shape, ...]:
        """That of the numbers."""
        need_choice("over of Pairs", self.over, ("steps", "rows"))
        need_whole("buckets of Pairs", self.buckets, 1)
        need_whole("spread of Pairs", self.spread, 0, 2**32)
        need_whole("first of Pairs", self.first)
        if len(given[0]) != (0 if self.over == "steps" else 1):
            raise ModelError(f"{self.source!r}, which Pairs reads, must fit {self.over}; it has {spelled(given[0])}.")
        return (given[0],)

    def macs(self, given: Sequence[Shape]) -> int:
        """None."""
        return 0

    def state(self, given: Sequence[Shape]) -> tuple[State, ...]:
        """The former number."""
        return (State("former", (), "int", self.first),) if self.over == "steps" else ()

    def run(self, given: Sequence[Numbers], state: Arrays) -> tuple[Arrays, Arrays]:
        """One step."""
        ids = np.atleast_1d(given[0]).astype(np.int64)
        before = np.concatenate([[int(state[0]) if state else self.first], ids[:-1]]).astype(np.int64)
        pairs = ((before * self.spread + ids) % self.buckets).astype(np.float64)
        if self.over == "rows":
            return (pairs,), ()
        return (pairs[0],), (given[0],)
