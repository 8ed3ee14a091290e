"""Constants as C."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatelet.reference.integer import IntegerCell, IntegerDense
from gatelet.runtime import PackedCell, PackedDense, PackedFloats, pack_cell, pack_dense, sparse_blocks

__all__ = ["array_text", "cell_text", "dense_text", "float_cell_text"]

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


def cell_text(name: str, cell: IntegerCell, *, sparse: bool = False) -> str:
    """A `gatelet_q_cell` and its arrays, and the right factor `name_right` if it is of low rank.

    Without blocks of zeros, and with `name_blocks`, if it is to be sparse.
    """
    p: PackedCell = pack_cell(cell)
    arrays: dict[str, NDArray[Any]] = {"weights": p.weights, "multipliers": p.multipliers, "biases": p.biases}
    names = ", ".join(f"{name}_{part}" for part in arrays)
    if sparse:
        arrays["weights"], arrays["blocks"] = sparse_blocks(p.weights, -(-p.inputs // 4))
    return (
        "".join(array_text(f"{name}_{part}", values) for part, values in arrays.items())
        + f"static const gatelet_q_cell {name} = {{\n    {p.inputs}, {p.units}, {names}, "
        f"{p.shift}, {p.exponent}, {p.zeta}, {p.nu}}};\n"
    ) + ("" if cell.right is None else dense_text(f"{name}_right", cell.right))


def float_cell_text(name: str, cell: PackedFloats, *, sparse: bool = False) -> str:
    """A `gatelet_f_cell` and its arrays; without blocks of zeros, and with `name_blocks`, if it is to be sparse."""
    arrays: dict[str, NDArray[Any]] = {"weights": cell.weights, "biases": cell.biases}
    names = ", ".join(f"{name}_{part}" for part in arrays)
    if sparse:
        arrays["weights"], arrays["blocks"] = sparse_blocks(cell.weights, -(-cell.inputs // 4))
    return (
        "".join(array_text(f"{name}_{part}", values) for part, values in arrays.items())
        + f"static const gatelet_f_cell {name} = {{\n    {cell.inputs}, {cell.units}, {names}, "
        f"{cell.zeta!r}f, {cell.nu!r}f}};\n"
    )


def dense_text(name: str, layer: IntegerDense) -> str:
    """A `gatelet_q_dense` and its arrays."""
    p: PackedDense = pack_dense(layer)
    arrays: dict[str, NDArray[Any]] = {"weights": p.weights, "multipliers": p.multipliers, "biases": p.biases}
    names = ", ".join(f"{name}_{part}" for part in arrays)
    return (
        "".join(array_text(f"{name}_{part}", values) for part, values in arrays.items())
        + f"static const gatelet_q_dense {name} = {{\n    {p.inputs}, {p.outputs}, {names}, {p.shift}}};\n"
    )
