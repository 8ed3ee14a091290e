"""What all recurrent operations share: over which axis they run, where their state begins, and their shapes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

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


@dataclass(frozen=True, eq=False)
class Recurrent:
    """Base of the cells.

    A cell runs over one of three things:

    - "steps" of the plan: (I,) -> (H,), and its state is carried from one to the next;
    - the "rows" of one value: (N, I) -> (N, H), from the same beginning at every step;
    - "each" row on its own: (N, I) -> (N, H), every row one step from the same beginning.

    Attributes:
        source: name of what it reads.
        target: name of what it writes, the states h.
        weight_ih: (G*H, I), G gates in the order of `gatelet.reference`.
        weight_hh: (G*H, H).
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

    def shapes(self, given: Sequence[Shape]) -> tuple[Shape, ...]:
        """The states: (H,), or (N, H) over rows."""
        kind = type(self).__name__
        self.check_settings()
        height, width = need_matrix(f"weight_ih of {kind}", self.weight_ih)
        if height % self.gates:
            raise ModelError(f"weight_ih of {kind} must have {self.gates} gates of equal size; it has {height} rows.")
        size = height // self.gates
        self.check_weights(size)
        least, most = (1, 1) if self.over == "steps" else (2, 2)
        rows = need_rows(f"{self.source!r}, which {kind} reads,", given[0], width, least, most)
        for name, shape in zip(self.start, given[1:], strict=True):
            need_rows(f"{name!r}, where {kind} starts,", shape, size, 1, 1)
        return tuple((*rows, size) for _ in self.outputs)

    def check_settings(self) -> None:
        """Raise ModelError where settings do not go together."""
        kind = type(self).__name__
        need_choice(f"over of {kind}", self.over, OVER)
        need_whole(f"restart of {kind}", self.restart)
        if not isinstance(self.reverse, bool) or (self.reverse and self.over != "rows"):
            raise ModelError(f"reverse of {kind} must be false but over rows; got {self.reverse!r:.80}.")
        if len(self.start) not in (0, self.states):
            raise ModelError(f"start of {kind} must be {self.states} names or none; got {len(self.start)}.")

    def check_weights(self, size: int) -> None:
        """Raise ModelError unless all weights fit H."""
        kind, height = type(self).__name__, self.gates * size
        need_array(f"weight_hh of {kind}", self.weight_hh, (height, size))
        need_array(f"bias_ih of {kind}", self.bias_ih, (height,))
        need_array(f"bias_hh of {kind}", self.bias_hh, (height,))

    def macs(self, given: Sequence[Shape]) -> int:
        """Both products, for every row."""
        rows = given[0][0] if self.over != "steps" and isinstance(given[0][0], int) else 1
        return rows * (self.weight_ih.size + self.weight_hh.size)

    def state(self, given: Sequence[Shape]) -> tuple[State, ...]:
        """The state h (and c), and the number of the step where it matters; nothing over rows."""
        if self.over != "steps":
            return ()
        found = tuple(State(name, (self.hidden_size,)) for name in ("h", "c")[: self.states])
        return (*found, State("step", (), "int")) if self.start or self.restart else found

    def run(self, given: Sequence[Numbers], state: Arrays) -> tuple[Arrays, Arrays]:
        """One step, or all rows."""
        first = tuple(given[1:]) or (np.zeros(self.hidden_size),) * self.states
        if self.over == "steps":
            return self._step(given[0], first, state)
        if self.over == "each":
            starts = tuple(np.repeat(part[None], len(given[0]), 0) for part in first)
            return tuple(part[0] for part in self.sequence(given[0][None], starts))[: len(self.outputs)], ()
        x = given[0]
        length = self.restart or max(len(x), 1)
        pieces: list[Arrays] = []
        for begin in range(0, len(x), length):
            piece = x[begin : begin + length]
            starts = first if begin == 0 and not self.reverse else (np.zeros(self.hidden_size),) * self.states
            if self.reverse and begin + length >= len(x):
                starts = first
            found = self.sequence(_turned(piece, self.reverse)[:, None], tuple(part[None] for part in starts))
            pieces.append(tuple(_turned(part[:, 0], self.reverse) for part in found))
        if not pieces:
            return tuple(np.zeros((0, self.hidden_size)) for _ in self.outputs), ()
        return tuple(np.concatenate(parts) for parts in zip(*pieces, strict=True))[: len(self.outputs)], ()

    def _step(self, x: Numbers, first: Arrays, state: Arrays) -> tuple[Arrays, Arrays]:
        before, counter = state[: self.states], state[self.states :]
        if counter:
            number = int(counter[0])
            if number == 0 and self.start:
                before = first
            elif self.restart and number == self.restart:
                before = (np.zeros(self.hidden_size),) * self.states
                number = 0
            # what matters is the place within a stretch, or whether there was a step at all
            counter = (np.asarray(float(number + 1 if self.restart else 1)),)
        found = self.sequence(x[None, None], tuple(part[None] for part in before))
        after = tuple(part[0, 0] for part in found)
        return after[: len(self.outputs)], (*after, *counter)

    def sequence(self, x: Numbers, state: Arrays) -> Arrays:
        """All states (T, B, H) of the cell (h, and c of an LSTM) over x (T, B, I) from a state (B, H)."""
        h, _, _ = self.forward()(x, state[0], self.layer())
        return (h,)

    def forward(self) -> Callable[..., tuple[Any, Any, Any]]:
        """The equations, from `gatelet.reference`."""
        raise NotImplementedError

    def layer(self) -> LayerWeights:
        """The weights in float64."""
        parts = (self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh)
        return LayerWeights(*(part.astype(np.float64) for part in parts))


def need_gains(kind: str, ih: Weights | None, hh: Weights | None, height: int) -> None:
    """Raise ModelError unless both gains of LayerNorm are there and fit, or none is."""
    if ih is None and hh is None:
        return
    need_array(f"layer_norm_ih of {kind}", ih, (height,))
    need_array(f"layer_norm_hh of {kind}", hh, (height,))


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
