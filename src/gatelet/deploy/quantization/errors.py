"""How far each value of an integer plan is from that of the floats, as sequences go through both."""

from __future__ import annotations

import numpy as np

from gatelet import plan as p
from gatelet.deploy.quantization.observing import Sequences, traces
from gatelet.deploy.quantization.plans import Converted
from gatelet.plan.cutting import part_of

__all__ = ["plan_errors"]

STEPS = 2_000


def plan_errors(plan: p.Plan, made: Converted, sequences: Sequences, *, steps: int = STEPS) -> dict[str, float]:
    """The error of what each cell and dense layer writes: root mean square of the difference over that of the floats.

    Args:
        plan: of floats, or the part of it that the sequences go through.
        made: the integers that it became.
        sequences: of frames; they go through both whole, so that errors of former layers count as well.
        steps: about so many in all.

    Returns:
        by the name of the value in the plan of floats.
    """
    names = {
        before.outputs[0]: after.outputs[0]
        for before, after in made.pairs
        if isinstance(before, p.Recurrent | p.Dense) and before.outputs[0] in plan.shapes
    }
    if not names:
        return {}
    integers = part_of(made.plan, list(names.values()), [value.name for value in plan.inputs])
    floats = traces(plan, sequences, list(names), steps)
    found = traces(integers, sequences, list(names.values()), steps)
    errors = {}
    for name, integer in names.items():
        expected = floats[name].astype(np.float64)
        difference = found[integer] * made.units[name] - expected
        errors[name] = float(np.sqrt(np.square(difference).mean() / max(np.square(expected).mean(), 1e-30)))
    return errors
