"""Values side by side, added up, cut and brought into rows: floats, or (but for sums) integers of one unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gatelet.errors import ModelError
from gatelet.plan.operation import Arrays, ManyToOne, OneToOne, Stateless
from gatelet.plan.values import Numbers, Shape, Weights, need_array, need_whole, spelled


@dataclass(frozen=True, eq=False)
class Concatenate(ManyToOne, Stateless):
    """Values one after the other along their last axis; a row (F,) beside rows (N, G) is put into each of them.

    Attributes:
        sources: names of two or more, (F,) or (N, F); a single number () counts as (1,).
        target: (sum of F,), or (N, sum of F) if there are rows.
    """

    takes: ClassVar[str] = "any"
    gives: ClassVar[str] = "same"

    sources: tuple[str, ...]
    target: str

    def shapes(self, given: Sequence[Shape]) -> tuple[Shape, ...]:
        """(sum of F,) or (N, sum of F)."""
        if not given:
            raise ModelError("Concatenate must read at least one value; it reads none.")
        heads = {shape[:-1] for shape in given if len(shape) > 1}
        sizes = [shape[-1] if shape else 1 for shape in given]
        if len(heads) > 1 or any(not isinstance(size, int) for size in sizes) or any(len(s) > 2 for s in given):
            raise ModelError(
                f"What Concatenate reads must be rows of known size, as many of each; it is "
                f"{' and '.join(map(spelled, given)):.200}."
            )
        head: Shape = heads.pop() if heads else ()
        return ((*head, sum(size for size in sizes if isinstance(size, int))),)

    def run(self, given: Sequence[Numbers], state: Arrays) -> tuple[Arrays, Arrays]:
        """One step."""
        parts = [np.atleast_1d(part) for part in given]
        rows = [len(part) for part in parts if part.ndim == 2]
        if rows:
            parts = [part if part.ndim == 2 else np.repeat(part[None], rows[0], 0) for part in parts]
        return (np.concatenate(parts, -1),), ()


@dataclass(frozen=True, eq=False)
class Add(ManyToOne, Stateless):
    """y = x_1 + x_2 + ... [+ constant]; where the others are rows (N, F), a row (F,) is added to each.

    Attributes:
        sources: names of values of one shape.
        target: of that shape.
        constant: (F,) or (N, F), or None.
    """

    sources: tuple[str, ...]
    target: str
    constant: Weights | None = None

    def shapes(self, given: Sequence[Shape]) -> tuple[Shape, ...]:
        """That of the widest."""
        if self.constant is not None:
            need_array("constant of Add", self.constant, self.constant.shape)
        return (widest("Add", given, self.constant),)

    def run(self, given: Sequence[Numbers], state: Arrays) -> tuple[Arrays, Arrays]:
        """One step."""
        result = np.zeros(()) if self.constant is None else self.constant.astype(np.float64)
        for part in given:
            result = result + part
        return (result,), ()


@dataclass(frozen=True, eq=False)
class Segments(OneToOne, Stateless):
    """Neighbouring rows side by side: (N, F) -> (N / length, length * F), the last segment filled up with zeros.

    Attributes:
        source: (N, F).
        target: (M, length * F), M the whole number not below N / length.
        length: rows of a segment.
    """

    takes: ClassVar[str] = "any"
    gives: ClassVar[str] = "same"

    source: str
    target: str
    length: int

    def shapes(self, given: Sequence[Shape]) -> tuple[Shape, ...]:
        """(M, length * F)."""
        need_whole("length of Segments", self.length, 1)
        rows, width = _known_rows("Segments", self.source, given[0])
        return ((-(-rows // self.length), self.length * width),)

    def run(self, given: Sequence[Numbers], state: Arrays) -> tuple[Arrays, Arrays]:
        """One step."""
        lacking = -len(given[0]) % self.length
        return (np.pad(given[0], ((0, lacking), (0, 0))).reshape(-1, self.length * given[0].shape[1]),), ()


@dataclass(frozen=True, eq=False)
class Split(OneToOne, Stateless):
    """Rows cut into shorter ones: (M, length * F) -> (M * length, F), of which the first `kept` stay.

    Attributes:
        source: (M, length * F).
        target: (kept, F).
        width: F.
        kept: rows of the result.
    """

    takes: ClassVar[str] = "any"
    gives: ClassVar[str] = "same"

    source: str
    target: str
    width: int
    kept: int

    def shapes(self, given: Sequence[Shape]) -> tuple[Shape, ...]:
        """(kept, F)."""
        need_whole("width of Split", self.width, 1)
        need_whole("kept of Split", self.kept, 1)
        rows, width = _known_rows("Split", self.source, given[0])
        if width % self.width or rows * width < self.kept * self.width:
            raise ModelError(
                f"{self.source!r}, which Split reads, must give {self.kept} rows of {self.width}; it is "
                f"{spelled(given[0])}."
            )
        return ((self.kept, self.width),)

    def run(self, given: Sequence[Numbers], state: Arrays) -> tuple[Arrays, Arrays]:
        """One step."""
        return (given[0].reshape(-1, self.width)[: self.kept],), ()


@dataclass(frozen=True, eq=False)
class Row(OneToOne, Stateless):
    """One row of rows.

    Attributes:
        source: (N, F).
        target: (F,).
        last: the last one, else the first.
    """

    takes: ClassVar[str] = "any"
    gives: ClassVar[str] = "same"

    source: str
    target: str
    last: bool = True

    def shapes(self, given: Sequence[Shape]) -> tuple[Shape, ...]:
        """(F,)."""
        if len(given[0]) != 2:
            raise ModelError(f"{self.source!r}, which Row reads, must have rows; it has {spelled(given[0])}.")
        return (given[0][1:],)

    def run(self, given: Sequence[Numbers], state: Arrays) -> tuple[Arrays, Arrays]:
        """One step."""
        return (given[0][-1 if self.last else 0],), ()


def widest(kind: str, given: Sequence[Shape], constant: NDArray[Any] | None) -> Shape:
    """The shape of a sum; raises ModelError where one of its parts does not fit the widest."""
    every = [*given, *([] if constant is None else [constant.shape])]
    found = max(every, key=len, default=())
    if not given or any(shape != found[len(found) - len(shape) :] for shape in every):
        raise ModelError(f"What {kind} reads must have one shape; it is {' and '.join(map(spelled, every)):.200}.")
    return found


def _known_rows(kind: str, source: str, shape: Shape) -> tuple[int, int]:
    match shape:
        case (int(rows), int(width)):
            return rows, width
    raise ModelError(
        f"{source!r}, which {kind} reads, must be rows of a known number and size; it is {spelled(shape)}."
    )
