"""A query looks at every row of a memory and takes a weighted mean of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gatelet.errors import ModelError
from gatelet.plan.operation import Arrays
from gatelet.plan.values import Numbers, Shape, State, Weights, need_array, need_choice, need_matrix, need_rows, spelled


@dataclass(frozen=True, eq=False)
class Attention:
    """a = softmax over rows of score(query, key), context = sum of a * row.

    "dot": score = query . key, which is also general attention with its matrix in the keys.
    "additive": score = v . tanh(W query + b + key [+ w * what the row has been given so far]).

    Sources: Bahdanau et al., ICLR 2015 (arXiv:1409.0473); Luong et al., EMNLP 2015 (arXiv:1508.04025); Tu et al., ACL
    2016 (arXiv:1601.04811).

    Attributes:
        query: (F,).
        memory: rows (S, M).
        keys: rows (S, K), one of each row of the memory.
        target: the context (M,).
        given: the weights (S,).
        kind: "dot" or "additive".
        weight: W (K, F), additive only.
        bias: b (K,), additive only.
        score: v (K,), additive only.
        covered: w (K,), or None where what a row has been given does not count.
    """

    query: str
    memory: str
    keys: str
    target: str
    given: str
    kind: str = "dot"
    weight: Weights | None = None
    bias: Weights | None = None
    score: Weights | None = None
    covered: Weights | None = None

    @property
    def inputs(self) -> tuple[str, ...]:
        """Query, memory and keys."""
        return (self.query, self.memory, self.keys)

    @property
    def outputs(self) -> tuple[str, ...]:
        """Context and weights."""
        return (self.target, self.given)

    def shapes(self, given: Sequence[Shape]) -> tuple[Shape, ...]:
        """(M,) and (S,)."""
        need_choice("kind of Attention", self.kind, ("dot", "additive"))
        query, memory, keys = given
        if not (len(memory) == len(keys) == 2 and memory[0] == keys[0] and len(query) == 1):
            raise ModelError(
                "What Attention reads must be a query, and rows of memory and keys, as many of each; it is "
                f"{' and '.join(map(spelled, given)):.200}."
            )
        if self.kind == "dot":
            if query[0] != keys[1] or not (self.weight is self.bias is self.score is self.covered is None):
                raise ModelError("Dot attention must have a query of the size of a key, and no weights.")
        else:
            self._check_additive(query, keys)
        return (memory[1:], memory[:1])

    def _check_additive(self, query: Shape, keys: Shape) -> None:
        if self.weight is None:
            raise ModelError("Additive attention must have weights; it has none.")
        height, width = need_matrix("weight of Attention", self.weight)
        need_rows(f"{self.query!r}, which Attention reads,", query, width, 1, 1)
        need_rows(f"{self.keys!r}, which Attention reads,", keys, height, 2)
        need_array("bias of Attention", self.bias, (height,))
        need_array("score of Attention", self.score, (height,))
        if self.covered is not None:
            need_array("covered of Attention", self.covered, (height,))

    def macs(self, given: Sequence[Shape]) -> int:
        """The query's product, then score and sum for every row."""
        rows = given[1][0] if isinstance(given[1][0], int) else 1
        wide = [shape[-1] for shape in given[1:] if isinstance(shape[-1], int)]
        return (0 if self.weight is None else self.weight.size) + rows * sum(wide)

    def state(self, given: Sequence[Shape]) -> tuple[State, ...]:
        """What each row has been given so far, where that counts."""
        return () if self.covered is None else (State("covered", given[1][:1]),)

    def run(self, given: Sequence[Numbers], state: Arrays) -> tuple[Arrays, Arrays]:
        """One step."""
        query, memory, keys = given
        if self.weight is None or self.bias is None or self.score is None:
            scores = keys @ query
        else:
            joined = query @ self.weight.T.astype(np.float64) + self.bias + keys
            before = state[0] if state and len(state[0]) else np.zeros(len(memory))
            if self.covered is not None:
                joined = joined + before[:, None] * self.covered
            scores = np.tanh(joined) @ self.score.astype(np.float64)
        weights = np.exp(scores - scores.max())
        weights /= weights.sum()
        return (weights @ memory, weights), (before + weights,) if self.covered is not None else ()
