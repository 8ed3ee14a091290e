"""A Student-t distribution, and its quantiles."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gatelet.errors import ModelError
from gatelet.plan.operation import Arrays, OneToOne, Stateless
from gatelet.plan.values import Numbers, Shape, spelled


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
        return (np.stack([location, scale, 2.1 + np.logaddexp(0.0, a[:, 2] + 6.0)], 1),), ()


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
        location, scale, freedom = given[0].T
        quantiles = [
            [place + width * inverse(level, freed) for level in self.levels]
            for place, width, freed in zip(location.tolist(), scale.tolist(), freedom.tolist(), strict=True)
        ]
        return (np.array(quantiles),), ()


def inverse(level: float, freedom: float) -> float:
    """F^-1(level) of a Student-t distribution, by bisection of log t in the tail: to 1e-13 relative."""
    if level == 0.5:
        return 0.0
    if level < 0.5:
        return -inverse(1.0 - level, freedom)
    tail, low, high = 1.0 - level, -50.0, 100.0
    for _ in range(200):
        middle = 0.5 * (low + high)
        if middle in (low, high):
            break
        low, high = (middle, high) if upper_tail(math.exp(middle), freedom) > tail else (low, middle)
    return math.exp(0.5 * (low + high))


def upper_tail(t: float, freedom: float) -> float:
    """P(T > t) for t > 0: half the regularized incomplete beta function of freedom / (freedom + t^2)."""
    a, b, x = 0.5 * freedom, 0.5, freedom / (freedom + t * t)
    front = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log(t * t / (freedom + t * t))
    )
    if x < (a + 1.0) / (a + b + 2.0):
        return 0.5 * front * _continued_fraction(a, b, x) / a
    return 0.5 * (1.0 - front * _continued_fraction(b, a, t * t / (freedom + t * t)) / b)


def _continued_fraction(a: float, b: float, x: float) -> float:
    """Of the incomplete beta function, by Lentz's algorithm (Numerical Recipes, section 6.4)."""
    c, d = 1.0, 1.0 / (1.0 - (a + b) * x / (a + 1.0))
    result = d
    for m in range(1, 400):
        even = m * (b - m) * x / ((a + 2 * m - 1.0) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1.0))
        for term in (even, odd):
            d, c = 1.0 / (1.0 + term * d), 1.0 + term / c
            result *= d * c
        if abs(d * c - 1.0) < 1e-15:
            break
    return result


def _need_parameters(kind: str, source: str, shape: Shape) -> None:
    if len(shape) != 2 or shape[1] != 3:
        raise ModelError(f"{source!r}, which {kind} reads, must be rows of 3; it is {spelled(shape)}.")
