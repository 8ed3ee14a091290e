"""How much of each kind of work a step of a plan is, as its C does it: what instructions are estimated from."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from gatelet import plan as p
from gatelet.plan.operation import Operation
from gatelet.plan.values import count

# what is counted: integers (q), floats (f), doubles (d)
KINDS = (
    *("q_product", "q_gate", "q_unit", "q_value", "q_scaled", "q_division", "q_from_float", "q_to_float"),
    *("f_product", "f_load", "f_sigmoid", "f_tanh", "f_unit", "f_value", "f_division", "f_copy"),
    *("d_value", "d_division", "d_function", "pair", "call"),
)
# products that share a load of x or h; sigmoids and tanhs of a unit, and other values
FUNCTIONS: dict[type[p.Recurrent], tuple[int, float, int, int]] = {
    p.FastGRNN: (1, 1, 1, 5),
    p.GRU: (3, 2, 1, 4),
    p.LSTM: (4, 3, 2, 4),
    p.LiGRU: (2, 1, 0, 4),
    p.MGU: (1, 1, 1, 4),
    p.MinGRU: (2, 1.5, 0, 4),  # of the candidate, where it is negative
    p.MinLSTM: (3, 2.5, 0, 4),
    p.RNN: (1, 0, 1, 0),
}
INTEGER_GATES: dict[type[p.IntegerRecurrent], int] = {p.IntegerFastGRNN: 2, p.IntegerGRU: 3, p.IntegerLSTM: 5}
SPARSE = 0.7  # of the blocks: where no more are there, the C leaves out the others
SMOOTH = ("tanh", "sigmoid", "softplus")

Work = Counter[str]


def work_of(plan: p.Plan) -> Work:
    """How much of each of `KINDS` a step is; an axis of any length counts once."""
    found: Work = Counter()
    for operation in plan.operations:
        found["call"] += 1
        found.update(_work(plan, operation))
    return found


def _work(plan: p.Plan, operation: Operation) -> dict[str, float]:
    given = [_numbers(plan, name) for name in operation.inputs]
    written = sum(_numbers(plan, name) for name in operation.outputs)
    rows = _rows(plan, operation.outputs[0])
    match operation:
        case p.Recurrent() | p.IntegerRecurrent():
            return _cell(operation, 1 if operation.over == "steps" else rows)
        case p.Dense() | p.IntegerDense():
            return _dense(operation, rows)
        case p.AttentionPool():
            return _attention(operation, _rows(plan, operation.source) if operation.over == "rows" else 1)
        case p.Pool() | p.IntegerPool():
            letter = "q" if isinstance(operation, p.IntegerPool) else "f"
            if operation.kind == "last":
                return {}
            return {f"{letter}_value": given[0], f"{letter}_division": 0 if operation.kind == "max" else written}
        case p.Embedding() | p.IntegerEmbedding():
            letter = "q_scaled" if isinstance(operation, p.IntegerEmbedding) else "f_copy"
            parts = _last(plan, operation.source) if operation.mean else 1
            return {letter: written * parts, "f_value": (parts > 1) * written * parts * (letter == "f_copy")}
        case p.Add() | p.IntegerAdd():
            terms = len(operation.sources) - (operation.constant is None)
            return {"q_value" if isinstance(operation, p.IntegerAdd) else "f_value": written * max(terms, 1)}
        case p.Quantize() | p.Dequantize() | p.IntegerAffine():
            kinds = {p.Quantize: "q_from_float", p.Dequantize: "q_to_float", p.IntegerAffine: "q_scaled"}
            return {kinds[type(operation)]: written}
        case p.Center() | p.Spread() | p.Scale() | p.Level():
            return _scaling(operation, given[0])
        case p.Pairs():
            return {"pair": written}
    return _layer(plan, operation, written, rows)


def _cell(cell: p.Recurrent | p.IntegerRecurrent, rows: int) -> dict[str, float]:
    size, inputs = cell.hidden_size, cell.weight_ih.shape[1]
    products = sum(_there(weight, size) for weight in (cell.weight_ih, cell.weight_hh) if weight.size)
    if isinstance(cell, p.IntegerRecurrent):
        gates = INTEGER_GATES[type(cell)]
        moved = inputs + size * (2 if cell.over == "rows" else 1)
        found = {"q_product": products, "q_gate": gates * size, "q_unit": size, "q_value": moved}
    else:
        shared, sigmoids, tanhs, values = FUNCTIONS[type(cell)]
        right = getattr(cell, "right", None)
        normal = cell.layer().layer_norm_ih is not None and len(cell.weight_ih) + len(cell.weight_hh)
        found = {
            "f_product": products + (0 if right is None else _padded(right)),
            "f_load": products / (1 if normal else 1.5 if isinstance(cell, p.GRU) and not cell.reset_after else shared),
            "f_sigmoid": sigmoids * size,
            "f_tanh": tanhs * size,
            "f_unit": size,
            "f_value": values * size + 11 * normal,
            "f_copy": inputs + size * (2 if cell.over == "rows" else 1),
        }
    return {kind: rows * number for kind, number in found.items()}


def _there(weight: np.ndarray[Any, Any], units: int) -> int:
    """Weights that are multiplied: groups of four columns, filled up; without the blocks of zeros that are left out."""
    groups = -(-weight.shape[1] // 4)
    wide = np.pad(weight, ((0, 0), (0, 4 * groups - weight.shape[1])))
    blocks = wide.reshape(-1, units, groups, 4).any((0, 3)) if len(weight) % units == 0 else np.ones((1, 1), bool)
    share = float(blocks.mean())
    return round(wide.size * (share if share <= SPARSE else 1.0))


def _padded(weight: np.ndarray[Any, Any]) -> int:
    height, width = weight.shape
    return int(height * 4 * -(-width // 4))


def _dense(layer: p.Dense | p.IntegerDense, rows: int) -> dict[str, float]:
    outputs, inputs = layer.weight.shape
    smooth = layer.activation in SMOOTH
    if isinstance(layer, p.IntegerDense):
        found = {"q_product": _padded(layer.weight), "q_unit": outputs, "q_gate": smooth * outputs, "q_value": inputs}
    else:
        found = {
            "f_product": _padded(layer.weight),
            "f_load": _padded(layer.weight),
            "f_tanh" if layer.activation == "tanh" else "f_sigmoid": smooth * outputs,
            "f_unit": outputs,
            "f_copy": inputs,
        }
    return {kind: rows * number for kind, number in found.items()}


def _attention(pool: p.AttentionPool, rows: int) -> dict[str, float]:
    units, inputs = pool.weight.shape
    found = {
        "f_product": _padded(pool.weight) + 2 * inputs,
        "f_load": _padded(pool.weight) + 2 * inputs,
        "f_tanh": units,
        "f_sigmoid": 1,
        "f_unit": units,
        "f_copy": inputs,
        "f_division": inputs / rows,
    }
    return {kind: rows * number for kind, number in found.items()}


def _scaling(operation: Operation, given: int) -> dict[str, float]:
    match operation:
        case p.Center(kind="mean"):
            return {"d_value": given, "d_division": 1}
        case p.Spread():
            return {"d_value": 4 * given, "d_division": 2, "d_function": 1}
        case p.Scale(back=True):
            return {"d_value": 2 * given}
        case p.Scale():
            return {"d_value": given, "d_division": given}
        case p.Level():
            return {"d_value": 4, "d_division": 2, "d_function": 1}
    return {"d_value": 1}


def _layer(plan: p.Plan, operation: Operation, written: int, rows: int) -> dict[str, float]:
    match operation:
        case p.Activation():
            kinds = {"tanh": "f_tanh", "sigmoid": "f_sigmoid", "softplus": "f_sigmoid"}
            return {"f_copy": written, kinds.get(operation.function, "f_value"): written}
        case p.Softmax():
            log = operation.logarithm
            # an exp is about half of a sigmoid
            work = {"f_copy": written, "f_sigmoid": 0.5 * written, "f_value": 2 * written}
            return work | ({"d_function": rows} if log else {"f_division": written})
        case p.Standardize():
            return {"f_value": written, "f_division": written}
        case p.LayerNorm():
            return {"f_copy": written, "f_value": 4 * written, "f_division": 6 * rows}
        case p.Quantiles():
            return {"f_sigmoid": 2 * written, "f_value": 2 * written}
        case p.Calibrated():
            return {"f_copy": written, "f_value": 2 * written}
        case p.StudentT():
            return {"f_sigmoid": 4 * rows}
        case p.StudentTQuantiles():
            return {"f_value": 3 * 12 * written, "f_division": rows}
        case p.CTCGreedy():
            return {"f_value": sum(_numbers(plan, name) for name in operation.inputs)}
        case p.Remaining():
            return {"f_value": 2 * written}
        case p.Row() | p.Split():
            return {}
    return {"f_copy": written * (2 if isinstance(operation, p.Window) else 1)}  # a window may hold doubles


def _numbers(plan: p.Plan, name: str) -> int:
    return count(plan.shapes[name])


def _rows(plan: p.Plan, name: str) -> int:
    shape = plan.shapes[name]
    return shape[0] if len(shape) == 2 and isinstance(shape[0], int) else 1


def _last(plan: p.Plan, name: str) -> int:
    size = plan.shapes[name][-1]
    return size if isinstance(size, int) else 2
