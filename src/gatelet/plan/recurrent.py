"""What all recurrent operations share: over which axis they run, where their state begins, and their shapes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from gatelet.errors import ModelError
from gatelet.plan.operation import Arrays
from gatelet.plan.values import (
    Numbers,
    Shape,
    State,
    Weights,
    need_array,
    need_choice,
    need_matrix,
    need_rows,
    need_whole,
    numbers,
)
from gatelet.reference import LayerWeights

OVER = ("steps", "rows", "each")


class Cell:
    """Base of the cells in floats and in integers: what they read and write, and how many units they have."""

    gates: ClassVar[int]

    source: str
    target: str
    weight_ih: NDArray[Any]
    start: tuple[str, ...]

    @property
    def inputs(self) -> tuple[str, ...]:
        """What it reads, then where its state begins."""
        return (self.source, *self.start)

    @property
    def outputs(self) -> tuple[str, ...]:
        """The states."""
        return (self.target,)

    @property
    def hidden_size(self) -> int:
        """H."""
        return len(self.weight_ih) // self.gates


@dataclass(frozen=True, eq=False)
class Recurrent(Cell):
    """Base of the cells.

    A cell runs over one of three things:

    - "steps" of the plan: (I,) -> (H,), and its state is carried from one to the next;
    - the "rows" of one value: (N, I) -> (N, H), from the same beginning at every step;
    - "each" row on its own: (N, I) -> (N, H), every row one step from the same beginning.

    Attributes:
        source: name of what it reads.
        target: name of what it writes, the states h.
        weight_ih: (G*H, I), G gates in the order of `gatelet.reference`.
        weight_hh: (G*H, H); of a GRU or an LSTM of low rank (G*H, R), and `right` (R, H) stands between it and h.
        bias_ih: (G*H,).
        bias_hh: (G*H,).
        over: "steps", "rows" or "each".
        start: names of the values (H,) that the state has in the beginning (h, and c of an LSTM); () for zeros. Over
            steps they are read at the first one.
        reverse: over rows, read them from the last to the first.
        restart: the state is zero again after so many steps or rows; 0 for never. In reverse, each stretch that begins
            at a multiple of it is read from its own end.
    """

    gates: ClassVar[int]
    states: ClassVar[int] = 1

    source: str
    target: str
    weight_ih: Weights
    weight_hh: Weights
    bias_ih: Weights
    bias_hh: Weights
    over: str = "steps"
    start: tuple[str, ...] = ()
    reverse: bool = False
    restart: int = 0

    def shapes(self, given: Sequence[Shape]) -> tuple[Shape, ...]:
        """The states: (H,), or (N, H) over rows."""
        return shapes_of(self, given)

    def check_weights(self, size: int) -> None:
        """Raise ModelError unless all weights fit H."""
        kind, height = type(self).__name__, self.gates * size
        right = getattr(self, "right", None)
        rank = size if right is None else need_matrix(f"right of {kind}", right)[0]
        need_array(f"weight_hh of {kind}", self.weight_hh, (height, rank))
        if right is not None:
            need_array(f"right of {kind}", right, (rank, size))
        need_array(f"bias_ih of {kind}", self.bias_ih, (height,))
        need_array(f"bias_hh of {kind}", self.bias_hh, (height,))

    def macs(self, given: Sequence[Shape]) -> int:
        """All products, for every row."""
        return macs_of(self, given)

    def state(self, given: Sequence[Shape]) -> tuple[State, ...]:
        """The state h (and c), and the number of the step where it matters; nothing over rows."""
        return states_of(self, "float")

    def run(self, given: Sequence[Numbers], state: Arrays) -> tuple[Arrays, Arrays]:
        """One step, or all rows."""
        return run(self, given, state)

    def sequence(self, x: Numbers, state: Arrays) -> Arrays:
        """All states (T, B, H) of the cell (h, and c of an LSTM) over x (T, B, I) from a state (B, H)."""
        h, _, _ = self.forward()(x, state[0], self.layer())
        return (h,)

    def forward(self) -> Callable[..., tuple[Any, Any, Any]]:
        """The equations, from `gatelet.reference`."""
        raise NotImplementedError

    @property
    def whole_weight_hh(self) -> Weights:
        """(G*H, H), what h is multiplied by."""
        return self.layer().weight_hh.astype(np.float32)

    @property
    def thin(self) -> Weights | None:
        """The right factor of a W_hh of low rank, where two have fewer weights than their product; else None.

        As devices have them: four columns of a row together.
        """
        right: Weights | None = getattr(self, "right", None)
        if right is None:
            return None
        rank, units = map(len, (right, right[0]))
        height, groups = self.gates * units, -(-units // 4)
        return right if height * -(-rank // 4) + rank * groups < height * groups else None

    def layer(self) -> LayerWeights:
        """The weights in float64, those of low rank multiplied out."""
        left, right = self.left(), getattr(self, "right", None)
        return left if right is None else replace(left, weight_hh=left.weight_hh @ right.astype(np.float64))

    def left(self) -> LayerWeights:
        """As `layer`, but with the left factor of a W_hh of low rank."""
        parts = (self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh)
        return LayerWeights(*(part.astype(np.float64) for part in parts))


class _Running(Protocol):
    """A cell of floats or of integers, as the functions below see it."""

    gates: ClassVar[int]
    states: ClassVar[int]

    @property
    def source(self) -> str: ...

    @property
    def start(self) -> tuple[str, ...]: ...

    @property
    def over(self) -> str: ...

    @property
    def reverse(self) -> bool: ...

    @property
    def restart(self) -> int: ...

    @property
    def weight_ih(self) -> NDArray[Any]: ...

    @property
    def weight_hh(self) -> NDArray[Any]: ...

    @property
    def outputs(self) -> tuple[str, ...]: ...

    @property
    def hidden_size(self) -> int: ...

    def check_weights(self, size: int) -> None: ...

    def sequence(self, x: Numbers, state: Arrays) -> Arrays: ...


def shapes_of(cell: _Running, given: Sequence[Shape]) -> tuple[Shape, ...]:
    """The states of a cell, (H,), or (N, H) over rows; ModelError where weights, settings or shapes do not fit."""
    kind = type(cell).__name__
    _check_settings(cell)
    height, width = need_matrix(f"weight_ih of {kind}", cell.weight_ih)
    if height % cell.gates:
        raise ModelError(f"weight_ih of {kind} must have {cell.gates} gates of equal size; it has {height} rows.")
    size = height // cell.gates
    cell.check_weights(size)
    least, most = (1, 1) if cell.over == "steps" else (2, 2)
    rows = need_rows(f"{cell.source!r}, which {kind} reads,", given[0], width, least, most)
    for name, shape in zip(cell.start, given[1:], strict=True):
        need_rows(f"{name!r}, where {kind} starts,", shape, size, 1, 1)
    return tuple((*rows, size) for _ in cell.outputs)


def _check_settings(cell: _Running) -> None:
    kind = type(cell).__name__
    need_choice(f"over of {kind}", cell.over, OVER)
    need_whole(f"restart of {kind}", cell.restart)
    if not isinstance(cell.reverse, bool) or (cell.reverse and cell.over != "rows"):
        raise ModelError(f"reverse of {kind} must be false but over rows; got {cell.reverse!r:.80}.")
    if len(cell.start) not in (0, cell.states):
        raise ModelError(f"start of {kind} must be {cell.states} names or none; got {len(cell.start)}.")


def macs_of(cell: _Running, given: Sequence[Shape]) -> int:
    """All products of a cell, for every row."""
    right = getattr(cell, "right", None)
    rows = given[0][0] if cell.over != "steps" and isinstance(given[0][0], int) else 1
    return rows * (cell.weight_ih.size + cell.weight_hh.size + (0 if right is None else right.size))


def states_of(cell: _Running, kind: str) -> tuple[State, ...]:
    """The state h (and c) of a cell, and the number of the step where it matters; nothing over rows."""
    if cell.over != "steps":
        return ()
    found = tuple(State(name, (cell.hidden_size,), kind) for name in ("h", "c")[: cell.states])
    return (*found, State("step", (), "int")) if cell.start or cell.restart else found


def run(cell: _Running, given: Sequence[Numbers], state: Arrays) -> tuple[Arrays, Arrays]:
    """One step of a cell, or all rows."""
    first = tuple(given[1:]) or (np.zeros(cell.hidden_size),) * cell.states
    if cell.over == "steps":
        return _step(cell, given[0], first, state)
    if cell.over == "each":
        starts = tuple(np.repeat(part[None], len(given[0]), 0) for part in first)
        return tuple(part[0] for part in cell.sequence(given[0][None], starts))[: len(cell.outputs)], ()
    x = given[0]
    length = cell.restart or max(len(x), 1)
    pieces: list[Arrays] = []
    for begin in range(0, len(x), length):
        piece = x[begin : begin + length]
        starts = first if begin == 0 and not cell.reverse else (np.zeros(cell.hidden_size),) * cell.states
        if cell.reverse and begin + length >= len(x):
            starts = first
        found = cell.sequence(_turned(piece, cell.reverse)[:, None], tuple(part[None] for part in starts))
        pieces.append(tuple(_turned(part[:, 0], cell.reverse) for part in found))
    if not pieces:
        return tuple(np.zeros((0, cell.hidden_size)) for _ in cell.outputs), ()
    return tuple(np.concatenate(parts) for parts in zip(*pieces, strict=True))[: len(cell.outputs)], ()


def _step(cell: _Running, x: Numbers, first: Arrays, state: Arrays) -> tuple[Arrays, Arrays]:
    before, counter = state[: cell.states], state[cell.states :]
    if counter:
        number = int(counter[0])
        if number == 0 and cell.start:
            before = first
        elif cell.restart and number == cell.restart:
            before = (np.zeros(cell.hidden_size),) * cell.states
            number = 0
        # what matters is the place within a stretch, or whether there was a step at all
        counter = (np.asarray(float(number + 1 if cell.restart else 1)),)
    found = cell.sequence(x[None, None], tuple(part[None] for part in before))
    after = tuple(part[0, 0] for part in found)
    return after[: len(cell.outputs)], (*after, *counter)


def need_gains(kind: str, ih: Weights | None, hh: Weights | None, height: int) -> None:
    """Raise ModelError unless both gains of LayerNorm are there and fit, or none is."""
    if ih is None and hh is None:
        return
    need_array(f"layer_norm_ih of {kind}", ih, (height,))
    need_array(f"layer_norm_hh of {kind}", hh, (height,))


def need_plain(kind: str, right: Weights | None, plain: bool) -> None:
    """Raise ModelError if a cell of low rank has what goes with full rank alone."""
    if right is not None and not plain:
        raise ModelError(f"A {kind} of low rank must have no LayerNorm, and reset after the product; this one differs.")


def with_gains(layer: LayerWeights, ih: Weights | None, hh: Weights | None) -> LayerWeights:
    """The weights of a cell with those of its LayerNorm."""
    return LayerWeights(
        layer.weight_ih,
        layer.weight_hh,
        layer.bias_ih,
        layer.bias_hh,
        layer_norm_ih=numbers(ih),
        layer_norm_hh=numbers(hh),
    )


def _turned(rows: Numbers, reverse: bool) -> Numbers:
    return rows[::-1] if reverse else rows
