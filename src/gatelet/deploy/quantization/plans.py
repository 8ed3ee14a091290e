"""A plan of floats as one of integers: same inputs, same outputs, int8 weights, 16-bit values in between."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from gatelet import plan as p
from gatelet.deploy.quantization.integer_operations import CELLS, GATES, cell_name, integer_operation, why_not
from gatelet.deploy.quantization.observing import Sequences, observe
from gatelet.deploy.quantization.units import STATE_UNIT, Units
from gatelet.errors import ExportError

__all__ = ["Converted", "convert", "quantize"]

_JOINS = (p.Add, p.Concatenate, p.Row, p.Segments, p.Split, p.Pool)
_WEIGHED = (*CELLS, p.Dense, p.Embedding)
# a FastGRNN's h and an LSTM's c have exponents up to 10, see docs/quantization.md
_LARGEST_STATE = STATE_UNIT * 2**10


@dataclass(frozen=True)
class Converted:
    """An integer plan.

    Attributes:
        plan: what `quantize` gives.
        units: of the values that are integers in it, by their names in the plan of floats.
        kept: operations with weights that stay floats, by what they write.
        pairs: each operation of floats that became integers, and what it became.
    """

    plan: p.Plan
    units: Mapping[str, float]
    kept: tuple[str, ...]
    pairs: tuple[tuple[p.Operation, p.Operation], ...]


def quantize(plan: p.Plan, calibration: Sequences, *, partly: bool = False) -> p.Plan:
    """Give a plan in integers: cells, dense layers, tables of vectors and what joins them.

    What has no weights and needs floats (softmax, quantiles, windows and their scales) stays as it is, and so does
    attention; floats become integers and integers floats in between.

    Args:
        plan: of floats.
        calibration: sequences of frames, as long as those that the model will see: they tell how large values become.
        partly: leave cells that have no integer form as they are, instead of refusing them.

    Raises:
        ExportError: a cell has no integer form, or weights that 32 bits cannot hold.
        DataError: frames do not fit the plan, or there are none.
    """
    if not any(len(sequence) for sequence in calibration):
        raise ExportError("Calibration must have at least one sequence with a frame; it has none.")
    refuse(plan, partly=partly)
    return convert(plan, observe(plan, calibration)).plan


def refuse(plan: p.Plan, *, partly: bool = False) -> None:
    """Raise ExportError if a cell of a plan has no integer form and may not stay as it is."""
    for operation in plan.operations:
        reason = why_not(operation)
        if reason and isinstance(operation, p.Recurrent) and not partly:
            raise ExportError(f"{type(operation).__name__} {operation.target!r} cannot be integers: {reason}.")
    if any(kind == "int16" for kind in plan.kinds.values()):
        raise ExportError("A plan to quantize must be of floats; this one holds integers already.")


def convert(plan: p.Plan, ranges: Mapping[str, float]) -> Converted:
    """Give a plan in integers for values of known size; cells without an integer form stay as they are.

    Args:
        plan: of floats.
        ranges: the largest magnitude of every value, as `observe` gives it.

    Raises:
        ExportError: a layer has weights that 32 bits cannot hold.
    """
    floats: set[str] = set()  # sums and the like that found no common unit
    while True:
        chosen = _chosen(plan, floats)
        units = _units(chosen, ranges)
        conflict = next((name for name in _written(chosen) if not units.fits(name)), None)
        if conflict is None:
            break
        members = units.members(conflict)
        joins = [each for each in chosen if isinstance(each, _JOINS) and members & set(each.outputs)]
        if not joins:
            raise ExportError(f"The states {conflict!r} must stay below 1024 to be integers; they grow beyond.")
        floats.update(joins[-1].outputs)
    writer = _Writer(plan, units, {name for each in chosen for name in each.outputs})
    for operation in plan.operations:
        writer.add(operation)
    made = replace(plan, operations=tuple(writer.finished()))
    kept = [each.outputs[0] for each in plan.operations if why_not(each)]
    return Converted(made, {name: units[name] for name in writer.integers}, tuple(kept), tuple(writer.pairs))


def _chosen(plan: p.Plan, floats: set[str]) -> list[p.Operation]:
    """The operations that become integers: those with weights, and what joins their results alone."""
    chosen: list[p.Operation] = []
    known: set[str] = set()
    for operation in plan.operations:
        joins = isinstance(operation, _JOINS) and known.issuperset(operation.inputs)
        weighed = isinstance(operation, _WEIGHED) and not why_not(operation)
        if (joins or weighed) and not floats.intersection(operation.outputs):
            chosen.append(operation)
            known.update(operation.outputs)
    return chosen


def _written(chosen: list[p.Operation]) -> list[str]:
    return [name for operation in chosen for name in operation.outputs]


def _units(chosen: list[p.Operation], ranges: Mapping[str, float]) -> Units:
    """What all values ask of their units."""
    units = Units()
    written = set(_written(chosen))
    tied: dict[bytes, p.Recurrent] = {}
    for operation in chosen:
        if not isinstance(operation, p.Embedding):
            # what starts a state of at most 1 is at most 1 as well, and has its unit
            starts = {name for name in getattr(operation, "start", ()) if ranges[name] <= 1.0}
            for name in set(operation.inputs) - written - starts:
                units.need(name, ranges[name])
        match operation:
            case p.Recurrent():
                _ask_of_cell(units, operation, ranges)
                # cells of the same weights are one in memory where they read the same units
                twin = tied.setdefault(operation.weight_hh.tobytes(), operation)
                for name, other in zip(_values(twin), _values(operation), strict=False):
                    units.join(name, other)
            case p.Dense() if operation.activation in GATES:
                units.within(operation.target, STATE_UNIT, STATE_UNIT)
            case p.Dense():
                units.need(operation.target, ranges[operation.target])
            case p.Embedding():
                units.need(operation.target, float(np.abs(operation.table).max()), 1.0)
            case _:
                units.join(*operation.inputs, *operation.outputs)
                if isinstance(operation, p.Add) or (isinstance(operation, p.Pool) and operation.kind == "root"):
                    units.need(operation.target, ranges[operation.target])
                if isinstance(operation, p.Add) and operation.constant is not None:
                    units.need(operation.target, float(np.abs(operation.constant).max(initial=0.0)), 1.0)
    return units


def _ask_of_cell(units: Units, operation: p.Recurrent, ranges: Mapping[str, float]) -> None:
    """What the states ask of their units: h of a GRU and an LSTM are below 1, the others as large as they were seen."""
    source, *states = _values(operation)
    if isinstance(operation, p.FastGRNN):
        units.within(operation.target, 2 * STATE_UNIT, _LARGEST_STATE)
        units.need(operation.target, ranges[operation.target])
    else:
        units.within(operation.target, STATE_UNIT, STATE_UNIT)
    if isinstance(operation, p.LSTM):
        units.within(cell_name(operation), STATE_UNIT, _LARGEST_STATE)
        units.need(cell_name(operation), ranges[cell_name(operation)])
    for name, start in zip(states, operation.start, strict=False):
        units.join(name, start)


def _values(operation: p.Recurrent) -> list[str]:
    """What a cell reads, h, and c of an LSTM."""
    return [operation.source, operation.target, *([cell_name(operation)] if isinstance(operation, p.LSTM) else [])]


class _Writer:
    """Writes operations one after the other, with what turns floats into integers and back between them."""

    def __init__(self, plan: p.Plan, units: Units, chosen: set[str]) -> None:
        self._plan, self._units, self._chosen = plan, units, chosen
        self._operations: list[p.Operation] = []
        self._floats = {value.name for value in plan.inputs}
        self.integers: dict[str, str] = {}  # names of integers by those of floats
        self.pairs: list[tuple[p.Operation, p.Operation]] = []

    def add(self, operation: p.Operation) -> None:
        """Write an operation, as integers if its results are to be."""
        if not self._chosen.issuperset(operation.outputs):
            for name in operation.inputs:
                self._need_float(name)
            self._operations.append(operation)
            self._floats.update(operation.outputs)
            return
        if not isinstance(operation, p.Embedding):
            for name in operation.inputs:
                self._need_integers(name)
        self.integers.update({name: self._fresh(name) for name in operation.outputs})
        self._operations.append(integer_operation(operation, self.integers, self._units))
        self.pairs.append((operation, self._operations[-1]))

    def finished(self) -> list[p.Operation]:
        """All of it, with what the plan gives as floats."""
        later = [each.source for each in self._plan.operations if isinstance(each, p.Delay)]
        for name in (*later, *(value.name for value in self._plan.outputs)):
            self._need_float(name)
        return self._operations

    def _need_float(self, name: str) -> None:
        if name not in self._floats:
            self._operations.append(p.Dequantize(self.integers[name], name, self._units[name]))
            self._floats.add(name)

    def _need_integers(self, name: str) -> None:
        if name not in self.integers:
            self.integers[name] = self._fresh(name)
            self._operations.append(p.Quantize(name, self.integers[name], self._units[name]))

    def _fresh(self, name: str) -> str:
        found = f"{name}.int"
        while found in self._plan.shapes:
            found += "_"
        return found
