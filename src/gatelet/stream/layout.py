"""Where the values and states of a plan lie in the memory of its native program.

The values of a step are a row of bytes per stream, and so are the states; see native/program.h. Numbers are floats, or
doubles where precision is needed: for what is in the unit of the data, and may lie far from zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from gatelet import plan as p
from gatelet.plan.values import Shape

# rows and states begin at cache lines, and so does each value
_LINE = 64
# operations that write numbers of the kind that they read
_SAME = (p.Window, p.Filled, p.Observed, p.Concatenate, p.Segments, p.Split, p.Row)


class Place(NamedTuple):
    """Of a value, as gatelet::Slot in native/program.h: bytes from the beginning of a row, and rows times numbers.

    Attributes:
        offset: bytes from the beginning of a row.
        rows: most that it may have.
        width: numbers in each.
        length: where the row says how many rows there are; -1: all of them.
        doubles: 1 where its numbers are doubles.
    """

    offset: int
    rows: int
    width: int
    length: int
    doubles: int


class StatePlace(NamedTuple):
    """Of a state: bytes from the beginning of the block of a stream.

    Attributes:
        offset: of its first number.
        size: numbers; -1 for as many as the float before the first one says.
        most: numbers that there is room for.
        dtype: float32 or float64.
    """

    offset: int
    size: int
    most: int
    dtype: np.dtype[np.float32] | np.dtype[np.float64]


class Conversion(NamedTuple):
    """A value that an operation reads as the other kind of number: it is copied, before `number`, to another place."""

    number: int
    source: Place
    target: Place


class Layout:
    """The memory of a plan whose axes of any length have at most the lengths of `capacities`.

    Attributes:
        places: of every value.
        parts_axes: axes that hold parts of one thing, a negative number for none.
        width: bytes of the values of a stream.
        conversions: in the order of the operations.
        states: of every state, in the order of the plan.
        first: what a stream remembers before its first step.
    """

    def __init__(self, plan: p.Plan, capacities: Mapping[str, int]) -> None:
        """Lay out all values and states.

        Args:
            plan: its shapes must be `laid_out`.
            capacities: most rows or parts of each axis of any length.
        """
        self._plan, self._capacities, self.parts_axes = plan, capacities, _parts_axes(plan)
        self._doubles = double = doubles(plan)
        self.width = 0
        self._lengths = {axis: self._taken(4) for axis in capacities}
        self.places = {name: self._place(shape, name in double) for name, shape in plan.shapes.items()}
        self.conversions: list[Conversion] = []
        self._converted: dict[str, Place] = {}
        self._reads = [self._read(number, operation) for number, operation in enumerate(plan.operations)]
        self.states: list[StatePlace] = []
        self._begins: list[int] = []
        size = 0
        for operation, states in zip(plan.operations, plan.states, strict=True):
            size = -(-size // 8) * 8
            self._begins.append(size)
            for state in states:
                size = self._add_state(size, state, _remembers_doubles(operation, double))
        self._size = -(-size // _LINE) * _LINE

    def reads(self, number: int) -> list[Place]:
        """The places that an operation reads."""
        return self._reads[number]

    def state(self, number: int) -> int:
        """Where the states of an operation begin."""
        return self._begins[number]

    @property
    def first(self) -> bytes:
        """What a stream remembers before its first step."""
        states = (state for each in self._plan.states for state in each)
        parts = [np.full(max(place.size, 0), state.first) for place, state in zip(self.states, states, strict=True)]
        return self.block(parts)

    def block(self, parts: Iterable[np.ndarray]) -> bytes:
        """The block of a stream that remembers these numbers."""
        block = np.zeros(self._size, np.uint8)
        for place, part in zip(self.states, parts, strict=True):
            wide = place.dtype.itemsize
            if place.size < 0:
                block[place.offset - wide : place.offset].view(place.dtype)[0] = part.size
            block[place.offset : place.offset + wide * part.size].view(place.dtype)[:] = part
        return block.tobytes()

    def parts(self, block: bytes) -> list[np.ndarray]:
        """What a block remembers, state by state."""
        found = []
        for place in self.states:
            count = place.size
            if count < 0:
                count = int(np.frombuffer(block, place.dtype, 1, place.offset - place.dtype.itemsize)[0])
            found.append(np.frombuffer(block, place.dtype, count, place.offset))
        return found

    def _taken(self, size: int) -> int:
        self.width += -(-size // _LINE) * _LINE
        return self.width - -(-size // _LINE) * _LINE

    def _place(self, shape: Shape, double: bool) -> Place:
        rows, width, length = 1, 1, -1
        match shape:
            case (str(axis),) if axis not in self.parts_axes:
                rows, length = self._capacities[axis], self._lengths[axis]
            case (size,):
                width = self._size_of(size)
            case (str(axis), size):
                rows, width, length = self._capacities[axis], self._size_of(size), self._lengths[axis]
            case (int(count), size):
                rows, width = count, self._size_of(size)
        return Place(self._taken(rows * width * (8 if double else 4)), rows, width, length, int(double))

    def _size_of(self, axis: int | str) -> int:
        return axis if isinstance(axis, int) else self._capacities[axis]

    def _read(self, number: int, operation: p.Operation) -> list[Place]:
        wanted = _reads_doubles(operation, self._doubles)
        found = []
        for name in (operation.source,) if isinstance(operation, p.Delay) else operation.inputs:
            place = self.places[name]
            if place.doubles != (name in wanted):
                if name not in self._converted:
                    other = self._place(self._plan.shapes[name], not place.doubles)
                    self._converted[name] = other
                    self.conversions.append(Conversion(number, place, other))
                place = self._converted[name]
            found.append(place)
        return found

    def _add_state(self, size: int, state: p.State, double: bool) -> int:
        dtype: np.dtype[np.float32] | np.dtype[np.float64] = np.dtype(np.float64) if double else np.dtype(np.float32)
        fixed = all(isinstance(axis, int) for axis in state.shape)
        most = 1
        for axis in state.shape:
            most *= self._size_of(axis)
        size += 0 if fixed else dtype.itemsize
        self.states.append(StatePlace(size, most if fixed else -1, most, dtype))
        return size + most * dtype.itemsize


def laid_out(plan: p.Plan) -> bool:
    """Whether all values have a place: at most two axes, the last one of a known length or one of parts of a token."""
    parts, double = _parts_axes(plan), doubles(plan)
    for shape in plan.shapes.values():
        if len(shape) > 2 or (shape and isinstance(shape[-1], str) and shape[-1] not in parts and len(shape) > 1):
            return False
        if len(shape) == 2 and shape[0] in parts:
            return False
    delayed = {operation.source for operation in plan.operations if isinstance(operation, p.Delay)}
    return not delayed & double


def _remembers_doubles(operation: p.Operation, double: frozenset[str]) -> bool:
    """Rows of a window of doubles, samples of sound, and the sums of 32 bits of an integer pool."""
    match operation:
        case p.LogMel():
            return True
        case p.Window():
            return operation.target in double
        case p.IntegerPool():
            return operation.kind in ("mean", "root")
    return False


def axes_of(plan: p.Plan) -> tuple[str, ...]:
    """The axes of any length."""
    axes = [axis for shape in plan.shapes.values() for axis in shape if isinstance(axis, str)]
    return tuple(dict.fromkeys(axes))


def doubles(plan: p.Plan) -> frozenset[str]:
    """Names of the values whose numbers are doubles."""
    wanted: set[str] = set()
    for operation in reversed(plan.operations):
        wanted |= _reads_doubles(operation, wanted)
    outputs = {value.name for value in plan.outputs}
    found = {value.name for value in plan.inputs if value.name in wanted}
    for operation in plan.operations:
        match operation:
            case p.Center() | p.Spread():
                found.add(operation.target)
            case p.Scale() if operation.back:
                found.add(operation.target)
            case p.Dequantize() if operation.target in outputs | wanted:
                found.add(operation.target)
            case p.Scale() | p.Standardize() | p.Level() | p.LogMel() if operation.target in wanted:
                found.add(operation.target)
            case _ if isinstance(operation, _SAME) and operation.target in wanted:
                found.add(operation.target)
    return frozenset(found)


def _reads_doubles(operation: p.Operation, wanted: Iterable[str]) -> set[str]:
    """What an operation reads as doubles, where others read `wanted` as such."""
    match operation:
        case p.Scale() if operation.back:
            return {operation.center, operation.scale}
        case p.Center() | p.Spread() | p.Scale() | p.Level() | p.Standardize() | p.LogMel() | p.Quantize():
            return set(operation.inputs)
        case _ if isinstance(operation, _SAME) and operation.target in wanted:
            return set(operation.inputs)
    return set()


def _parts_axes(plan: p.Plan) -> frozenset[str]:
    """Axes that hold parts of one thing, such as pieces of the spelling of a word: only means of vectors read them."""
    found: set[str] = set()
    for name, shape in plan.shapes.items():
        readers = [operation for operation in plan.operations if name in operation.inputs]
        averaged = [isinstance(each, p.Embedding | p.IntegerEmbedding) and each.mean for each in readers]
        if shape and isinstance(shape[-1], str) and readers and all(averaged):
            found.add(shape[-1])
    return frozenset(found)
