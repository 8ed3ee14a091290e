"""Single operations of floats as operations of integers, for values of known units."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from gatelet import plan as p
from gatelet.deploy.quantization.cells import GATE_UNIT, quantize_cell
from gatelet.deploy.quantization.layers import quantize_dense, quantize_table
from gatelet.deploy.quantization.units import STATE_UNIT, Units
from gatelet.errors import ExportError
from gatelet.plan.integer_layers import ACTIVATIONS
from gatelet.runtime import Kind

__all__ = ["CELLS", "cell_name", "integer_operation", "why_not"]

CELLS: dict[type[p.Operation], tuple[Kind, Callable[..., p.IntegerRecurrent]]] = {
    p.GRU: ("gru", p.IntegerGRU),
    p.LSTM: ("lstm", p.IntegerLSTM),
    p.FastGRNN: ("fastgrnn", p.IntegerFastGRNN),
}
# functions of gates that read Q12 and give Q15
GATES = ("tanh", "sigmoid")


def why_not(operation: p.Operation) -> str | None:
    """Why an operation with weights cannot be integers; None if it can, or has no weights that matter."""
    if isinstance(operation, p.Recurrent):
        if type(operation) not in CELLS:
            return "of the cells, GRU, LSTM and FastGRNN have an integer form"
        if isinstance(operation, p.GRU) and not operation.reset_after:
            return "a GRU must reset after the product"
        if getattr(operation, "layer_norm_ih", None) is not None:
            return "LayerNorm has no integer form"
    if isinstance(operation, p.Dense) and operation.activation not in ACTIVATIONS:
        return f"the activation {operation.activation!r} has no integer form"
    if isinstance(operation, p.AttentionPool | p.Attention | p.LayerNorm):
        return f"{type(operation).__name__} has no integer form"
    return None


def cell_name(operation: p.LSTM) -> str:
    """The name of an LSTM's states c, written or not."""
    return operation.cell or f"{operation.target}.c"


def integer_operation(operation: p.Operation, names: Mapping[str, str], units: Units) -> p.Operation:
    """The operation in integers.

    Args:
        operation: of floats, for which there is no `why_not`.
        names: of the integers that it reads and writes, by the names of the floats.
        units: of these integers, by the names of the floats.

    Raises:
        ExportError: its weights are too large for 32 bits.
    """
    try:
        return _made(operation, names, units)
    except ValueError as error:
        raise ExportError(f"{type(operation).__name__} {operation.outputs[0]!r} cannot be integers: {error}") from error


def _made(operation: p.Operation, names: Mapping[str, str], units: Units) -> p.Operation:
    match operation:
        case p.Recurrent():
            return _cell(operation, names, units)
        case p.Dense():
            weight = operation.weight.astype(np.float64)
            bias = np.zeros(len(weight)) if operation.bias is None else operation.bias.astype(np.float64)
            y_unit = GATE_UNIT if operation.activation in GATES else units[operation.target]
            made = quantize_dense(weight, bias, units[operation.source], y_unit)
            parts = (made.weight, made.multiplier, made.bias, made.shift)
            return p.IntegerDense(names[operation.source], names[operation.target], *parts, operation.activation)
        case p.Embedding():
            table = quantize_table(operation.table.astype(np.float64), units[operation.target])
            rows = (table.table, table.multiplier, table.shift)
            return p.IntegerEmbedding(operation.source, names[operation.target], *rows, operation.mean)
        case p.Add():
            constant = operation.constant
            if constant is not None:
                constant = np.clip(np.rint(constant / units[operation.target]), -(2**15), 2**15 - 1).astype(np.int16)
            return p.IntegerAdd(tuple(names[name] for name in operation.sources), names[operation.target], constant)
        case p.Pool():
            return p.IntegerPool(names[operation.source], names[operation.target], operation.kind, operation.over)
        case p.Concatenate():
            sources = tuple(names[name] for name in operation.sources)
            return replace(operation, sources=sources, target=names[operation.target])
        case p.Row() | p.Segments() | p.Split():
            return replace(operation, source=names[operation.source], target=names[operation.target])
    raise ExportError(f"{type(operation).__name__} has no integer form.")


def _cell(operation: p.Recurrent, names: Mapping[str, str], units: Units) -> p.Operation:
    kind, make = CELLS[type(operation)]
    state = operation.target
    settings: dict[str, Any] = {}
    if isinstance(operation, p.LSTM):
        state = cell_name(operation)
        settings["cell"] = names[operation.cell] if operation.cell else ""
    exponent = round(np.log2(units[state] / STATE_UNIT))
    if kind != "gru":
        settings["exponent"] = exponent
    factor = operation.thin
    layer, right = (operation.layer(), None) if factor is None else (operation.left(), factor.astype(np.float64))
    cell = quantize_cell(kind, layer, units[operation.source], exponent=exponent, right=right)
    if cell.right is not None:
        settings["right"], settings["multiplier_right"] = cell.right.weight, cell.right.multiplier
        settings["shift_right"] = cell.right.shift
    if kind == "fastgrnn":
        settings |= {"zeta": cell.zeta, "nu": cell.nu}
    return make(
        names[operation.source],
        names[operation.target],
        cell.weight_ih,
        cell.weight_hh,
        cell.multiplier_ih,
        cell.multiplier_hh,
        cell.bias,
        cell.shift,
        over=operation.over,
        start=tuple(names[name] for name in operation.start),
        reverse=operation.reverse,
        restart=operation.restart,
        **settings,
    )
