"""A model as data: operations in order, what they read, and what the model tells."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from gatelet.errors import ModelError
from gatelet.plan.delay import Delay
from gatelet.plan.kinds import kinds_of
from gatelet.plan.operation import Operation, check_names, number_of_parameters, settings_of, weights_of
from gatelet.plan.values import KINDS, Shape, State, Value, count, need_choice, need_name, need_whole, spelled

MOST_OPERATIONS = 4096
# numbers that a value or a state of one step may have
LARGEST_VALUE = 2**26


@dataclass(frozen=True, eq=False)
class Plan:
    """What a fitted model computes, one step at a time.

    A step reads the inputs and writes the outputs; operations may remember something from step to step. Where the first
    axis of an input is "time", one step is a whole sequence, and the plan cannot be streamed.

    Attributes:
        task: the class of the model, such as "Classifier".
        inputs: what a step reads.
        operations: in the order in which they run.
        outputs: what a step writes; shapes must be those that the operations give.
        features: plain values that say how raw data become inputs, and what outputs mean: vocabulary, columns, labels.

    Raises:
        ModelError: names are missing or there twice, shapes do not fit, a weight is not finite, or sizes are hostile.
    """

    task: str
    inputs: tuple[Value, ...]
    operations: tuple[Operation, ...]
    outputs: tuple[Value, ...]
    features: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        need_name(self.task, "The task of a plan")
        if not self.inputs or not self.outputs or len(self.operations) > MOST_OPERATIONS:
            raise ModelError(f"A plan must have inputs, outputs, and at most {MOST_OPERATIONS} operations; it has not.")
        for value in (*self.inputs, *self.outputs):
            _check_value(value)
        for value in self.outputs:
            if value.name not in self.shapes:
                raise ModelError(f"The output {value.name!r:.80} must be written by an operation; it is not.")
            if self.shapes[value.name] != value.shape:
                raise ModelError(
                    f"The output {value.name!r:.80} must have shape {spelled(self.shapes[value.name])}; it is said to "
                    f"have {spelled(value.shape)}."
                )
            if self.kinds[value.name] == "int16" and value.kind != "int":
                raise ModelError(
                    f"The output {value.name!r:.80} must be said to be int; it is said to be {value.kind}."
                )
        for each in self.states:
            for state in each:
                _check_size(f"The state {state.name!r}", state.shape)

    @cached_property
    def shapes(self) -> dict[str, Shape]:
        """The shape of every value."""
        known: dict[str, Shape] = {}
        for value in self.inputs:
            _add(known, value.name, value.shape)
        for operation in self.operations:
            check_names(operation)
            given = [known[name] for name in operation.inputs if _need_known(known, name, operation)]
            for name, shape in zip(operation.outputs, operation.shapes(given), strict=True):
                _add(known, name, shape)
        for operation in self.operations:
            if isinstance(operation, Delay) and known.get(operation.source) != (operation.size,):
                raise ModelError(f"{operation.source!r:.80}, which Delay reads, must have {operation.size} values.")
        return known

    @cached_property
    def kinds(self) -> dict[str, str]:
        """The kind of every value: "float", "int", or "int16" of what integer operations write."""
        return kinds_of(self.inputs, self.operations)

    @cached_property
    def states(self) -> tuple[tuple[State, ...], ...]:
        """What each operation remembers."""
        return tuple(operation.state(self.read_by(operation)) for operation in self.operations)

    def read_by(self, operation: Operation) -> list[Shape]:
        """The shapes of what an operation reads."""
        return [self.shapes[name] for name in operation.inputs]

    @property
    def streamed(self) -> bool:
        """Whether a step is one step of a sequence, not a whole one."""
        return not any(value.shape[:1] == ("time",) for value in self.inputs)

    @property
    def num_parameters(self) -> int:
        """Numbers in all weights, a weight of two operations counted once."""
        return sum(array.size for array in self._arrays)

    @property
    def weight_bytes(self) -> int:
        """Bytes of all weights, a weight of two operations counted once."""
        return sum(array.nbytes for array in self._arrays)

    @cached_property
    def _arrays(self) -> list[np.ndarray]:
        """All weights, those of the same content once, as they are stored."""
        found: dict[Any, np.ndarray] = {}
        for operation in self.operations:
            for array in weights_of(operation).values():
                content = hashlib.sha256(np.ascontiguousarray(array).data).digest()
                found.setdefault((array.shape, array.dtype.str, content), array)
        return list(found.values())

    @property
    def macs(self) -> int:
        """Multiply-adds of one step; an axis of any length counts once."""
        return sum(operation.macs(self.read_by(operation)) for operation in self.operations)

    @property
    def state_bytes(self) -> int:
        """Bytes that a stream keeps from step to step, see `State.bytes`."""
        return sum(state.bytes for each in self.states for state in each)

    def table(self) -> list[dict[str, Any]]:
        """One row per operation: what it is, writes and of which shape; parameters and their bytes, MACs, state."""
        return [
            {
                "operation": type(operation).__name__,
                "reads": ", ".join(operation.inputs) or getattr(operation, "source", ""),
                "writes": ", ".join(operation.outputs),
                "shape": ", ".join(spelled(self.shapes[name]) for name in operation.outputs),
                "parameters": number_of_parameters(operation),
                "weight_bytes": sum(array.nbytes for array in weights_of(operation).values()),
                "macs": operation.macs(self.read_by(operation)),
                "state_bytes": sum(state.bytes for state in states),
            }
            for operation, states in zip(self.operations, self.states, strict=True)
        ]

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all that decides what the plan computes: states belong to it alone."""
        found = hashlib.sha256()
        for value in (*self.inputs, *self.outputs):
            found.update(repr((value.name, value.shape, value.kind)).encode())
        for operation in self.operations:
            settings = settings_of(operation)
            found.update(json.dumps([type(operation).__name__, settings], sort_keys=True).encode())
            for name, array in sorted(weights_of(operation).items()):
                found.update(f"{name}{array.shape}".encode())
                if array.dtype != np.float32:
                    found.update(array.dtype.str.encode())
                found.update(np.ascontiguousarray(array, array.dtype.newbyteorder("<")).data)
        return found.hexdigest()


