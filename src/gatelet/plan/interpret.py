"""A plan in NumPy float64, operation by operation: slow, and the oracle of all that is fast."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from gatelet.errors import DataError
from gatelet.plan.delay import Delay
from gatelet.plan.operation import Arrays
from gatelet.plan.plan import Plan
from gatelet.plan.values import Numbers, Value

States = tuple[Arrays, ...]


def start(plan: Plan) -> States:
    """What the operations remember before the first step; an axis of any length is empty."""
    return tuple(
        tuple(np.full([axis if isinstance(axis, int) else 0 for axis in s.shape], s.first, np.float64) for s in each)
        for each in plan.states
    )


def step(plan: Plan, frame: Mapping[str, ArrayLike], state: States) -> tuple[dict[str, Numbers], States]:
    """One step.

    Args:
        plan: what to compute.
        frame: a value for each input of the plan.
        state: what `start` or the step before gave.

    Returns:
        the outputs by name, and the state after.

    Raises:
        DataError: an input is missing or has another shape.
    """
    values = read_frame(plan.inputs, frame)
    after: list[Arrays] = []
    for operation, before in zip(plan.operations, state, strict=True):
        written, kept = operation.run([values[name] for name in operation.inputs], before)
        values.update(zip(operation.outputs, written, strict=True))
        after.append(kept)
    for number, operation in enumerate(plan.operations):
        if isinstance(operation, Delay):
            after[number] = (values[operation.source],)
    return {value.name: values[value.name] for value in plan.outputs}, tuple(after)


def whole(plan: Plan, frames: Sequence[Mapping[str, ArrayLike]]) -> dict[str, Numbers]:
    """All steps from the beginning: the outputs (T, ...) by name."""
    found: list[dict[str, Numbers]] = []
    state = start(plan)
    for frame in frames:
        written, state = step(plan, frame, state)
        found.append(written)
    return {value.name: np.array([each[value.name] for each in found]) for value in plan.outputs}


def read_frame(inputs: Sequence[Value], frame: Mapping[str, Any]) -> dict[str, Numbers]:
    """The inputs of one step in float64, checked; axes of one name must have one length."""
    lengths: dict[str, int] = {}
    found: dict[str, Numbers] = {}
    for value in inputs:
        if value.name not in frame:
            raise DataError(f"A frame must hold {value.name!r}; it holds {', '.join(map(repr, frame)) or 'nothing'}.")
        array = np.asarray(frame[value.name], np.float64)
        fits = len(array.shape) == len(value.shape) and all(
            size == (axis if isinstance(axis, int) else lengths.setdefault(axis, size))
            for size, axis in zip(array.shape, value.shape, strict=True)
        )
        if not fits:
            raise DataError(f"{value.name!r} of a frame must have shape {value.shape}; it has {array.shape}.")
        found[value.name] = array
    return found
