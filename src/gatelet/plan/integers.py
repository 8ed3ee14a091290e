"""Between floats and integers of 16 bits, and what all integer operations share.

Values of integer operations are whole numbers of 16 bits, in a unit that the operations around them agree on;
`Plan.kinds` calls them "int16". docs/quantization.md has the equations, `gatelet.reference.integer` the bits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from gatelet.errors import DataError, ModelError
from gatelet.plan.operation import Arrays, OneToOne, Stateless
from gatelet.plan.values import Numbers, Shape, need_number
from gatelet.reference.integer import Integers, clamp16


@dataclass(frozen=True, eq=False)
class Quantize(OneToOne, Stateless):
    """y = clamp16(floor(x / unit + 1/2)); 0 where x is NaN.

    Attributes:
        source: floats, of any shape.
        target: 16-bit integers of the same shape.
        unit: what one of them stands for, in the unit of x.
    """

    gives: ClassVar[str] = "int16"

    source: str
    target: str
    unit: float

    def shapes(self, given: Sequence[Shape]) -> tuple[Shape, ...]:
        """That of x."""
        need_unit("Quantize", self.unit)
        return (given[0],)

    def run(self, given: Sequence[Numbers], state: Arrays) -> tuple[Arrays, Arrays]:
        """One step."""
        rounded = np.floor(np.nan_to_num(given[0], posinf=np.inf, neginf=-np.inf) / self.unit + 0.5)
        return (np.clip(rounded, -(2.0**15), 2.0**15 - 1),), ()


@dataclass(frozen=True, eq=False)
class Dequantize(OneToOne, Stateless):
    """y = unit * x.

    Attributes:
        source: 16-bit integers, of any shape.
        target: floats of the same shape.
        unit: what one of the integers stands for.
    """

    takes: ClassVar[str] = "int16"

    source: str
    target: str
    unit: float

    def shapes(self, given: Sequence[Shape]) -> tuple[Shape, ...]:
        """That of x."""
        need_unit("Dequantize", self.unit)
        return (given[0],)

    def run(self, given: Sequence[Numbers], state: Arrays) -> tuple[Arrays, Arrays]:
        """One step."""
        return (self.unit * given[0],), ()


def need_unit(kind: str, given: float) -> None:
    """Raise ModelError unless a unit is a positive number of usual size."""
    need_number(f"unit of {kind}", given)
    if not 1e-30 < given < 1e30:
        raise ModelError(f"unit of {kind} must be positive, from 1e-30 to 1e30; got {given}.")


def integers(name: str, given: Numbers) -> Integers:
    """A value as the integers that it holds.

    Raises:
        DataError: it holds others, or what 16 bits cannot.
    """
    with np.errstate(invalid="ignore"):  # what is no number is not equal afterwards
        found = given.astype(np.int64)
    if not np.array_equal(found, given) or not np.array_equal(clamp16(found), found):
        raise DataError(f"{name!r} must hold whole numbers from -32768 to 32767; it holds others.")
    return found
