"""A plan as a native program: packed once, no memory asked for at a step; float32, double where it matters."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatelet import plan as p
from gatelet.errors import DataError
from gatelet.plan.integers import integers
from gatelet.plan.values import Shape
from gatelet.stream.described import described
from gatelet.stream.engine import Array, OneFrame, Parts
from gatelet.stream.layout import Layout, axes_of, doubles, laid_out

try:
    from gatelet.kernels import _native
except ImportError:  # a source tree whose native part is not built
    _native = None  # type: ignore[assignment, unused-ignore]

# most rows or parts that an axis of any length has at first
ROOM = 128


def can_run(plan: p.Plan) -> bool:
    """Whether the native program knows all operations and shapes of a plan."""
    if _native is None or os.environ.get("GATELET_KERNELS", "on") == "off":
        return False
    return laid_out(plan) and all(described(operation) is not None for operation in plan.operations)


class NativeEngine:
    """Streams of a plan in C++."""

    name = "native"

    def __init__(self, plan: p.Plan, *, rounded: bool = False) -> None:
        """Pack the weights of a plan that `can_run`; its matrices as bfloat16 if they are to be rounded."""
        self._plan, self._rounded, self._count = plan, rounded, 0
        self._room = dict.fromkeys(axes_of(plan), ROOM)
        takers = [operation for operation in plan.operations if getattr(operation, "takes", "") == "int16"]
        self._integers = {name for operation in takers for name in operation.inputs}
        self._build()

    @property
    def one_frame(self) -> OneFrame | None:
        """The short way, where the plan has one input and one output of fixed shapes, and no others."""
        values = (*self._plan.inputs, *self._plan.outputs)
        if len(values) != 2 or any(isinstance(axis, str) for value in values for axis in value.shape):
            return None
        given, written = values
        if given.name in self._integers or written.kind != "float":
            return None
        # their axes are numbers
        self._native.shape(given.shape, written.shape)  # type: ignore[arg-type]
        found: OneFrame = self._native.frame
        return found

    def resize(self, count: int) -> None:
        """Make room for so many streams; new ones are at their beginning."""
        self._count = count
        self._native.resize(count)

    def reset(self, stream: int) -> None:
        """Put a stream back to its beginning."""
        self._native.reset(stream)

    def read(self, stream: int) -> Parts:
        """The states of a stream."""
        return self._layout.parts(self._native.state(stream))

    def write(self, stream: int, parts: Parts) -> None:
        """Put states in place."""
        lengths = [(place, part.size) for place, part in zip(self._layout.states, parts, strict=True)]
        if any(size > place.most for place, size in lengths):
            self._grow(dict.fromkeys(self._room, max(size for _, size in lengths)))
        self._native.restore(stream, self._layout.block(parts))

    def push(self, streams: NDArray[np.int64], frames: list[Array]) -> list[Array]:
        """Steps of n streams."""
        steps, n = len(frames[0]), len(streams)
        lengths = self._lengths(frames)
        if any(length > self._room[axis] for axis, length in lengths.items()):
            self._grow(lengths)
        given = []
        for value, frame in zip(self._plan.inputs, frames, strict=True):
            if value.shape and value.shape[-1] in self._layout.parts_axes:
                lacking = self._layout.places[value.name].width - frame.shape[-1]
                frame = np.pad(frame, [(0, 0)] * (frame.ndim - 1) + [(0, lacking)], constant_values=-1)
            if value.name in self._integers:
                integers(value.name, frame)
            given.append(np.ascontiguousarray(frame, self._dtype(value.name)))
        written = [
            np.empty((steps, n, *_sizes(value.shape, lengths)), self._dtype(value.name)) for value in self._plan.outputs
        ]
        self._native.push_many(np.ascontiguousarray(streams, np.int64), steps, given, written)
        # float32 holds the numbers of tokens and classes, which are below 2^24
        return [
            array.astype(np.int64) if value.kind == "int" else array
            for array, value in zip(written, self._plan.outputs, strict=True)
        ]

    def _dtype(self, name: str) -> Any:
        return np.float64 if self._layout.places[name].doubles else np.float32

    def _lengths(self, frames: list[Array]) -> dict[str, int]:
        """The axes of any length in these frames."""
        found: dict[str, int] = {}
        for value, frame in zip(self._plan.inputs, frames, strict=True):
            for axis, size in zip(value.shape, frame.shape[2:], strict=True):
                if isinstance(axis, str) and found.setdefault(axis, size) != size:
                    raise DataError(
                        f"{value.name!r} of a frame must have {found[axis]} rows, as the rest; it has {size}."
                    )
        return found

    def _grow(self, lengths: dict[str, int]) -> None:
        states = [self.read(stream) for stream in range(self._count)]
        for axis, length in lengths.items():
            self._room[axis] = max(self._room[axis], 2 * length)
        self._build()
        self._native.resize(self._count)
        for stream, parts in enumerate(states):
            self._native.restore(stream, self._layout.block(parts))

    def _build(self) -> None:
        """A native program of the plan: every value has its place in a row, every operation its place in the state."""
        self._layout = layout = Layout(self._plan, self._room)
        native = _native.Streams(
            os.environ.get("GATELET_ISA", ""),
            layout.width,
            layout.first,
            [layout.places[value.name] for value in self._plan.inputs],
            [layout.places[value.name] for value in self._plan.outputs],
            self._rounded,
        )
        double = doubles(self._plan)
        for number, operation in enumerate(self._plan.operations):
            for conversion in layout.conversions:
                if conversion.number == number:
                    kind = "to double" if conversion.target.doubles else "to float"
                    native.add(kind, [conversion.source], [conversion.target], 0, [], [], [], False)
            found = described(operation)
            assert found is not None
            native.add(
                found.kind,
                layout.reads(number),
                [layout.places[name] for name in operation.outputs],
                layout.state(number),
                found.settings,
                [None if each is None else np.ascontiguousarray(each, np.float32) for each in found.weights],
                [np.ascontiguousarray(each).tobytes() for each in found.constants],
                operation.outputs[0] in double,
            )
        self._native = native


def _sizes(shape: Shape, lengths: dict[str, int]) -> tuple[int, ...]:
    return tuple(axis if isinstance(axis, int) else lengths[axis] for axis in shape)
