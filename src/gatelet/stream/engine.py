"""What runs a plan for many streams at once: the native program, or NumPy where there is none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from gatelet.plan import Plan, interpret
from gatelet.plan.values import Value

Array = NDArray[Any]
Parts = list[Array]


# a short way for plans of one input and one output: the number of a stream and a frame to the output, or to None where
# the frame is not a plain array of floats of the input's shape
OneFrame = Callable[[int, Any], Array | None]


class Engine(Protocol):
    """Streams by their numbers, each with its own state."""

    name: str

    @property
    def one_frame(self) -> OneFrame | None:
        """The short way, where there is one."""
        ...

    def resize(self, count: int) -> None:
        """Make room for so many streams; new ones are at their beginning."""
        ...

    def reset(self, stream: int) -> None:
        """Put a stream back to its beginning."""
        ...

    def read(self, stream: int) -> Parts:
        """The states of a stream, one array of numbers for each state of the plan."""
        ...

    def write(self, stream: int, parts: Parts) -> None:
        """Put states in place that `read` gave; their sizes have been checked."""
        ...

    def push(self, streams: NDArray[np.int64], frames: list[Array]) -> list[Array]:
        """Steps of n streams: (T, n, ...) for each input of the plan to (T, n, ...) for each output."""
        ...


class NumpyEngine:
    """The interpreter of the plan, in float64: exact, and slow."""

    name = "numpy"
    one_frame = None

    def __init__(self, plan: Plan) -> None:
        """Run this plan."""
        self._plan = plan
        self._states: list[interpret.States] = []

    def resize(self, count: int) -> None:
        """Make room for so many streams; new ones are at their beginning."""
        self._states = self._states[:count]
        self._states += [interpret.start(self._plan) for _ in range(count - len(self._states))]

    def reset(self, stream: int) -> None:
        """Put a stream back to its beginning."""
        self._states[stream] = interpret.start(self._plan)

    def read(self, stream: int) -> Parts:
        """The states of a stream."""
        return [part.ravel() for parts in self._states[stream] for part in parts]

    def write(self, stream: int, parts: Parts) -> None:
        """Put states in place."""
        flat = iter(parts)
        self._states[stream] = tuple(
            tuple(
                next(flat).astype(np.float64).reshape([axis if isinstance(axis, int) else -1 for axis in state.shape])
                for state in states
            )
            for states in self._plan.states
        )

    def push(self, streams: NDArray[np.int64], frames: list[Array]) -> list[Array]:
        """Steps of n streams."""
        names = [value.name for value in self._plan.inputs]
        found: list[list[dict[str, Array]]] = []
        for t in range(len(frames[0])):
            found.append([])
            for place, stream in enumerate(streams.tolist()):
                frame = {name: frame[t, place] for name, frame in zip(names, frames, strict=True)}
                written, self._states[stream] = interpret.step(self._plan, frame, self._states[stream])
                found[-1].append(written)
        return [_stacked(value, found, len(streams)) for value in self._plan.outputs]


def _stacked(value: Value, found: list[list[dict[str, Array]]], streams: int) -> Array:
    kind = np.float64 if value.kind == "float" else np.int64
    if not found or not streams:
        shape = [axis if isinstance(axis, int) else 0 for axis in value.shape]
        return np.zeros((len(found), streams, *shape), kind)
    return np.array([[written[value.name] for written in step] for step in found]).astype(kind)
