"""The C type of every value: floats, and doubles where a window or a reading may lie far from zero."""

from __future__ import annotations

import numpy as np

from gatelet import plan as p
from gatelet.plan.operation import Operation

# a float keeps 24 bits: a mean this many scales away from zero takes ten of them
FAR = 1000.0


def value_types(plan: p.Plan) -> dict[str, str]:
    """By name: float, double, int32_t (tokens, classes) or int16_t."""
    wide: set[str] = set()
    for operation in reversed(plan.operations):
        if reads_doubles(operation) or (isinstance(operation, p.Window) and operation.target in wide):
            wide.add(operation.inputs[0])
    short = {name for each in plan.operations if getattr(each, "takes", "") == "int16" for name in each.inputs}
    found = {value.name: "double" if value.name in wide else "float" for value in plan.inputs}
    found |= {v.name: "int16_t" if v.name in short else "int32_t" for v in plan.inputs if v.kind == "int"}
    for operation in plan.operations:
        for name in operation.outputs:
            found[name] = "int16_t" if plan.kinds[name] == "int16" else _written(operation, found)
    return found


def reads_doubles(operation: Operation) -> bool:
    """Whether what an operation reads should not be rounded to a float."""
    if isinstance(operation, p.Standardize):
        return bool((np.abs(operation.mean) > FAR * operation.scale).any())
    return isinstance(operation, p.Center | p.Spread) or (isinstance(operation, p.Scale) and not operation.back)


def _written(operation: Operation, found: dict[str, str]) -> str:
    if isinstance(operation, p.Center | p.Spread) or (isinstance(operation, p.Scale) and operation.back):
        return "double"
    if isinstance(operation, p.CTCGreedy | p.Pairs):
        return "int32_t"
    kept = isinstance(operation, p.Pool) and operation.kind in ("last", "max")
    if kept or isinstance(operation, p.Window | p.Row | p.Split | p.Segments | p.Concatenate):
        given = {found[name] for name in operation.inputs}
        return given.pop() if len(given) == 1 else "float"
    return "float"
