"""Whether the states of an integer plan drift away from those of the floats, over thousands of steps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gatelet import plan as p
from gatelet.deploy.quantization.drift import Drift, drift
from gatelet.deploy.quantization.integer_operations import CELLS
from gatelet.deploy.quantization.observing import Sequences, traces
from gatelet.deploy.quantization.plans import Converted
from gatelet.deploy.quantization.stack import IntegerStack

__all__ = ["plan_drift"]

STEPS = 10_000


def plan_drift(plan: p.Plan, made: Converted, sequences: Sequences, *, steps: int = STEPS) -> dict[str, Drift]:
    """Run every stack of cells without a restart, on what it reads in these sequences again and again.

    Args:
        plan: of floats.
        made: the integers it became.
        sequences: of frames.
        steps: so many in all.

    Returns:
        by the name of what the last cell of a stack writes; what starts from the state of another is left out, since
        that one runs on the same weights.
    """
    integers = {id(before): after for before, after in made.pairs}
    found: dict[str, Drift] = {}
    for stack in _stacks(plan, set(integers)):
        x = traces(plan, sequences, [stack[0].source], steps)[stack[0].source]
        x = np.resize(x, (steps, x.shape[1]))  # again from the beginning where it ends
        cells = tuple(integers[id(each)] for each in stack)
        constants = tuple(each.constants for each in cells if isinstance(each, p.IntegerRecurrent))
        integer = IntegerStack(CELLS[type(stack[0])][0], constants, made.units[stack[0].source])
        found[stack[-1].target] = drift([each.layer() for each in stack], integer, x)
    return found


def _stacks(plan: p.Plan, integers: set[int]) -> list[list[p.Recurrent]]:
    """Cells that became integers, in stacks of one kind in which each reads the one before; without a start."""
    stacks: list[list[p.Recurrent]] = []
    for operation in plan.operations:
        if not isinstance(operation, p.Recurrent) or id(operation) not in integers or operation.start:
            continue
        below = next((stack for stack in stacks if _follows(operation, stack)), None)
        if below is None:
            stacks.append([operation])
        else:
            below.append(operation)
    return stacks


def _follows(operation: p.Recurrent, stack: Sequence[p.Recurrent]) -> bool:
    last = stack[-1]
    return (
        operation.source == last.target
        and type(operation) is type(last)
        and operation.hidden_size == last.hidden_size
        and operation.reverse == last.reverse
    )
