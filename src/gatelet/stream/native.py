"""A plan as a native program: packed once, float32, no memory asked for at a step."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatelet import plan as p
from gatelet.plan.activations import ACTIVATIONS
from gatelet.plan.pooling import POOLINGS
from gatelet.plan.values import Shape, count
from gatelet.stream.engine import Array, Parts

try:
    from gatelet.kernels import _native
except ImportError:  # a source tree whose native part is not built
    _native = None  # type: ignore[assignment, unused-ignore]

# parts of one token, such as pieces of its spelling, that a program has room for at first
PARTS = 128
_CELLS = (p.GRU, p.LSTM, p.RNN, p.MGU, p.LiGRU, p.FastGRNN, p.MinGRU, p.MinLSTM)

Described = tuple[str, list[float], list[Any]]  # the operation's name, its settings and its weights


def can_run(plan: p.Plan) -> bool:
    """Whether the native program knows all operations and shapes of a plan."""
    if _native is None or os.environ.get("GATELET_KERNELS", "on") == "off":
        return False
    fixed = all(
        len(shape) <= 1 and (all(isinstance(axis, int) for axis in shape) or _of_parts(plan, name))
        for name, shape in plan.shapes.items()
    )
    return fixed and all(_described(operation) is not None for operation in plan.operations)


class NativeEngine:
    """Streams of a plan in C++."""

    name = "native"

    def __init__(self, plan: p.Plan, parts: int = PARTS) -> None:
        """Pack the weights of a plan that `can_run`.

        Args:
            plan: what to run.
            parts: longest axis of parts of one token that a frame may have.
        """
        self._plan, self._parts, self._count = plan, parts, 0
        self._native = self._program(parts)
        # float32 holds the numbers of tokens and classes, which are below 2^24
        self._whole = [value.kind == "int" for value in plan.outputs]
        self._shapes = [self._sizes(value.shape) for value in plan.outputs]
        self.push_one = self._native.push

    def resize(self, count: int) -> None:
        """Make room for so many streams; new ones are at their beginning."""
        self._count = count
        self._native.resize(count)

    def reset(self, stream: int) -> None:
        """Put a stream back to its beginning."""
        self._native.reset(stream)

    def read(self, stream: int) -> Parts:
        """The states of a stream."""
        values = np.frombuffer(self._native.state(stream), np.float32)
        return np.split(values, np.cumsum([count(state.shape) for state in self._states()])[:-1]) if values.size else []

    def write(self, stream: int, parts: Parts) -> None:
        """Put states in place."""
        values = np.concatenate([np.zeros(0), *parts]).astype(np.float32)
        self._native.restore(stream, values.tobytes())

    def push(self, streams: NDArray[np.int64], frames: list[Array]) -> list[Array]:
        """Steps of n streams."""
        steps, n = len(frames[0]), len(streams)
        given = [
            self._padded(frame) if value.shape and not isinstance(value.shape[-1], int) else frame
            for value, frame in zip(self._plan.inputs, frames, strict=True)
        ]
        arrays = [np.ascontiguousarray(frame, np.float32) for frame in given]
        written = [np.empty((steps, n, *shape), np.float32) for shape in self._shapes]
        self._native.push_many(np.ascontiguousarray(streams, np.int64), steps, arrays, written)
        return [array.astype(np.int64) if whole else array for array, whole in zip(written, self._whole, strict=True)]

    def _states(self) -> list[p.State]:
        return [state for each in self._plan.states for state in each]

    def _padded(self, frame: Array) -> Array:
        """Parts (T, n, P) filled up to the length that the program has room for, which grows where it must."""
        lacking = self._parts - frame.shape[-1]
        if lacking < 0:
            self._grow(frame.shape[-1])
            lacking = self._parts - frame.shape[-1]
        return np.pad(frame, ((0, 0), (0, 0), (0, lacking)), constant_values=-1)

    def _grow(self, parts: int) -> None:
        states = [self._native.state(stream) for stream in range(self._count)]
        self._parts = 2 * parts
        self._native = self._program(self._parts)
        self._native.resize(self._count)
        for stream, state in enumerate(states):
            self._native.restore(stream, state)
        self.push_one = self._native.push

    def _sizes(self, shape: Shape) -> tuple[int, ...]:
        return tuple(axis if isinstance(axis, int) else self._parts for axis in shape)

    def _program(self, parts: int) -> Any:
        """A native program of the plan: every value has its place in a row, every operation its place in the state."""
        self._parts = parts
        slots: dict[str, tuple[int, int]] = {}
        width = 0
        for name, shape in self._plan.shapes.items():
            size = count(self._sizes(shape))
            slots[name] = (width, size)
            width += size
        first = [np.full(count(state.shape), state.first, np.float32) for state in self._states()]
        native = _native.Streams(
            os.environ.get("GATELET_ISA", ""),
            width,
            np.concatenate([np.zeros(0, np.float32), *first]),
            [slots[value.name] for value in self._plan.inputs],
            [slots[value.name] for value in self._plan.outputs],
        )
        state = 0
        for operation, states in zip(self._plan.operations, self._plan.states, strict=True):
            described = _described(operation)
            assert described is not None
            kind, settings, weights = described
            read = (operation.source,) if isinstance(operation, p.Delay) else operation.inputs
            weights = [None if each is None else np.ascontiguousarray(each, np.float32) for each in weights]
            native.add(
                kind,
                [slots[name] for name in read],
                [slots[name] for name in operation.outputs],
                state,
                settings,
                weights,
            )
            state += sum(count(each.shape) for each in states)
        return native


def _of_parts(plan: p.Plan, name: str) -> bool:
    """Whether a value of any length is one that only means of vectors read."""
    readers = [operation for operation in plan.operations if name in operation.inputs]
    return all(isinstance(operation, p.Embedding) and operation.mean for operation in readers)


def _described(operation: p.Operation) -> Described | None:
    """What the native program is told of an operation; None for one that it does not know. See native/program.cpp."""
    match operation:
        case p.Recurrent():
            return _cell(operation)
        case p.Dense():
            return "Dense", [_function(operation.activation)], [operation.weight, operation.bias]
        case p.Embedding():
            return "Embedding", [], [operation.table]
        case p.Pairs() if operation.over == "steps":
            return "Pairs", [operation.buckets, operation.spread], []
        case p.Pool() if operation.over == "steps":
            return "Pool", [POOLINGS.index(operation.kind)], []
        case p.AttentionPool() if operation.over == "steps":
            return "AttentionPool", [], [operation.weight, operation.bias, operation.score]
        case p.Activation():
            return "Activation", [_function(operation.function)], []
        case p.Softmax():
            return "Softmax", [operation.logarithm, operation.barred], []
        case p.Standardize():
            return "Standardize", [], [operation.mean, operation.scale]
        case p.LayerNorm():
            return "LayerNorm", [operation.epsilon], [operation.gain, operation.bias]
        case p.Add():
            return "Add", [], [operation.constant]
        case p.CTCGreedy():
            return "CTCGreedy", [operation.blank], []
        case p.Concatenate() | p.Delay() | p.Filled() | p.Observed():
            return type(operation).__name__, [], []
    return None


def _cell(operation: p.Recurrent) -> Described | None:
    if operation.over != "steps" or operation.start or not isinstance(operation, _CELLS):
        return None
    before = isinstance(operation, p.GRU) and not operation.reset_after
    kind = "GRU reset before" if before else type(operation).__name__
    optional = [getattr(operation, name, None) for name in ("layer_norm_ih", "layer_norm_hh", "scales")]
    plain = [operation.weight_ih, operation.weight_hh, operation.bias_ih, operation.bias_hh]
    return kind, [operation.hidden_size, operation.restart], [*plain, *optional]


def _function(name: str) -> int:
    return list(ACTIVATIONS).index(name)
