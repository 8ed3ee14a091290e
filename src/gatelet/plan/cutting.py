"""A part of a plan as a plan of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gatelet.plan.delay import Delay
from gatelet.plan.lstm import LSTM
from gatelet.plan.operation import Operation
from gatelet.plan.plan import Plan
from gatelet.plan.values import Value

__all__ = ["part_of", "with_cells"]


def part_of(plan: Plan, outputs: Sequence[str], given: Sequence[str] = ()) -> Plan:
    """What of a plan gives some of its values.

    Args:
        plan: which.
        outputs: names of the values that the part is to give.
        given: names of values that the part takes as inputs instead of computing them; it has those that it needs, the
            inputs of the plan among them.

    Raises:
        ModelError: there is no such value.
    """
    needed, kept = set(outputs), list[Operation]()
    written = {name for operation in plan.operations for name in operation.outputs}
    known = 0
    while len(needed) > known:  # a delay needs what is written after it
        known, kept = len(needed), []
        for operation in reversed(plan.operations):
            if needed.intersection(operation.outputs) - set(given):
                kept.insert(0, operation)
                needed.update(operation.inputs, [operation.source] if isinstance(operation, Delay) else [])
    made = {name for operation in kept for name in operation.outputs}
    inputs = [value for value in plan.inputs if value.name in needed]
    inputs += [value_of(plan, name) for name in given if name in written and name in needed and name not in made]
    return Plan(plan.task, tuple(inputs), tuple(kept), tuple(value_of(plan, name) for name in outputs), plan.features)


def value_of(plan: Plan, name: str) -> Value:
    """A value of a plan with its shape and kind."""
    return Value(name, plan.shapes.get(name, ()), "float" if plan.kinds.get(name, "float") == "float" else "int")


def with_cells(plan: Plan) -> Plan:
    """The same plan, in which every LSTM also writes its states c, under a name of their own or `TARGET.c`."""
    operations = tuple(
        replace(operation, cell=operation.cell or f"{operation.target}.c") if isinstance(operation, LSTM) else operation
        for operation in plan.operations
    )
    return replace(plan, operations=operations)
