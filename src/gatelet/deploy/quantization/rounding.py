"""The rounding that integers bring, as functions of floats: what a training may see of them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gatelet import plan as p
from gatelet.deploy.quantization.cells import GATE_UNIT, STATE_UNIT, sums_at_most
from gatelet.deploy.quantization.integer_operations import GATES
from gatelet.deploy.quantization.layers import quantize_table
from gatelet.deploy.quantization.plans import Converted
from gatelet.deploy.quantization.rows import quantize_rows, row_scale
from gatelet.reference import Array

__all__ = ["Rounding", "roundings"]

Rounding = Callable[[Array], Array]


def roundings(operation: p.Operation, integer: p.Operation, made: Converted) -> dict[str, Rounding]:
    """For each matrix of an operation, by its field, what rounds it as the integers are rounded.

    Args:
        operation: of floats.
        integer: what it became.
        made: the plan in which it did.
    """
    if isinstance(operation, p.Embedding):
        unit = made.units[operation.target]

        def table(vectors: Array) -> Array:
            rounded = quantize_table(vectors, unit)
            return rounded.table * (rounded.multiplier[:, None] * (rounded.unit / 2.0**rounded.shift))

        return {"table": table}
    if isinstance(operation, p.Dense) and isinstance(integer, p.IntegerDense):
        y_unit = GATE_UNIT if operation.activation in GATES else made.units[operation.target]
        return {"weight": _by_rows(row_scale(made.units[operation.source], y_unit, integer.shift))}
    if isinstance(operation, p.Recurrent) and isinstance(integer, p.IntegerRecurrent):
        h_unit = made.units[operation.target] if isinstance(operation, p.FastGRNN) else STATE_UNIT
        of_x = _by_rows(row_scale(made.units[operation.source], GATE_UNIT, integer.shift))
        of_h = _by_rows(row_scale(h_unit, GATE_UNIT, integer.shift))
        right, factor = operation.thin, integer.constants.right
        if right is None or factor is None:
            # the integers have the product of factors that are no smaller
            whole = getattr(operation, "right", None) is None
            return {"weight_ih": of_x, "weight_hh": of_h} if whole else {"weight_ih": of_x}
        sizes, of_right = sums_at_most(right.astype(np.float64)), _by_rows(row_scale(h_unit, STATE_UNIT, factor.shift))
        return {
            "weight_ih": of_x,
            "weight_hh": lambda left: of_h(left * sizes) / sizes,
            "right": lambda rows: of_right(rows / sizes[:, None]) * sizes[:, None],
        }
    return {}


def _by_rows(scale: float) -> Rounding:
    def rounded(weight: Array) -> Array:
        fitting = scale
        while True:  # weights that grow in a training need a smaller shift, as they get afterwards
            try:
                q, m = quantize_rows(weight, fitting)
            except ValueError:
                fitting /= 2
            else:
                return np.asarray(q * (m[:, None] / fitting))

    return rounded
