"""Attention: a query looks at every place of a memory and takes a weighted mean of them.

    a = softmax over places of score(query, place),   context = sum of a * place

Shapes: query (B, Q, F), memory (B, S, M), mask (B, S) true at real places, context (B, Q, M), weights (B, Q, S).
The Q queries of a sample know nothing of each other: they may be the steps of a target or the beams of a search.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

ATTENTIONS = ("additive", "dot", "general")


class Attention(nn.Module):
    """Base of the attentions: they differ in `keys`, which is computed once per memory, and in `scores`."""

    def keys(self, memory: Tensor) -> Tensor:
        """(B, S, K) what queries are compared with."""
        raise NotImplementedError

    def scores(self, query: Tensor, keys: Tensor, coverage: Tensor | None = None) -> Tensor:
        """(B, Q, S) before the softmax; `coverage` (B, Q, S) is what each place has been given so far."""
        raise NotImplementedError

    def forward(
        self, query: Tensor, memory: Tensor, mask: Tensor, keys: Tensor | None = None, coverage: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Look at a memory.

        Args:
            query: (B, Q, F).
            memory: (B, S, M).
            mask: (B, S), true at one place of each sample at least; the others get no weight at all.
            keys: (B, S, K) what `keys` gave for this memory; computed if None.
            coverage: (B, Q, S), for an attention that was made to heed it.

        Returns:
            context (B, Q, M) and weights (B, Q, S), which add up to 1 over S.
        """
        scores = self.scores(query, self.keys(memory) if keys is None else keys, coverage)
        weights = scores.masked_fill(~mask[:, None], -torch.inf).softmax(-1)
        return weights @ memory, weights


class AdditiveAttention(Attention):
    """score = v . tanh(W query + b + U place [+ w coverage]).

    Sources: Bahdanau et al., Neural Machine Translation by Jointly Learning to Align and Translate, ICLR 2015
    (arXiv:1409.0473); Tu et al., Modeling Coverage for Neural Machine Translation, ACL 2016 (arXiv:1601.04811).
    """

    def __init__(self, query_size: int, memory_size: int, size: int, *, coverage: bool = False) -> None:
        """Compare in `size` dimensions; with `coverage`, what a place has been given so far counts in its score."""
        super().__init__()
        self.query = nn.Linear(query_size, size)
        self.memory = nn.Linear(memory_size, size, bias=False)
        self.score = nn.Linear(size, 1, bias=False)
        if coverage:
            self.covered = nn.Linear(1, size, bias=False)

    def keys(self, memory: Tensor) -> Tensor:
        """(B, S, size): U place."""
        keys: Tensor = self.memory(memory)
        return keys

    def scores(self, query: Tensor, keys: Tensor, coverage: Tensor | None = None) -> Tensor:
        """(B, Q, S)."""
        joined = self.query(query)[:, :, None] + keys[:, None]  # (B, Q, S, size)
        if coverage is not None:
            joined = joined + self.covered(coverage[..., None])
        scores: Tensor = self.score(joined.tanh()).squeeze(-1)
        return scores


class GeneralAttention(Attention):
    """score = query . W place.

    Source: Luong et al., Effective Approaches to Attention-based Neural Machine Translation, EMNLP 2015
    (arXiv:1508.04025).
    """

    def __init__(self, query_size: int, memory_size: int) -> None:
        """Compare through a matrix W (query_size, memory_size)."""
        super().__init__()
        self.memory = nn.Linear(memory_size, query_size, bias=False)

    def keys(self, memory: Tensor) -> Tensor:
        """(B, S, F): W place."""
        keys: Tensor = self.memory(memory)
        return keys

    def scores(self, query: Tensor, keys: Tensor, coverage: Tensor | None = None) -> Tensor:
        """(B, Q, S)."""
        return query @ keys.transpose(1, 2)


class DotAttention(Attention):
    """score = query . place; both of one size. Source: Luong et al. 2015, as for `GeneralAttention`."""

    def __init__(self, query_size: int, memory_size: int) -> None:
        """Check that the sizes agree.

        Raises:
            ValueError: they do not.
        """
        super().__init__()
        if query_size != memory_size:
            raise ValueError(f"Dot attention needs queries and places of one size; got {query_size} and {memory_size}.")

    def keys(self, memory: Tensor) -> Tensor:
        """The memory itself."""
        return memory

    def scores(self, query: Tensor, keys: Tensor, coverage: Tensor | None = None) -> Tensor:
        """(B, Q, S)."""
        return query @ keys.transpose(1, 2)


def attention(kind: str, query_size: int, memory_size: int, size: int, *, coverage: bool = False) -> Attention:
    """An attention by its name.

    Args:
        kind: "additive", "dot" or "general".
        query_size: F.
        memory_size: M.
        size: in which additive attention compares.
        coverage: heed what places have been given so far, which additive attention alone can.

    Raises:
        ValueError: no such kind, sizes that dot attention cannot compare, or coverage of another kind.
    """
    if kind not in ATTENTIONS:
        raise ValueError(f"attention must be one of {', '.join(ATTENTIONS)}; got {kind}.")
    if kind == "additive":
        return AdditiveAttention(query_size, memory_size, size, coverage=coverage)
    if coverage:
        raise ValueError(f"coverage needs additive attention; got {kind}.")
    return (DotAttention if kind == "dot" else GeneralAttention)(query_size, memory_size)
