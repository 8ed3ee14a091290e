"""A Student-t distribution, and its quantiles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gatelet.errors import ModelError
from gatelet.plan.operation import Arrays, OneToOne, Stateless
from gatelet.plan.values import Numbers, Shape, spelled
from gatelet.reference import student_t

LEAST_FREEDOM = 2.1  # so that there is a variance


@dataclass(frozen=True, eq=False)
class StudentT(Stateless):
    """Location, scale and degrees of freedom of each of N rows:

        (a_0 + shift, softplus(a_1 + 0.5413) + 1e-4, 2.1 + softplus(a_2 + 6))

    Attributes:
        source: a (N, 3).
        target: (N, 3).
        shift: name of (N,), or "" for none.
    """

    source: str
    target: str
    shift: str = ""

    @property
    def inputs(self) -> tuple[str, ...]:
        """a, and the shift."""
        return (self.source, self.shift) if self.shift else (self.source,)

    @property
    def outputs(self) -> tuple[str, ...]:
        """The parameters."""
        return (self.target,)

    def shapes(self, given: Sequence[Shape]) -> tuple[Shape, ...]:
        """(N, 3)."""
        _need_parameters("StudentT", self.source, given[0])
        if len(given) == 2 and given[1] != given[0][:1]:
            raise ModelError(f"{self.shift!r}, which StudentT adds, must be one number a row; it is {given[1]}.")
        return (given[0],)

    def run(self, given: Sequence[Numbers], state: Arrays) -> tuple[Arrays, Arrays]:
        """One step."""
        a = given[0]
        location = a[:, 0] + (given[1] if len(given) == 2 else 0.0)
        scale = np.logaddexp(0.0, a[:, 1] + 0.5413) + 1e-4
        return (np.stack([location, scale, LEAST_FREEDOM + np.logaddexp(0.0, a[:, 2] + 6.0)], 1),), ()


@dataclass(frozen=True, eq=False)
class StudentTQuantiles(OneToOne, Stateless):
    """Quantiles of Student-t distributions: location + scale * F^-1(level; freedom).

    Attributes:
        source: location, scale and degrees of freedom (N, 3).
        target: (N, Q).
        levels: Q of them, within 0 and 1, rising.
    """

    source: str
    target: str
    levels: tuple[float, ...]

    def shapes(self, given: Sequence[Shape]) -> tuple[Shape, ...]:
        """(N, Q)."""
        _need_parameters("StudentTQuantiles", self.source, given[0])
        levels = np.asarray(self.levels, np.float64)
        if not levels.size or not ((levels > 0) & (levels < 1)).all() or (np.diff(levels) <= 0).any():
            raise ModelError("levels of StudentTQuantiles must rise within 0 and 1; they do not.")
        return ((given[0][0], len(self.levels)),)

    def run(self, given: Sequence[Numbers], state: Arrays) -> tuple[Arrays, Arrays]:
        """One step."""
        location, scale, freedom = given[0].T[:, :, None]
        return (location + scale * student_t.quantiles(self.levels, freedom[:, 0]),), ()


def _need_parameters(kind: str, source: str, shape: Shape) -> None:
    if len(shape) != 2 or shape[1] != 3:
        raise ModelError(f"{source!r}, which {kind} reads, must be rows of 3; it is {spelled(shape)}.")
