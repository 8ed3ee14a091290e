"""One step of a plan on its way into C: constants, the state, places for values, and statements."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatelet import plan as p
from gatelet.deploy.c.names import Names
from gatelet.deploy.c.rooms import BYTES, Room, settle
from gatelet.deploy.c.types import value_types
from gatelet.deploy.c_arrays import array_text
from gatelet.errors import ExportError
from gatelet.plan.values import Shape, count, spelled

LARGEST = 65535  # numbers in a value: the runtime counts them in 16 bits
USUAL_STEPS = 128  # rows that an axis of any length may have, where nobody says how many


@dataclass(frozen=True)
class Port:
    """What goes into a step, or comes out.

    Attributes:
        value: of the plan.
        name: in C.
        type: of its numbers in C.
        size: how many; 0 for an input of any length, of an output of any length how many there may be.
        by_value: handed over as a number, not as an address.
        counts: arguments that stand beside it: how long its axes of any length are, those that no input before it has.
    """

    value: p.Value
    name: str
    type: str
    size: int
    by_value: bool = False
    counts: tuple[str, ...] = ()


@dataclass
class Field:
    """What a step remembers.

    Attributes:
        name: in the struct of the state.
        type: of its numbers.
        size: how many.
        first: an expression: what they are before the first step.
    """

    name: str
    type: str
    size: int
    first: str


@dataclass
class Program:
    """A plan on its way into C.

    Attributes:
        plan: what is written.
        prefix: begins all public names.
        draft: constants are counted, not written.
        most_steps: rows that a value of any length may have, such as the words of a text; 0 for what is usual. Where
            there are such values, all that lives within a step lies in the state, since a stack is short.
        constants: definitions of arrays and cells.
        lines: statements of a step.
        fields: the state.
        rooms: places for values that live within a step.
        scratch: floats that the largest operation needs for itself.
        fours: likewise, of groups of four integers.
        flash: bytes of constants.
        single: values with rows, of which only the last one is kept.
    """

    plan: p.Plan
    prefix: str = "model"
    draft: bool = False
    most_steps: int = 0
    constants: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    fields: list[Field] = field(default_factory=list)
    rooms: list[Room] = field(default_factory=list)
    scratch: int = 0
    fours: int = 0
    flash: int = 0

    def __post_init__(self) -> None:
        self.names = Names(self.prefix)
        self.types = value_types(self.plan)
        self.at = 0  # number of the operation that is being written
        self.open = _open_axes(self.plan)
        self.most_steps = min(self.most_steps or USUAL_STEPS, _longest(self.plan)) if self.open else 0
        self.counts: dict[str, str] = {}  # how long an axis of any length is, by its name
        self.inputs = tuple(self._input(value) for value in self.plan.inputs)
        self.outputs = tuple(self._output(value) for value in self.plan.outputs)
        self._held: dict[str, str] = {port.value.name: port.name for port in self.inputs}
        self._rooms: dict[str, Room] = {}
        self._wanted = {port.value.name: port for port in self.outputs}
        self._defined: dict[tuple[Any, ...], str] = {}
        self.single = _single_rows(self.plan)

    def _input(self, value: p.Value) -> Port:
        name = self.names.fresh(value.name)
        new = [axis for axis in value.shape if isinstance(axis, str) and axis not in self.counts]
        self.counts |= {axis: self.names.fresh(f"{name}_count") for axis in new}
        fixed = all(isinstance(axis, int) for axis in value.shape)
        size = size_of(value.name, value.shape) if fixed else 0
        counts = tuple(self.counts[axis] for axis in new)
        return Port(value, name, self.types[value.name], size, value.shape == (), counts)

    def _output(self, value: p.Value) -> Port:
        name = self.names.fresh(value.name if all(value.name != each.value.name for each in self.inputs) else "same")
        return Port(value, name, self.types[value.name], self.capacity(value.name))

    def size(self, name: str) -> int:
        """Numbers in a value of known size."""
        return size_of(name, self.plan.shapes[name])

    def capacity(self, name: str) -> int:
        """Numbers that a value may have."""
        shape = self.plan.shapes[name]
        return size_of(name, tuple(self.most_steps if axis in self.open else axis for axis in shape))

    def rows(self, name: str) -> tuple[int | str, int]:
        """How many rows a value has, and of which size: one where it is a row; what C calls them if of any number."""
        shape = self.plan.shapes[name]
        if shape and shape[0] in self.open:
            return self.counts[str(shape[0])], size_of(name, shape[1:])
        width = int(shape[-1]) if shape and isinstance(shape[-1], int) else 1
        return self.size(name) // width, width

    def span(self, name: str) -> int | str:
        """Numbers in a value, as C has them."""
        rows, width = self.rows(name)
        return times(rows, width)

    def read(self, name: str) -> str:
        """The address of a value that was written before."""
        if name in self._rooms:
            self._rooms[name].last = max(self._rooms[name].last, self.at)
        held = self._held[name]
        by_value = any(port.value.name == name and port.by_value for port in self.inputs)
        return f"(&{held})" if by_value else held

    def number(self, name: str) -> str:
        """A value that is one number."""
        held = self.read(name)
        return held[2:-1] if held.startswith("(&") else f"{held}[0]"

    def write(self, name: str) -> str:
        """A place for a value: that of the output, or room among those of its type."""
        if name in self._wanted:
            self._held[name] = self._wanted[name].name
        else:
            size = self.rows(name)[1] if name in self.single else self.capacity(name)
            room = Room(self.names.fresh(name), self.types[name], size, self.at, self.at)
            self.rooms.append(room)
            self._rooms[name] = room
            self._held[name] = room.name
        return self._held[name]

    def room(self, wanted: str, type: str, size: int) -> str:
        """A place for numbers that only this operation needs."""
        room = Room(self.names.fresh(wanted), type, size, self.at, self.at)
        self.rooms.append(room)
        return room.name

    def same(self, name: str, source: str, offset: int | str = 0) -> None:
        """Let a value be (a part of) another one."""
        held = self.read(source)
        if source in self._rooms:
            self._rooms[name] = self._rooms[source]
        self._held[name] = f"({held} + {offset})" if offset else held

    def remembered(self, name: str, state: str) -> None:
        """Let a value be what the state holds after this operation."""
        self._held[name] = state

    def array(self, wanted: str, values: NDArray[Any]) -> str:
        """A constant array for the functions of the runtime."""
        values = np.ascontiguousarray(values)
        return self.define(wanted, lambda name: array_text(name, values), values)

    def define(self, wanted: str, text: Callable[[str], str], *arrays: NDArray[Any], numbers: Any = ()) -> str:
        """Constants under a name, once for all operations that have the same arrays, and numbers beside them."""
        same = (*((array.dtype.str, array.shape, array.tobytes()) for array in arrays), numbers)
        if same not in self._defined:
            name = self._defined[same] = self.names.fresh(wanted)
            if not self.draft:
                self.constants.append(text(name))
            self.flash += sum(array.nbytes for array in arrays)
        return self._defined[same]

    def remember(self, wanted: str, type: str, size: int, first: str) -> str:
        """A field of the state."""
        kept = Field(self.names.fresh(wanted), type, size, first)
        self.fields.append(kept)
        return f"state->{kept.name}"

    def loop(self, size: int | str, statement: str) -> None:
        """One statement for k from 0 on."""
        self.lines.append(f"for (k = 0; k < {size}; k++) {statement}")

    def need_scratch(self, floats: int) -> None:
        """See that scratch has room for so many floats."""
        self.scratch = max(self.scratch, floats)

    def finish(self) -> None:
        """Copy outputs that lie elsewhere; after all operations."""
        self.at += 1
        for name, port in self._wanted.items():
            if self._held[name] != port.name:
                if any(each.type != port.type for each in self.inputs if each.value.name == name):
                    raise ExportError(f"The output {name!r:.80} must be written by an operation; it is an input.")
                self.loop(self.span(name), f"{port.name}[k] = {self.read(name)}[k];")

    @property
    def memory(self) -> dict[str, int]:
        """Length of the array of each type that values share, and of scratch."""
        return settle(self.rooms)

    @property
    def state_bytes(self) -> int:
        """Bytes of the state, without what a compiler puts between."""
        kept = sum(BYTES[each.type] * each.size for each in self.fields)
        return kept + (self._value_bytes if self.open else 0)

    @property
    def work_bytes(self) -> int:
        """Bytes that a step needs on the stack for values and scratch."""
        return (0 if self.open else self._value_bytes) + 4 * self.scratch + 8 * self.fours

    @property
    def _value_bytes(self) -> int:
        return sum(BYTES[type] * size for type, size in self.memory.items())


def _single_rows(plan: p.Plan) -> frozenset[str]:
    """States over rows of which nothing but the one of the end is read: it alone needs a place."""
    found = set()
    for cell in plan.operations:
        if not isinstance(cell, p.Recurrent | p.IntegerRecurrent) or cell.over != "rows":
            continue
        for name in cell.outputs:
            readers = [each for each in plan.operations if name in each.inputs]
            wanted = any(name == value.name for value in plan.outputs)
            if not wanted and all(isinstance(each, p.Row) and each.last is not cell.reverse for each in readers):
                found.add(name)
    return frozenset(found)


def _open_axes(plan: p.Plan) -> frozenset[str]:
    """Axes of any length that values have for which a step needs room."""
    written = {name for each in plan.operations for name in each.outputs} | {value.name for value in plan.outputs}
    return frozenset(axis for name in written for axis in plan.shapes[name] if isinstance(axis, str))


def _longest(plan: p.Plan) -> int:
    """Rows of a value of any length for which 16 bits can count all of its numbers."""
    return LARGEST // max(count(shape) for shape in plan.shapes.values() if any(isinstance(a, str) for a in shape))


def times(rows: int | str, width: int) -> int | str:
    """Numbers in so many rows."""
    if isinstance(rows, int):
        return rows * width
    return rows if width == 1 else f"{rows} * {width}"


def size_of(name: str, shape: Shape) -> int:
    """Numbers in a value; ExportError for one of any length, or too long for the runtime."""
    if any(isinstance(axis, str) for axis in shape):
        raise ExportError(f"A model in C must have values of known size; {name!r:.80} has {spelled(shape)}.")
    if count(shape) > LARGEST:
        raise ExportError(f"A value in C must have at most {LARGEST} numbers; {name!r:.80} has {spelled(shape)}.")
    return count(shape)


def literal(value: float, type: str = "float") -> str:
    """A number as C writes it."""
    if type.startswith("int"):
        return str(int(value)) if abs(value) < 2**15 else f"{int(value)}L"
    if np.isnan(value):
        return "gatelet_missing()"
    if np.isinf(value):
        return f"{'-' if value < 0 else ''}gatelet_infinity()"
    if type == "double":
        return repr(float(value))
    text = f"{float(np.float32(value)):.9g}"
    return text + ("f" if any(mark in text for mark in ".e") else ".0f")
