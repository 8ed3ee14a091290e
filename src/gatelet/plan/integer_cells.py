"""GRU, LSTM and FastGRNN in integers, as operations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from gatelet.errors import ModelError
from gatelet.plan.integers import integers
from gatelet.plan.operation import Arrays
from gatelet.plan.recurrent import Cell, macs_of, run, shapes_of, states_of
from gatelet.plan.values import Int8, Int16, Int32, Numbers, Shape, State, need_integers, need_matrix, need_whole
from gatelet.reference.integer import IntegerCell, IntegerDense, Integers, fastgrnn, gru, lstm


@dataclass(frozen=True, eq=False)
class IntegerRecurrent(Cell):
    """Base of the integer cells: h (and c of an LSTM) are 16-bit integers.

    The constants are those of an `IntegerCell` of `gatelet.reference.integer`; those for which some input could make a
    sum leave 32 bits are refused. Over what a cell runs, where it starts and restarts is as in `Recurrent`.

    Attributes:
        source: name of the 16-bit integers that it reads.
        target: name of what it writes, the states h.
        weight_ih: (G*H, I), G gates in the order of `gatelet.reference`.
        weight_hh: (G*H, H); of a GRU or an LSTM of low rank (G*H, R).
        multiplier_ih: (G*H,), not negative: what a row of weight_ih is multiplied by.
        multiplier_hh: (G*H,).
        bias: (N*H,), in units of 2^-(12 + shift).
        shift: from that unit to the one that gates read.
        over: "steps", "rows" or "each".
        start: names of the values (H,) that the state has in the beginning; () for zeros.
        reverse: over rows, read them from the last to the first.
        restart: the state is zero again after so many steps or rows; 0 for never.
    """

    takes: ClassVar[str] = "int16"
    gives: ClassVar[str] = "int16"
    gates: ClassVar[int]
    biases: ClassVar[int]
    states: ClassVar[int] = 1

    source: str
    target: str
    weight_ih: Int8
    weight_hh: Int8
    multiplier_ih: Int16
    multiplier_hh: Int16
    bias: Int32
    shift: int
    over: str = "steps"
    start: tuple[str, ...] = ()
    reverse: bool = False
    restart: int = 0

    @cached_property
    def constants(self) -> IntegerCell:
        """What `gatelet.reference.integer` and `gatelet.runtime` read."""
        return self._constants()

    def _constants(self, exponent: int = 0, zeta: int = 0, nu: int = 0) -> IntegerCell:
        parts = (self.weight_ih, self.weight_hh, self.multiplier_ih, self.multiplier_hh, self.bias)
        return IntegerCell(*parts, self.shift, exponent, zeta, nu, self._right())

    def _right(self) -> IntegerDense | None:
        """The right factor of a W_hh of low rank."""
        return None

    def shapes(self, given: Sequence[Shape]) -> tuple[Shape, ...]:
        """The states: (H,), or (N, H) over rows."""
        return shapes_of(self, given)

    def check_weights(self, size: int) -> None:
        """Raise ModelError unless all constants fit H, and no input makes a sum leave 32 bits."""
        kind, height = type(self).__name__, self.gates * size
        need_integers(f"weight_ih of {kind}", self.weight_ih, np.int8, self.weight_ih.shape)
        right = self._right()
        rank = size if right is None else len(right.weight)
        need_integers(f"weight_hh of {kind}", self.weight_hh, np.int8, (height, rank))
        need_integers(f"multiplier_ih of {kind}", self.multiplier_ih, np.int16, (height,))
        need_integers(f"multiplier_hh of {kind}", self.multiplier_hh, np.int16, (height,))
        need_integers(f"bias of {kind}", self.bias, np.int32, (self.biases * size,))
        need_whole(f"shift of {kind}", self.shift)
        try:
            _ = self.constants
        except ValueError as error:
            raise ModelError(f"The constants of {kind} do not hold together: {error}") from error

    def macs(self, given: Sequence[Shape]) -> int:
        """All products, for every row."""
        return macs_of(self, given)

    def state(self, given: Sequence[Shape]) -> tuple[State, ...]:
        """The state h (and c), and the number of the step where it matters; nothing over rows."""
        return states_of(self, "int16")

    def run(self, given: Sequence[Numbers], state: Arrays) -> tuple[Arrays, Arrays]:
        """One step, or all rows."""
        return run(self, given, state)

    def sequence(self, x: Numbers, state: Arrays) -> Arrays:
        """All states (T, B, H) of the cell (h, and c of an LSTM) over x (T, B, I) from a state (B, H)."""
        found = self.forward(integers(self.source, x), tuple(integers("state", part) for part in state))
        return tuple(part.astype(np.float64) for part in found)

    def forward(self, x: Integers, state: tuple[Integers, ...]) -> tuple[Integers, ...]:
        """The equations, from `gatelet.reference.integer`."""
        raise NotImplementedError


@dataclass(frozen=True, eq=False)
class IntegerGRU(IntegerRecurrent):
    """A GRU that resets after the product, gates r, z, n; h is in units of 2^-15. Biases r, z, n of x, n of h.

    Attributes:
        right: (R, H), of low rank what turns h into R sums in units of 2^-15, which weight_hh meets; None: it meets h.
        multiplier_right: (R,), not negative.
        shift_right: from the unit of the products to that of the sums.
    """

    gates: ClassVar[int] = 3
    biases: ClassVar[int] = 4

    right: Int8 | None = None
    multiplier_right: Int16 | None = None
    shift_right: int = 0

    def _right(self) -> IntegerDense | None:
        return right_factor(self)

    def forward(self, x: Integers, state: tuple[Integers, ...]) -> tuple[Integers, ...]:
        """All h."""
        return (gru.forward(x, state[0], self.constants)[0],)


@dataclass(frozen=True, eq=False)
class IntegerLSTM(IntegerRecurrent):
    """An LSTM, gates i, f, g, o, a bias for each; h is in units of 2^-15.

    Attributes:
        exponent: c is in units of 2^(exponent - 15); 0 to 10.
        cell: name under which the states c are written too, in the shape of h; "" for none.
        right, multiplier_right, shift_right: as of `IntegerGRU`.
    """

    gates: ClassVar[int] = 4
    biases: ClassVar[int] = 4
    states: ClassVar[int] = 2

    exponent: int = 0
    cell: str = ""
    right: Int8 | None = None
    multiplier_right: Int16 | None = None
    shift_right: int = 0

    def _right(self) -> IntegerDense | None:
        return right_factor(self)

    @property
    def outputs(self) -> tuple[str, ...]:
        """The states h, and c where that has a name."""
        return (self.target, self.cell) if self.cell else (self.target,)

    @cached_property
    def constants(self) -> IntegerCell:
        """What `gatelet.reference.integer` and `gatelet.runtime` read."""
        return self._constants(self.exponent)

    def forward(self, x: Integers, state: tuple[Integers, ...]) -> tuple[Integers, ...]:
        """All h, and all c."""
        h, c = np.empty((2, len(x), *state[0].shape), np.int64)
        for t in range(len(x)):
            _, state = lstm.forward(x[t : t + 1], (state[0], state[1]), self.constants)
            h[t], c[t] = state
        return h, c


def right_factor(cell: IntegerGRU | IntegerLSTM) -> IntegerDense | None:
    """The right factor of a W_hh of low rank, with no bias; ModelError unless all of it is there, and fits H."""
    kind = type(cell).__name__
    if cell.right is None and cell.multiplier_right is None and cell.shift_right == 0:
        return None
    if cell.right is None or cell.multiplier_right is None:
        raise ModelError(f"{kind} must have right, multiplier_right and shift_right, or none; it has some of them.")
    rank, _ = need_matrix(f"right of {kind}", cell.right)
    need_integers(f"right of {kind}", cell.right, np.int8, (rank, cell.hidden_size))
    need_integers(f"multiplier_right of {kind}", cell.multiplier_right, np.int16, (rank,))
    need_whole(f"shift_right of {kind}", cell.shift_right)
    try:
        return IntegerDense(cell.right, cell.multiplier_right, np.zeros(rank, np.int32), cell.shift_right)
    except ValueError as error:
        raise ModelError(f"The right factor of {kind} does not hold together: {error}") from error


@dataclass(frozen=True, eq=False)
class IntegerFastGRNN(IntegerRecurrent):
    """A FastGRNN, one matrix and the biases z and n; h is in units of 2^(exponent - 15).

    Attributes:
        exponent: 1 to 10.
        zeta: sigmoid(zeta) in units of 2^-15, 0 to 32767.
        nu: sigmoid(nu), likewise.
    """

    gates: ClassVar[int] = 1
    biases: ClassVar[int] = 2

    exponent: int = 1
    zeta: int = 0
    nu: int = 0

    @cached_property
    def constants(self) -> IntegerCell:
        """What `gatelet.reference.integer` and `gatelet.runtime` read."""
        return self._constants(self.exponent, self.zeta, self.nu)

    def check_weights(self, size: int) -> None:
        """Raise ModelError unless all constants fit H, and no input makes a sum leave 32 bits."""
        need_whole("exponent of IntegerFastGRNN", self.exponent, 1, 10)
        need_whole("zeta of IntegerFastGRNN", self.zeta, 0, 2**15 - 1)
        need_whole("nu of IntegerFastGRNN", self.nu, 0, 2**15 - 1)
        super().check_weights(size)

    def forward(self, x: Integers, state: tuple[Integers, ...]) -> tuple[Integers, ...]:
        """All h."""
        return (fastgrnn.forward(x, state[0], self.constants)[0],)
