"""The same budget for every cell: which hidden size makes another cell as large, or as costly, as the reference.

A GRU has three gates where an LSTM has four, so equal hidden sizes favour the LSTM. A fair comparison fixes one cost
and lets the hidden size follow.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

from gatelet.errors import GateletError

Budget = Literal["params", "hidden", "flops"]


@dataclass(frozen=True)
class Match:
    """The hidden size that comes nearest to a budget, and by how much it misses."""

    hidden_size: int
    cost: int
    target: int

    @property
    def mismatch(self) -> float:
        """`cost / target - 1`: 0.01 is one per cent over the budget."""
        return self.cost / self.target - 1.0


def check_budget(budget: str) -> None:
    """Raise GateletError if `budget` is not one of the words in `Budget`."""
    if budget not in get_args(Budget):
        raise GateletError(f"budget must be one of {', '.join(get_args(Budget))}; got {budget!r}.")


def match_hidden_size(cost: Callable[[int], int], target: int, *, largest: int = 1 << 14) -> Match:
    """Find the integer hidden size whose cost is nearest to `target`.

    Args:
        cost: cost at a hidden size, strictly increasing: parameters, or FLOPs per time step.
        target: the cost of the reference cell, positive.
        largest: the largest hidden size considered.

    Raises:
        ValueError: `target` lies beyond the cost of the largest hidden size.
    """
    high = 1
    while cost(high) < target:
        if high >= largest:
            raise ValueError(
                f"the budget of {target:,} must be within reach of hidden size {largest:,}; got a larger one."
            )
        high = min(2 * high, largest)
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        if cost(middle) < target:
            low = middle
        else:
            high = middle
    candidates = [size for size in (low, high) if size >= 1]
    best = min(candidates, key=lambda size: abs(cost(size) - target))
    return Match(best, cost(best), target)
