"""One vector of all steps so far, or of all rows, in integers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from gatelet.plan.integers import integers
from gatelet.plan.operation import Arrays, OneToOne, Stateless
from gatelet.plan.pooling import POOLINGS, pooled
from gatelet.plan.values import Numbers, Shape, State, need_choice
from gatelet.reference.integer import Integers, vectors


@dataclass(frozen=True, eq=False)
class IntegerPool(OneToOne, Stateless):
    """The last, the largest, the mean, or the sum divided by the square root of the count ("root").

    With S the sum, d = 256 count for the mean, d = floor(sqrt(65536 count)) for the root, q = |S| div d, r = |S| mod d:

        y = clamp16(sign(S) (256 q + floor((256 r + floor(d / 2)) / d)))

    which needs 32 bits without a sign. A sum of 2^15 vectors is halved, and so is its count, so that 32 bits hold it:
    beyond, what came first counts for less and less.

    Attributes:
        source: 16-bit integers, (F,) at each step, or rows (N, F).
        target: (F,), in the same unit.
        kind: "last", "max", "mean" or "root".
        over: "steps" so far, or "rows" of one value.
    """

    takes: ClassVar[str] = "int16"
    gives: ClassVar[str] = "int16"

    source: str
    target: str
    kind: str
    over: str = "steps"

    def shapes(self, given: Sequence[Shape]) -> tuple[Shape, ...]:
        """(F,)."""
        need_choice("kind of IntegerPool", self.kind, POOLINGS)
        return (pooled("IntegerPool", self.source, self.over, given[0]),)

    def state(self, given: Sequence[Shape]) -> tuple[State, ...]:
        """The largest so far, or the sum and the count; nothing over rows, or of the last."""
        if self.over == "rows" or self.kind == "last":
            return ()
        if self.kind == "max":
            return (State("largest", given[0], "int16", first=-(2.0**15)),)
        return (State("sum", given[0], "int"), State("count", (), "int"))

    def run(self, given: Sequence[Numbers], state: Arrays) -> tuple[Arrays, Arrays]:
        """One step, or all rows."""
        x = integers(self.source, given[0])
        rows = x if self.over == "rows" else x[None]
        if self.kind == "last":
            return (rows[-1].astype(np.float64),), ()
        if self.kind == "max":
            largest = rows.max(0).astype(np.float64)
            largest = np.maximum(state[0], largest) if state else largest
            return (largest,), (largest,) if state else ()
        sums: Integers = state[0].astype(np.int64) if state else np.zeros(rows.shape[1], np.int64)
        count = int(state[1]) if state else 0
        for row in rows:
            sums, count = vectors.accumulate(sums, count, row)
        y = vectors.divided(sums, count) if self.kind == "mean" else vectors.divided_by_root(sums, count)
        return (y.astype(np.float64),), (sums.astype(np.float64), np.asarray(float(count))) if state else ()
