"""How large the values of a plan become, seen over sequences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatelet.plan import Plan, interpret
from gatelet.plan.cutting import part_of, with_cells
from gatelet.plan.values import Value
from gatelet.stream import Session

__all__ = ["Sequences", "observe", "stacked", "traces"]

Frame = Mapping[str, Any]
Sequences = Sequence[Sequence[Frame]]

CHUNK = 256  # steps at once, whose values are all kept for a moment


def observe(plan: Plan, sequences: Sequences) -> dict[str, float]:
    """The largest magnitude of every value, the states c of LSTMs included; what is missing or infinite does not count.

    Args:
        plan: of floats.
        sequences: each begins afresh; a frame is a value for each input of the plan.
    """
    probe = with_cells(plan)
    names = [name for operation in probe.operations for name in operation.outputs]
    largest = dict.fromkeys((*(value.name for value in plan.inputs), *names), 0.0)
    for found in _stretches(part_of(probe, names), sequences, with_inputs=True):
        for name, values in found.items():
            magnitudes = np.abs(values[np.isfinite(values)])
            largest[name] = max(largest[name], float(magnitudes.max(initial=0.0)))
    return largest


def traces(plan: Plan, sequences: Sequences, names: Sequence[str], steps: int) -> dict[str, NDArray[Any]]:
    """What some values are over the sequences, their rows one after the other, (T, F); about `steps` at most."""
    found: dict[str, list[NDArray[Any]]] = {name: [] for name in names}
    count = 0
    for stretch in _stretches(part_of(plan, names), sequences):
        for name in names:
            found[name].append(stretch[name].reshape(-1, stretch[name].shape[-1]))
        count += len(found[names[0]][-1])
        if count >= steps:
            break
    return {name: np.concatenate(parts) for name, parts in found.items()}


def _stretches(plan: Plan, sequences: Sequences, with_inputs: bool = False) -> Iterator[dict[str, NDArray[Any]]]:
    """Values over a few steps at once, (T, ...) by name; a plan that is not streamed gives one step at a time."""
    session = Session(plan) if plan.streamed else None
    for sequence in sequences:
        if session is not None:
            session.reset()
        length = CHUNK if session is not None else 1
        for begin in range(0, len(sequence), length):
            frames = stacked(plan.inputs, sequence[begin : begin + length])
            if session is not None:
                outputs = session.push(frames)
                found = outputs if isinstance(outputs, dict) else {plan.outputs[0].name: outputs}
            else:
                frame = {name: values[0] for name, values in frames.items()}
                written, _ = interpret.step(plan, frame, interpret.start(plan))
                found = {name: values[None] for name, values in written.items()}
            yield {**frames, **found} if with_inputs else found


def stacked(inputs: Sequence[Value], frames: Sequence[Frame]) -> dict[str, NDArray[Any]]:
    """Frames with an axis of time in front; an axis of any length is filled up with -1, which stands for nothing."""
    found: dict[str, NDArray[Any]] = {}
    for value in inputs:
        parts = [np.asarray(frame[value.name], np.float64) for frame in frames]
        if any(isinstance(axis, str) for axis in value.shape):
            sizes = np.max([part.shape for part in parts], axis=0)
            parts = [
                np.pad(
                    part, [(0, most - size) for most, size in zip(sizes, part.shape, strict=True)], constant_values=-1
                )
                for part in parts
            ]
        found[value.name] = np.stack(parts)
    return found


def _filled(part: NDArray[Any], sizes: NDArray[Any]) -> NDArray[Any]:
    lacking = [(0, most - size) for most, size in zip(sizes, part.shape, strict=True)]
    return np.pad(part, lacking, constant_values=-1)