@dataclass(frozen=True)
class EncoderDecoder:
    """Two plans of a model that reads a whole sequence and writes another: a translator.

    Attributes:
        encoder: reads a source; it writes the memory, and where the states of the decoder start.
        decoder: one step; its inputs are the last token and what the encoder wrote, by the same names.
    """

    encoder: Plan
    decoder: Plan

    def __post_init__(self) -> None:
        # an axis of any length may have one name here and another there: one step of the encoder is a whole source
        written = {value.name: _sizes(value.shape) for value in self.encoder.outputs}
        lacking = [value for value in self.decoder.inputs[1:] if written.get(value.name) != _sizes(value.shape)]
        if lacking:
            raise ModelError(
                f"The encoder must write {lacking[0].name!r:.80} of shape {spelled(lacking[0].shape)}, which the "
                "decoder reads; it does not."
            )


def _sizes(shape: Shape) -> tuple[int, ...]:
    return tuple(axis if isinstance(axis, int) else 0 for axis in shape)


def _add(known: dict[str, Shape], name: str, shape: Shape) -> None:
    if name in known:
        raise ModelError(f"The value {name!r:.80} must be written once; it is written twice.")
    _check_size(f"The value {name!r:.80}", shape)
    known[name] = shape


def _need_known(known: dict[str, Shape], name: str, operation: Operation) -> bool:
    if name not in known:
        raise ModelError(
            f"{name!r:.80}, which {type(operation).__name__} reads, must be written before it; no operation does that."
        )
    return True


def _check_value(value: Value) -> None:
    need_name(value.name, "The name of a value")
    need_choice(f"kind of {value.name!r:.80}", value.kind, KINDS)
    for axis in value.shape:
        if isinstance(axis, str):
            need_name(axis, f"An axis of {value.name!r:.80}")
        else:
            need_whole(f"An axis of {value.name!r:.80}", axis, 1)
    if not isinstance(value.unit, str):
        raise ModelError(f"unit of {value.name!r:.80} must be text; got {value.unit!r:.80}.")


def _check_size(what: str, shape: Shape) -> None:
    if count(shape) > LARGEST_VALUE:
        raise ModelError(f"{what} must have at most {LARGEST_VALUE} numbers; it has {spelled(shape)}.")
