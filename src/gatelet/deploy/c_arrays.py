"""Constants as C."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatelet.reference.integer import IntegerCell, IntegerDense
from gatelet.runtime import PackedCell, PackedDense, PackedFloats, pack_cell, pack_dense, sparse_blocks

__all__ = ["array_text", "cell_text", "dense_text", "float_cell_text", "struct_text"]

TYPES = {
    "int8": "int8_t",
    "int16": "int16_t",
    "uint16": "uint16_t",
    "int32": "int32_t",
    "float32": "float",
    "float64": "double",
}
LINE = 118


def array_text(name: str, values: NDArray[Any]) -> str:
    """A constant array, for flash: `static const int8_t name[12] GATELET_CONSTANTS = {...};`."""
    lines, line = [], "   "
    for value in values.reshape(-1).tolist():
        text = f" {_number(value, values.dtype)},"
        if len(line) + len(text) > LINE:
            lines.append(line)
            line = "   "
        line += text
    body = "\n".join([*lines, line.rstrip(",")])
    return f"static const {TYPES[values.dtype.name]} {name}[{values.size}] GATELET_CONSTANTS = {{\n{body}}};\n"


def _number(value: float, dtype: np.dtype[Any]) -> str:
    if dtype.kind == "f":
        if not np.isfinite(value):
            return "(0.0f / 0.0f)" if np.isnan(value) else f"({'-' if value < 0 else ''}1.0f / 0.0f)"
        text = repr(float(value)) if dtype.itemsize == 8 else f"{value:.9g}"
        text += "" if any(mark in text for mark in ".e") else ".0"
        return text if dtype.itemsize == 8 else f"{text}f"
    if value == -(2**31):
        return "(-2147483647 - 1)"
    return f"{value}L" if dtype.itemsize == 4 and abs(value) >= 2**15 else str(value)


def struct_text(
    kind: str, name: str, before: tuple[Any, ...], arrays: Mapping[str, NDArray[Any]], after: tuple[Any, ...] = ()
) -> str:
    """The arrays `name_part`, and a struct of a kind: numbers, where the arrays are, and more numbers."""
    fields = [*map(str, before), *(f"{name}_{part}" for part in arrays), *map(str, after)]
    written = "".join(array_text(f"{name}_{part}", values) for part, values in arrays.items())
    return f"{written}static const {kind} {name} = {{\n    {', '.join(fields)}}};\n"


def cell_text(name: str, cell: IntegerCell, *, sparse: bool = False) -> str:
    """A `gatelet_q_cell` and its arrays, and the right factor `name_right` if it is of low rank.

    Without blocks of zeros, and with `name_blocks`, if it is to be sparse.
    """
    p: PackedCell = pack_cell(cell)
    weights, blocks = _weights(name, p, sparse)
    arrays: dict[str, NDArray[Any]] = {"weights": weights, "multipliers": p.multipliers, "biases": p.biases}
    text = struct_text("gatelet_q_cell", name, (p.inputs, p.units), arrays, (p.shift, p.exponent, p.zeta, p.nu))
    return blocks + text + ("" if cell.right is None else dense_text(f"{name}_right", cell.right))


def float_cell_text(name: str, cell: PackedFloats, *, sparse: bool = False) -> str:
    """A `gatelet_f_cell` and its arrays; without blocks of zeros, and with `name_blocks`, if it is to be sparse."""
    weights, blocks = _weights(name, cell, sparse)
    arrays: dict[str, NDArray[Any]] = {"weights": weights, "biases": cell.biases}
    after = (f"{cell.zeta!r}f", f"{cell.nu!r}f")
    return blocks + struct_text("gatelet_f_cell", name, (cell.inputs, cell.units), arrays, after)


def _weights(name: str, cell: PackedCell | PackedFloats, sparse: bool) -> tuple[NDArray[Any], str]:
    """The weights, and which blocks of them there are, in C; all of them, and nothing, if not sparse."""
    if not sparse:
        return cell.weights, ""
    weights, blocks = sparse_blocks(cell.weights, -(-cell.inputs // 4))
    return weights, array_text(f"{name}_blocks", blocks)


def dense_text(name: str, layer: IntegerDense) -> str:
    """A `gatelet_q_dense` and its arrays."""
    p: PackedDense = pack_dense(layer)
    arrays: dict[str, NDArray[Any]] = {"weights": p.weights, "multipliers": p.multipliers, "biases": p.biases}
    return struct_text("gatelet_q_dense", name, (p.inputs, p.outputs), arrays, (p.shift,))
