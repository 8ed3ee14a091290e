"""Numbers in their unit to numbers of usual size, and what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gatelet.errors import ModelError
from gatelet.plan.operation import Arrays, OneToOne, Stateless
from gatelet.plan.values import Numbers, Shape, Weights, need_array, need_rows


@dataclass(frozen=True, eq=False)
class Standardize(OneToOne, Stateless):
    """y = (x - mean) / scale; NaN, a missing number, stays NaN.

    Attributes:
        source: (F,) or rows (N, F).
        target: of the same shape.
        mean: (F,) in the unit of x.
        scale: (F,) positive, in the unit of x.
    """

    source: str
    target: str
    mean: Weights
    scale: Weights

    def shapes(self, given: Sequence[Shape]) -> tuple[Shape, ...]:
        """That of x."""
        need_array("mean of Standardize", self.mean, (self.mean.size,))
        need_array("scale of Standardize", self.scale, (self.mean.size,))
        if not (self.scale > 0).all():
            raise ModelError("scale of Standardize must be positive; it is not.")
        need_rows(f"{self.source!r}, which Standardize reads,", given[0], self.mean.size)
        return (given[0],)

    def run(self, given: Sequence[Numbers], state: Arrays) -> tuple[Arrays, Arrays]:
        """One step."""
        return ((given[0] - self.mean) / self.scale,), ()


@dataclass(frozen=True, eq=False)
class Observed(OneToOne, Stateless):
    """y = 1 where x is a number, 0 where it is NaN.

    Attributes:
        source: of any shape.
        target: of the same shape.
    """

    source: str
    target: str

    def shapes(self, given: Sequence[Shape]) -> tuple[Shape, ...]:
        """That of x."""
        return (given[0],)

    def run(self, given: Sequence[Numbers], state: Arrays) -> tuple[Arrays, Arrays]:
        """One step."""
        return ((~np.isnan(given[0])).astype(np.float64),), ()


@dataclass(frozen=True, eq=False)
class Filled(OneToOne, Stateless):
    """y = x, and 0 where x is NaN.

    Attributes:
        source: of any shape.
        target: of the same shape.
    """

    source: str
    target: str

    def shapes(self, given: Sequence[Shape]) -> tuple[Shape, ...]:
        """That of x."""
        return (given[0],)

    def run(self, given: Sequence[Numbers], state: Arrays) -> tuple[Arrays, Arrays]:
        """One step."""
        return (np.where(np.isnan(given[0]), 0.0, given[0]),), ()
