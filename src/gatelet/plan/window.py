"""The last rows of a stream, and the scale that they give themselves.

These operations are computed in double precision wherever a machine has it: a window may lie far from zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gatelet.errors import ModelError
from gatelet.plan.operation import Arrays, OneToOne, Stateless
from gatelet.plan.values import Numbers, Shape, State, need_choice, need_number, need_whole, spelled


@dataclass(frozen=True, eq=False)
class Window(OneToOne):
    """The last `length` values of a stream, the newest last.

    Attributes:
        source: () or (F,).
        target: (length, F); F is 1 for a single number.
        length: C.
        missing: rows before the first step are NaN, else 0.
    """

    source: str
    target: str
    length: int
    missing: bool = False

    def shapes(self, given: Sequence[Shape]) -> tuple[Shape, ...]:
        """(length, F)."""
        need_whole("length of Window", self.length, 1)
        match given[0]:
            case ():
                return ((self.length, 1),)
            case (int(size),):
                return ((self.length, size),)
        raise ModelError(f"{self.source!r}, which Window reads, must be one row; it is {spelled(given[0])}.")

    def macs(self, given: Sequence[Shape]) -> int:
        """None."""
        return 0

    def state(self, given: Sequence[Shape]) -> tuple[State, ...]:
        """The last rows."""
        return (State("rows", self.shapes(given)[0], first=np.nan if self.missing else 0.0),)

    def run(self, given: Sequence[Numbers], state: Arrays) -> tuple[Arrays, Arrays]:
        """One step."""
        rows = np.concatenate([state[0][1:], np.reshape(given[0], (1, -1))])
        return (rows,), (rows,)


@dataclass(frozen=True, eq=False)
class Center(OneToOne, Stateless):
    """The "mean" of what is observed in a window, or its "last" observed value; 0 where nothing is.

    Attributes:
        source: (C, 1) with NaN for what is missing.
        target: ().
        kind: "mean" or "last".
    """

    source: str
    target: str
    kind: str

    def shapes(self, given: Sequence[Shape]) -> tuple[Shape, ...]:
        """()."""
        need_choice("kind of Center", self.kind, ("mean", "last"))
        _need_column("Center", self.source, given[0])
        return ((),)

    def run(self, given: Sequence[Numbers], state: Arrays) -> tuple[Arrays, Arrays]:
        """One step."""
        observed = given[0][~np.isnan(given[0])]
        if not observed.size:
            return (np.zeros(()),), ()
        return (np.asarray(observed.mean() if self.kind == "mean" else observed[-1]),), ()


@dataclass(frozen=True, eq=False)
class Spread(OneToOne, Stateless):
    """The standard deviation of what is observed in a window x, but not below

        min(max(1e-3 max |x|, 1e-6 unit), 1e-2 unit)

    so that a constant window has a scale too.

    Attributes:
        source: (C, 1) with NaN for what is missing.
        target: ().
        usual: the spread of the training data, positive, in the unit of x.
    """

    source: str
    target: str
    usual: float

    def shapes(self, given: Sequence[Shape]) -> tuple[Shape, ...]:
        """()."""
        _need_positive("usual of Spread", self.usual)
        _need_column("Spread", self.source, given[0])
        return ((),)

    def run(self, given: Sequence[Numbers], state: Arrays) -> tuple[Arrays, Arrays]:
        """One step."""
        x = given[0][~np.isnan(given[0])]
        deviation, size = (x.std(), np.abs(x).max()) if x.size else (0.0, 0.0)
        least = min(max(1e-3 * size, 1e-6 * self.usual), 1e-2 * self.usual)
        return (np.asarray(max(deviation, least)),), ()


@dataclass(frozen=True, eq=False)
class Scale(Stateless):
    """y = (x - center) / scale, or back again: y = x * scale + center.

    Attributes:
        source: of any shape.
        center: ().
        scale: ().
        target: of the shape of the source.
        back: from the scale of the window to the unit of the data.
    """

    source: str
    center: str
    scale: str
    target: str
    back: bool = False

    @property
    def inputs(self) -> tuple[str, ...]:
        """x, center and scale."""
        return (self.source, self.center, self.scale)

    @property
    def outputs(self) -> tuple[str, ...]:
        """What is written: y."""
        return (self.target,)

    def shapes(self, given: Sequence[Shape]) -> tuple[Shape, ...]:
        """That of x."""
        for name, shape in zip(self.inputs[1:], given[1:], strict=True):
            if shape != ():
                raise ModelError(f"{name!r}, which Scale reads, must be one number; it is {spelled(shape)}.")
        return (given[0],)

    def run(self, given: Sequence[Numbers], state: Arrays) -> tuple[Arrays, Arrays]:
        """One step."""
        x, center, scale = given
        return (np.asarray(x * scale + center if self.back else (x - center) / scale),), ()


@dataclass(frozen=True, eq=False)
class Level(Stateless):
    """Where a window lies beside the training data, and how wide it is: ((center - mean) / usual, log(scale / usual)).

    Both are kept within -10 and 10.

    Attributes:
        center: ().
        scale: ().
        target: (2,).
        mean: of the training data.
        usual: spread of the training data, positive.
    """

    center: str
    scale: str
    target: str
    mean: float
    usual: float

    @property
    def inputs(self) -> tuple[str, ...]:
        """Center and scale."""
        return (self.center, self.scale)

    @property
    def outputs(self) -> tuple[str, ...]:
        """Both numbers."""
        return (self.target,)

    def shapes(self, given: Sequence[Shape]) -> tuple[Shape, ...]:
        """(2,)."""
        need_number("mean of Level", self.mean)
        _need_positive("usual of Level", self.usual)
        if list(given) != [(), ()]:
            raise ModelError(f"What Level reads must be two numbers; it is {' and '.join(map(spelled, given)):.200}.")
        return ((2,),)

    def run(self, given: Sequence[Numbers], state: Arrays) -> tuple[Arrays, Arrays]:
        """One step."""
        level = np.array([(given[0] - self.mean) / self.usual, np.log(given[1] / self.usual)])
        return (level.clip(-10.0, 10.0),), ()


def _need_positive(what: str, given: float) -> None:
    need_number(what, given)
    if given <= 0:
        raise ModelError(f"{what} must be positive; it is {given}.")


def _need_column(kind: str, source: str, shape: Shape) -> None:
    if len(shape) != 2 or shape[1] != 1:
        raise ModelError(f"{source!r}, which {kind} reads, must be rows of one number; it is {spelled(shape)}.")
