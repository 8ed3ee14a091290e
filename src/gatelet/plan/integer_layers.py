"""What stands around integer cells: dense layers, tables, sums and linear maps of 16-bit integers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from gatelet.errors import DataError, ModelError
from gatelet.plan.embedding import rows_of
from gatelet.plan.integers import integers
from gatelet.plan.joining import widest
from gatelet.plan.operation import Arrays, ManyToOne, OneToOne, Stateless
from gatelet.plan.values import (
    Int8,
    Int16,
    Int32,
    Numbers,
    Shape,
    need_choice,
    need_integers,
    need_matrix,
    need_rows,
    need_whole,
    spelled,
)
from gatelet.reference import integer
from gatelet.reference.integer.weights import LARGEST_SHIFT

ACTIVATIONS = {
    "linear": lambda y: y,
    "relu": lambda y: np.maximum(y, 0),
    "tanh": integer.vectors.tanh16,
    "sigmoid": integer.vectors.sigmoid16,
}
# vectors of which a mean is taken at most, so that 32 bits hold their sum
MOST_PARTS = 2**15


@dataclass(frozen=True, eq=False)
class IntegerDense(OneToOne, Stateless):
    """y = f(clamp16(shift(shift(W x, 8) m + b, shift))).

    Attributes:
        source: 16-bit integers, (I,) or rows (N, I).
        target: (O,) or (N, O).
        weight: (O, I).
        multiplier: m (O,), not negative.
        bias: b (O,), in units of 2^-shift of the unit of y.
        shift: 1 to 24.
        activation: f: "linear", "relu"; "tanh" and "sigmoid" read units of 2^-12 and give units of 2^-15.
    """

    takes: ClassVar[str] = "int16"
    gives: ClassVar[str] = "int16"

    source: str
    target: str
    weight: Int8
    multiplier: Int16
    bias: Int32
    shift: int
    activation: str = "linear"

    @cached_property
    def constants(self) -> integer.IntegerDense:
        """What `gatelet.reference.integer` and `gatelet.runtime` read."""
        return integer.IntegerDense(self.weight, self.multiplier, self.bias, self.shift)

    def shapes(self, given: Sequence[Shape]) -> tuple[Shape, ...]:
        """(O,) or (N, O)."""
        need_choice("activation of IntegerDense", self.activation, ACTIVATIONS)
        height, width = need_matrix("weight of IntegerDense", self.weight)
        need_integers("weight of IntegerDense", self.weight, np.int8, (height, width))
        need_integers("multiplier of IntegerDense", self.multiplier, np.int16, (height,))
        need_integers("bias of IntegerDense", self.bias, np.int32, (height,))
        need_whole("shift of IntegerDense", self.shift)
        try:
            _ = self.constants
        except ValueError as error:
            raise ModelError(f"The constants of IntegerDense do not hold together: {error}") from error
        return ((*need_rows(f"{self.source!r}, which IntegerDense reads,", given[0], width), height),)

    def macs(self, given: Sequence[Shape]) -> int:
        """The product, for every row."""
        rows = given[0][0] if len(given[0]) == 2 and isinstance(given[0][0], int) else 1
        return rows * self.weight.size

    def run(self, given: Sequence[Numbers], state: Arrays) -> tuple[Arrays, Arrays]:
        """One step."""
        y = integer.dense.forward(integers(self.source, given[0]), self.constants)
        return (ACTIVATIONS[self.activation](y).astype(np.float64),), ()


@dataclass(frozen=True, eq=False)
class IntegerEmbedding(OneToOne, Stateless):
    """y = clamp16(shift(table[x] m[x], shift)); a number without a row stands for nothing, the zero vector.

    Attributes:
        source: numbers of rows, () or (N,); with `mean` one axis more, whose vectors are averaged.
        target: (E,) or (N, E).
        table: (V, E).
        multiplier: m (V,), not negative.
        shift: 1 to 24.
        mean: the last axis holds the parts of one thing, at most 2^15: the result is the sum of their vectors, without
            those that stand for nothing, divided by their number and rounded to the nearest, halves away from zero.
    """

    gives: ClassVar[str] = "int16"

    source: str
    target: str
    table: Int8
    multiplier: Int16
    shift: int
    mean: bool = False

    def shapes(self, given: Sequence[Shape]) -> tuple[Shape, ...]:
        """(E,) or (N, E)."""
        height, width = need_matrix("table of IntegerEmbedding", self.table)
        need_integers("table of IntegerEmbedding", self.table, np.int8, (height, width))
        need_integers("multiplier of IntegerEmbedding", self.multiplier, np.int16, (height,))
        need_whole("shift of IntegerEmbedding", self.shift, 1, LARGEST_SHIFT)
        if self.multiplier.min() < 0:
            raise ModelError(f"multiplier of IntegerEmbedding must not be negative; it is {self.multiplier.min()}.")
        axes = len(given[0]) - int(self.mean)
        if not 0 <= axes <= 1:
            raise ModelError(
                f"{self.source!r}, which IntegerEmbedding reads, must have {'1 or 2' if self.mean else '0 or 1'} axes; "
                f"it has {spelled(given[0])}."
            )
        return ((*given[0][:axes], width),)

    def run(self, given: Sequence[Numbers], state: Arrays) -> tuple[Arrays, Arrays]:
        """One step."""
        at, real = rows_of(given[0], len(self.table))
        if self.mean and at.shape[-1] > MOST_PARTS:
            raise DataError(f"{self.source!r} must have at most {MOST_PARTS} parts; it has {at.shape[-1]}.")
        vectors = integer.vectors.embed(at, self.table, self.multiplier, self.shift)
        vectors = np.where(real[..., None], vectors, 0)
        if self.mean:
            vectors = integer.vectors.divided(vectors.sum(-2), np.maximum(real.sum(-1), 1)[..., None])
        return (vectors.astype(np.float64),), ()


@dataclass(frozen=True, eq=False)
class IntegerAdd(ManyToOne, Stateless):
    """y = clamp16(x_1 + x_2 + ... [+ constant]), all of one unit; where the others are rows, a row is added to each.

    Attributes:
        sources: names of values of one shape, at most 256.
        target: of that shape.
        constant: (F,) or (N, F), or None.
    """

    takes: ClassVar[str] = "int16"
    gives: ClassVar[str] = "int16"

    sources: tuple[str, ...]
    target: str
    constant: Int16 | None = None

    def shapes(self, given: Sequence[Shape]) -> tuple[Shape, ...]:
        """That of the widest."""
        if len(given) > 256:
            raise ModelError(f"IntegerAdd must read at most 256 values; it reads {len(given)}.")
        if self.constant is not None:
            need_integers("constant of IntegerAdd", self.constant, np.int16, self.constant.shape)
        return (widest("IntegerAdd", given, self.constant),)

    def run(self, given: Sequence[Numbers], state: Arrays) -> tuple[Arrays, Arrays]:
        """One step."""
        result = np.zeros((), np.int64) if self.constant is None else self.constant.astype(np.int64)
        for name, part in zip(self.sources, given, strict=True):
            result = result + integers(name, part)
        return (integer.clamp16(result).astype(np.float64),), ()


@dataclass(frozen=True, eq=False)
class IntegerAffine(OneToOne, Stateless):
    """y = clamp16(shift((x - center) m, shift)): integers standardized, or in another unit.

    Attributes:
        source: 16-bit integers, (F,) or rows (N, F).
        target: of the same shape.
        center: (F,) in the unit of x.
        multiplier: m (F,).
        shift: 1 to 24.
    """

    takes: ClassVar[str] = "int16"
    gives: ClassVar[str] = "int16"

    source: str
    target: str
    center: Int16
    multiplier: Int16
    shift: int

    def shapes(self, given: Sequence[Shape]) -> tuple[Shape, ...]:
        """That of x."""
        need_integers("center of IntegerAffine", self.center, np.int16, (self.center.size,))
        need_integers("multiplier of IntegerAffine", self.multiplier, np.int16, (self.center.size,))
        need_whole("shift of IntegerAffine", self.shift, 1, LARGEST_SHIFT)
        need_rows(f"{self.source!r}, which IntegerAffine reads,", given[0], self.center.size)
        largest = (2**15 + np.abs(self.center.astype(np.int64))) * np.abs(self.multiplier.astype(np.int64))
        if largest.max() + 2 ** (self.shift - 1) >= 2**31:
            raise ModelError(
                f"What IntegerAffine multiplies must stay below 2^31 for any input; got up to {largest.max()}."
            )
        return (given[0],)

    def run(self, given: Sequence[Numbers], state: Arrays) -> tuple[Arrays, Arrays]:
        """One step."""
        x = integers(self.source, given[0])
        return (integer.vectors.affine(x, self.center, self.multiplier, self.shift).astype(np.float64),), ()
