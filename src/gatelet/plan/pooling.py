"""One vector of all steps so far, or of all rows: as running states, so that memory does not grow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gatelet.errors import ModelError
from gatelet.plan.operation import Arrays, OneToOne
from gatelet.plan.values import Numbers, Shape, State, Weights, need_array, need_choice, need_matrix, need_rows, spelled

POOLINGS = ("last", "max", "mean", "root")


@dataclass(frozen=True, eq=False)
class Pool(OneToOne):
    """The last, the largest, the mean, or the sum divided by the square root of the count ("root").

    Attributes:
        source: (F,) at each step, or rows (N, F).
        target: (F,).
        kind: "last", "max", "mean" or "root".
        over: "steps" so far, or "rows" of one value.
    """

    source: str
    target: str
    kind: str
    over: str = "steps"

    def shapes(self, given: Sequence[Shape]) -> tuple[Shape, ...]:
        """(F,)."""
        need_choice("kind of Pool", self.kind, POOLINGS)
        return (pooled("Pool", self.source, self.over, given[0]),)

    def macs(self, given: Sequence[Shape]) -> int:
        """None."""
        return 0

    def state(self, given: Sequence[Shape]) -> tuple[State, ...]:
        """The largest so far, or the sum and the count; nothing over rows, or of the last."""
        if self.over == "rows" or self.kind == "last":
            return ()
        if self.kind == "max":
            return (State("largest", given[0], first=-np.inf),)
        return (State("sum", given[0]), State("count", ()))

    def run(self, given: Sequence[Numbers], state: Arrays) -> tuple[Arrays, Arrays]:
        """One step, or all rows."""
        rows = given[0] if self.over == "rows" else given[0][None]
        if self.kind == "last":
            return (rows[-1],), ()
        if self.kind == "max":
            largest = rows.max(0) if not state else np.maximum(state[0], rows[0])
            return (largest,), (largest,) if state else ()
        sums, count = rows.sum(0), np.asarray(float(len(rows)))
        if state:
            sums, count = state[0] + sums, state[1] + count
        result = sums / (count if self.kind == "mean" else np.sqrt(count))
        return (result,), (sums, count) if state else ()


@dataclass(frozen=True, eq=False)
class AttentionPool(OneToOne):
    """a_t = softmax over t of v . tanh(W y_t + b), result = sum of a_t y_t (Yang et al., NAACL 2016).

    Over steps, the exponentials are kept relative to the largest score so far: the sum of the weighted vectors,
    the sum of the weights, and that score are all that is remembered.

    Attributes:
        source: y, (F,) at each step, or rows (N, F).
        target: (F,).
        weight: W (K, F).
        bias: b (K,).
        score: v (K,).
        over: "steps" so far, or "rows" of one value.
    """

    source: str
    target: str
    weight: Weights
    bias: Weights
    score: Weights
    over: str = "steps"

    def shapes(self, given: Sequence[Shape]) -> tuple[Shape, ...]:
        """(F,)."""
        height, width = need_matrix("weight of AttentionPool", self.weight)
        need_array("bias of AttentionPool", self.bias, (height,))
        need_array("score of AttentionPool", self.score, (height,))
        shape = pooled("AttentionPool", self.source, self.over, given[0])
        need_rows(f"{self.source!r}, which AttentionPool reads,", shape, width)
        return (shape,)

    def macs(self, given: Sequence[Shape]) -> int:
        """The scores and the sum, for every row."""
        rows = given[0][0] if self.over == "rows" and isinstance(given[0][0], int) else 1
        return rows * int(self.weight.size + self.score.size + self.weight.shape[1])

    def state(self, given: Sequence[Shape]) -> tuple[State, ...]:
        """The sum of the weighted vectors, of the weights, and the largest score."""
        if self.over == "rows":
            return ()
        return (State("sum", given[0]), State("weight", ()), State("peak", (), first=-np.inf))

    def run(self, given: Sequence[Numbers], state: Arrays) -> tuple[Arrays, Arrays]:
        """One step, or all rows."""
        y = given[0] if self.over == "rows" else given[0][None]
        scores = np.tanh(y @ self.weight.T.astype(np.float64) + self.bias) @ self.score.astype(np.float64)
        peak = scores.max() if not state else max(float(state[2]), scores[0])
        weights = np.exp(scores - peak)
        total, weight = weights @ y, weights.sum()
        if state:
            shrink = np.exp(state[2] - peak)
            total, weight = state[0] * shrink + total, state[1] * shrink + weight
        return (total / weight,), (total, np.asarray(weight), np.asarray(peak)) if state else ()


def pooled(kind: str, source: str, over: str, shape: Shape) -> Shape:
    """(F,) of what is pooled; raises ModelError where it does not fit what is run over."""
    need_choice(f"over of {kind}", over, ("steps", "rows"))
    if len(shape) != (1 if over == "steps" else 2) or not isinstance(shape[-1], int):
        raise ModelError(f"{source!r}, which {kind} reads, must fit {over}; it has {spelled(shape)}.")
    return shape[-1:]
