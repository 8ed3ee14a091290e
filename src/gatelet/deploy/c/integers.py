"""Integer operations as calls of the runtime: the bits of the plan, on every core."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from typing import Any

from gatelet import plan as p
from gatelet.deploy.c.cells import LEAVES_OUT, write_rows, write_steps
from gatelet.deploy.c.operations import counted, embed, last_row, over_rows, row, terms_of
from gatelet.deploy.c.program import Program, literal
from gatelet.deploy.c_arrays import cell_text, dense_text
from gatelet.deploy.work import SPARSE
from gatelet.runtime import pack_cell, pack_dense, sparse_blocks

KINDS: dict[type[p.IntegerRecurrent], str] = {
    p.IntegerFastGRNN: "fastgrnn",
    p.IntegerGRU: "gru",
    p.IntegerLSTM: "lstm",
}
ACTIVATED = {"relu": "gatelet_q_relu", "tanh": "gatelet_q_tanh", "sigmoid": "gatelet_q_sigmoid"}
STEPS_BITS = 38  # of what `gatelet_q_from_float` multiplies with


def write_integer_cell(c: Program, cell: p.IntegerRecurrent) -> None:
    """Add an integer cell to the step."""
    kind, packed = KINDS[type(cell)], pack_cell(cell.constants)
    right = None if cell.constants.right is None else pack_dense(cell.constants.right)
    groups = (-(-packed.inputs // 4), -(-packed.units // 4), 0 if right is None else 2 * -(-right.outputs // 4))
    c.fours = max(c.fours, sum(groups))
    kept, blocks = sparse_blocks(packed.weights, groups[0])
    sparse = right is None and kind in LEAVES_OUT and kept.size <= SPARSE * packed.weights.size
    arrays: list[Any] = [kept, blocks] if sparse else [packed.weights]
    if right is not None:
        arrays += [right.weights, right.multipliers, right.biases]
    arrays += [packed.multipliers, packed.biases]
    numbers = (packed.inputs, packed.units, packed.shift, packed.exponent, packed.zeta, packed.nu)
    factor = None if right is None else right.shift
    text = partial(cell_text, cell=cell.constants, sparse=sparse)
    name = c.define(f"{cell.target}_cell", text, *arrays, numbers=(*numbers, factor))
    function = f"gatelet_q_{kind}_step(&{name}"
    if right is not None:
        function = f"gatelet_q_{kind}_low_rank_step(&{name}, &{name}_right"
    elif sparse:
        function = f"gatelet_q_{kind}_sparse_step(&{name}, {name}_blocks"
    call = f"{function}, {{x}}, {{states}}, fours);"
    (write_steps if cell.over == "steps" else write_rows)(c, cell, call, "int16_t")


def steps_of(unit: float) -> tuple[int, int]:
    """How many units are in 1, as `steps / 2^shift` with 2^37 <= steps < 2^38."""
    exact = 1 / Fraction(unit)
    shift = STEPS_BITS - math.frexp(1.0 / unit)[1]
    steps = round(exact * Fraction(2) ** shift)
    while steps >= 2**STEPS_BITS:
        shift -= 1
        steps = round(exact * Fraction(2) ** shift)
    while steps < 2 ** (STEPS_BITS - 1):
        shift += 1
        steps = round(exact * Fraction(2) ** shift)
    return steps, shift


def _quantize(c: Program, operation: p.Quantize) -> None:
    steps, shift = steps_of(operation.unit)
    size, source, held = c.span(operation.source), c.read(operation.source), c.write(operation.target)
    if c.types[operation.source] == "float":
        c.lines.append(f"gatelet_q_from_floats({source}, {counted(size)}, UINT64_C({steps}), {shift}, {held});")
    else:
        c.loop(size, f"{held}[k] = gatelet_q_from_float((float){source}[k], UINT64_C({steps}), {shift});")


def _dequantize(c: Program, operation: p.Dequantize) -> None:
    size, source, held = c.span(operation.source), c.read(operation.source), c.write(operation.target)
    c.lines.append(f"gatelet_q_to_floats({source}, {counted(size)}, {literal(operation.unit)}, {held});")


def _dense(c: Program, operation: p.IntegerDense) -> None:
    packed = pack_dense(operation.constants)
    arrays, numbers = (packed.weights, packed.multipliers, packed.biases), (packed.inputs, packed.shift)
    text = partial(dense_text, layer=operation.constants)
    name = c.define(f"{operation.target}_layer", text, *arrays, numbers=numbers)
    c.fours = max(c.fours, -(-packed.inputs // 4))
    rows, _ = c.rows(operation.source)
    source, held = c.read(operation.source), c.write(operation.target)
    places = f"{row(source, packed.inputs, rows)}, {row(held, packed.outputs, rows)}"
    over_rows(c, rows, f"gatelet_q_dense_step(&{name}, {places}, fours);")
    if operation.activation != "linear":
        c.lines.append(f"{ACTIVATED[operation.activation]}({held}, {counted(c.span(operation.target))});")


def _embedding(c: Program, operation: p.IntegerEmbedding) -> None:
    multipliers = c.array(f"{operation.target}_multipliers", operation.multiplier)
    embed(c, operation, "gatelet_q_embed", f"{multipliers}, ", f", {operation.shift}")


def _add(c: Program, operation: p.IntegerAdd) -> None:
    size, terms = c.span(operation.target), terms_of(c, operation)
    held = c.write(operation.target)
    if operation.constant is not None:
        constants, own = c.array(f"{operation.target}_constants", operation.constant), operation.constant.size
        terms.append(f"gatelet_q_constant({constants} + {'k' if own == size else f'k % {own}'})")
    c.loop(size, f"{held}[k] = gatelet_q_clamp((int32_t){' + '.join(terms)});")


def _affine(c: Program, operation: p.IntegerAffine) -> None:
    centers = c.array(f"{operation.target}_centers", operation.center)
    multipliers = c.array(f"{operation.target}_multipliers", operation.multiplier)
    rows, width = c.rows(operation.source)
    source, held = c.read(operation.source), c.write(operation.target)
    places = f"{row(source, width, rows)}, {row(held, width, rows)}"
    over_rows(c, rows, f"gatelet_q_affine({centers}, {multipliers}, {width}, {operation.shift}, {places});")


def _pool(c: Program, operation: p.IntegerPool) -> None:
    steps = operation.over == "steps"
    rows, size = (1, c.size(operation.source)) if steps else c.rows(operation.source)
    if operation.kind == "last":
        c.same(operation.target, operation.source, 0 if steps else last_row(c, operation.source))
        return
    source = c.read(operation.source)
    at = row(source, size, rows)
    if operation.kind == "max":
        largest = c.remember(operation.target, "int16_t", size, "INT16_MIN") if steps else c.write(operation.target)
        if not steps:
            c.loop(size, f"{largest}[k] = INT16_MIN;")
        over_rows(c, rows, f"for (k = 0; k < {size}; k++) if (({at})[k] > {largest}[k]) {largest}[k] = ({at})[k];")
        if steps:
            c.remembered(operation.target, largest)
        return
    make = c.remember if steps else lambda wanted, type, size, first: c.room(wanted, type, size)
    sums = make(f"{operation.target}_sum", "int32_t", size, "0")
    count = make(f"{operation.target}_count", "int32_t", 1, "0")
    held = c.write(operation.target)
    if not steps:
        c.lines.append(f"{count}[0] = 0;")
        c.loop(size, f"{sums}[k] = 0;")
    over_rows(c, rows, f"gatelet_q_accumulate({sums}, {count}, {size}, {at});")
    function = "gatelet_q_mean" if operation.kind == "mean" else "gatelet_q_root_mean"
    c.lines.append(f"{function}({sums}, {count}[0], {size}, {held});")


INTEGERS: dict[type, Callable[[Program, Any], None]] = {
    p.Dequantize: _dequantize,
    p.IntegerAdd: _add,
    p.IntegerAffine: _affine,
    p.IntegerDense: _dense,
    p.IntegerEmbedding: _embedding,
    p.IntegerPool: _pool,
    p.Quantize: _quantize,
}
