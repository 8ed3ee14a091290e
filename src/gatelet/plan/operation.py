"""What every operation of a plan can tell of itself, and do in NumPy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, Protocol

import numpy as np

from gatelet.errors import ModelError
from gatelet.plan.values import Numbers, Shape, State, need_name

Arrays = tuple[Numbers, ...]


class Operation(Protocol):
    """A small step of a plan: it reads named values, and writes others.

    Shapes are those of one step of one sequence. `run` is the definition of what an operation computes.
    """

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the values that it reads, which stand before it in the plan."""
        ...

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the values that it writes."""
        ...

    def shapes(self, given: Sequence[Shape]) -> tuple[Shape, ...]:
        """Shapes of what it writes, from those of what it reads; ModelError where weights or values do not fit."""
        ...

    def macs(self, given: Sequence[Shape]) -> int:
        """Multiply-adds of one step; an axis of any length counts once."""
        ...

    def state(self, given: Sequence[Shape]) -> tuple[State, ...]:
        """What it remembers."""
        ...

    def run(self, given: Sequence[Numbers], state: Arrays) -> tuple[Arrays, Arrays]:
        """One step in float64: what it writes, and the state after."""
        ...


class Stateless:
    """Base of the operations that remember nothing and multiply no weights."""

    def macs(self, given: Sequence[Shape]) -> int:
        """None."""
        return 0

    def state(self, given: Sequence[Shape]) -> tuple[State, ...]:
        """Nothing."""
        return ()


class OneToOne:
    """Base of the operations that read one value, `source`, and write one, `target`."""

    source: str
    target: str

    @property
    def inputs(self) -> tuple[str, ...]:
        """What is read."""
        return (self.source,)

    @property
    def outputs(self) -> tuple[str, ...]:
        """What is written."""
        return (self.target,)


class ManyToOne:
    """Base of the operations that read several values, `sources`, and write one, `target`."""

    sources: tuple[str, ...]
    target: str

    @property
    def inputs(self) -> tuple[str, ...]:
        """What is read."""
        return self.sources

    @property
    def outputs(self) -> tuple[str, ...]:
        """What is written."""
        return (self.target,)


def weights_of(operation: Operation) -> dict[str, np.ndarray]:
    """The arrays of an operation by the names of its fields."""
    found = ((field.name, getattr(operation, field.name)) for field in fields(operation))  # type: ignore[arg-type]
    return {name: value for name, value in found if isinstance(value, np.ndarray)}


def settings_of(operation: Operation) -> dict[str, Any]:
    """What an operation has beside its arrays: names, words and numbers."""
    found = ((field.name, getattr(operation, field.name)) for field in fields(operation))  # type: ignore[arg-type]
    return {name: value for name, value in found if value is not None and not isinstance(value, np.ndarray)}


def number_of_parameters(operation: Operation) -> int:
    """Numbers in its arrays."""
    return sum(array.size for array in weights_of(operation).values())


def check_names(operation: Operation) -> None:
    """Raise ModelError unless what an operation reads and writes has names, and no two results have the same."""
    kind = type(operation).__name__
    for name in (*operation.inputs, *operation.outputs):
        need_name(name, f"A value of {kind}")
    if len(set(operation.outputs)) != len(operation.outputs):
        raise ModelError(f"{kind} must write values of different names; it writes {', '.join(operation.outputs):.80}.")
