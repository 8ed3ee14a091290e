"""Quantiles that never cross."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gatelet.errors import ModelError
from gatelet.plan.operation import Arrays, OneToOne, Stateless
from gatelet.plan.values import Numbers, Shape, Weights, need_array, need_whole, spelled


@dataclass(frozen=True, eq=False)
class Quantiles(Stateless):
    """The median, and positive steps away from it, for each of N rows:

        q_m = a_m + shift,   q_{k+1} = q_k + softplus(a_{k+1} - 2),   q_{k-1} = q_k - softplus(a_{k-1} - 2)

    Attributes:
        source: a (N, Q).
        target: q (N, Q).
        median: m.
        shift: name of (N,), or "" for none.
    """

    source: str
    target: str
    median: int
    shift: str = ""

    @property
    def inputs(self) -> tuple[str, ...]:
        """a, and the shift."""
        return (self.source, self.shift) if self.shift else (self.source,)

    @property
    def outputs(self) -> tuple[str, ...]:
        """What is written: q."""
        return (self.target,)

    def shapes(self, given: Sequence[Shape]) -> tuple[Shape, ...]:
        """(N, Q)."""
        _need_levels("Quantiles", self.source, given[0], self.median)
        if len(given) == 2 and given[1] != given[0][:1]:
            raise ModelError(f"{self.shift!r}, which Quantiles adds, must be one number a row; it is {given[1]}.")
        return (given[0],)

    def run(self, given: Sequence[Numbers], state: Arrays) -> tuple[Arrays, Arrays]:
        """One step."""
        a, m = given[0], self.median
        middle = a[:, m : m + 1] + (given[1][:, None] if len(given) == 2 else 0.0)
        steps = np.logaddexp(0.0, a - 2.0)
        up = middle + steps[:, m + 1 :].cumsum(1)
        down = middle - steps[:, :m][:, ::-1].cumsum(1)[:, ::-1]
        return (np.concatenate([down, middle, up], 1),), ()


@dataclass(frozen=True, eq=False)
class Calibrated(OneToOne, Stateless):
    """Quantiles moved by conformal offsets and kept in order around the median.

    Source: Romano, Patterson and Candes, Conformalized quantile regression, NeurIPS 2019 (arXiv:1905.03222).

    Attributes:
        source: (N, Q).
        target: (N, Q).
        offsets: (N, Q).
        median: column that the others must not cross.
    """

    source: str
    target: str
    offsets: Weights
    median: int

    def shapes(self, given: Sequence[Shape]) -> tuple[Shape, ...]:
        """(N, Q)."""
        _need_levels("Calibrated", self.source, given[0], self.median)
        need_array("offsets of Calibrated", self.offsets, given[0])
        return (given[0],)

    def run(self, given: Sequence[Numbers], state: Arrays) -> tuple[Arrays, Arrays]:
        """One step."""
        moved, m = given[0] + self.offsets, self.median
        moved[:, m:] = np.maximum.accumulate(moved[:, m:], 1)
        moved[:, : m + 1] = np.minimum.accumulate(moved[:, m::-1], 1)[:, ::-1]
        return (moved,), ()


def _need_levels(kind: str, source: str, shape: Shape, median: int) -> None:
    if len(shape) != 2 or not isinstance(shape[1], int):
        raise ModelError(f"{source!r}, which {kind} reads, must be rows; it is {spelled(shape)}.")
    need_whole(f"median of {kind}", median, 0, shape[1] - 1)
