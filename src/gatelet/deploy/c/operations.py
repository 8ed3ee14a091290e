"""Operations around the cells as C."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gatelet import plan as p
from gatelet.deploy.c.program import Program, literal
from gatelet.errors import ExportError
from gatelet.runtime import grouped

IN_PLACE = {
    "relu": "gatelet_f_relu",
    "tanh": "gatelet_f_tanh",
    "sigmoid": "gatelet_f_sigmoid",
    "softplus": "gatelet_f_softplus",
}


def copied(c: Program, source: str, target: str) -> str:
    """Put the numbers of one value into the place of another."""
    held, given = c.write(target), c.read(source)
    c.loop(c.span(target), f"{held}[k] = {given}[k];")
    return held


def over_rows(c: Program, rows: int | str, call: str) -> None:
    """A call for each row r, or one call where there is one row."""
    c.lines.append(f"for (r = 0; r < {rows}; r++) {call}" if rows != 1 else call)


def row(place: str, width: int, rows: int | str) -> str:
    """Where row r of a value begins."""
    return f"{place} + r * {width}" if rows != 1 else place


def counted(size: int | str) -> str:
    """A number of values as a function of the runtime takes it."""
    return str(size) if isinstance(size, int) else f"(uint16_t)({size})"


def activate(c: Program, function: str, held: str, size: int | str) -> None:
    """F in place."""
    if function != "linear":
        c.lines.append(f"{IN_PLACE[function]}({held}, {counted(size)});")


def _activation(c: Program, operation: p.Activation) -> None:
    held = copied(c, operation.source, operation.target)
    activate(c, operation.function, held, c.span(operation.target))


def _dense(c: Program, operation: p.Dense) -> None:
    height, width = operation.weight.shape
    bias = np.zeros(height, np.float32) if operation.bias is None else operation.bias
    weights = c.array(f"{operation.target}_weights", grouped(operation.weight))
    biases = c.array(f"{operation.target}_biases", bias)
    c.need_scratch(4 * -(-width // 4))
    rows, _ = c.rows(operation.source)
    source, held = c.read(operation.source), c.write(operation.target)
    places = f"{row(source, width, rows)}, {row(held, height, rows)}"
    over_rows(c, rows, f"gatelet_f_dense({weights}, {biases}, {width}, {height}, {places}, scratch);")
    activate(c, operation.activation, held, c.span(operation.target))


def embed(
    c: Program, operation: p.Embedding | p.IntegerEmbedding, function: str, before: str = "", after: str = ""
) -> None:
    """Add the look-up of a token, or of the mean of several; further constants stand around the sizes of the table."""
    height, width = operation.table.shape
    shape = c.plan.shapes[operation.source]
    if height > 65535:
        raise ExportError(
            f"An {type(operation).__name__} can be exported to C where it has at most 65,535 rows; "
            f"{operation.target!r:.80} has {height}."
        )
    table = c.array(f"{operation.target}_table", operation.table)
    constants = f"{table}, {before}{height}, {width}{after}"
    source, one = c.read(operation.source), len(shape) == int(operation.mean)
    token = c.number(operation.source) if one else f"{source}[r]"
    held = c.write(operation.target)
    rows, _ = c.rows(operation.target)
    to = held if one else f"{held} + r * {width}"
    if operation.mean:
        parts = c.counts[shape[-1]] if isinstance(shape[-1], str) else str(shape[-1])
        at = source if one else f"{source} + r * {parts}"
        lines = [f"{function}_mean({constants}, {at}, {parts}, {to});"]
    else:
        lines = [
            f"if ({token} >= 0 && {token} < {height}) {function}({constants}, (uint16_t){token}, {to});",
            f"else for (k = 0; k < {width}; k++) ({to})[k] = 0;",
        ]
    c.lines += lines if one else [f"for (r = 0; r < {rows}; r++) {{", *(f"    {line}" for line in lines), "}"]


def _embedding(c: Program, operation: p.Embedding) -> None:
    embed(c, operation, "gatelet_f_embed")


def _concatenate(c: Program, operation: p.Concatenate) -> None:
    if len(operation.sources) == 1:
        c.same(operation.target, operation.sources[0])
        return
    rows, width = c.rows(operation.target)
    type, begin = c.types[operation.target], 0
    sources = [(c.read(name), c.types[name], *c.rows(name)) for name in operation.sources]
    held = c.write(operation.target)
    inner = []
    for place, own, count, size in sources:
        to = f"{f'r * {width} + ' if rows != 1 else ''}{f'{begin} + ' if begin else ''}k"
        given = f"{'' if own == type else f'({type})'}{place}[{f'r * {size} + ' if count != 1 else ''}k]"
        inner.append(f"for (k = 0; k < {size}; k++) {held}[{to}] = {given};")
        begin += size
    c.lines += [f"for (r = 0; r < {rows}; r++) {{", *(f"    {line}" for line in inner), "}"] if rows != 1 else inner


def terms_of(c: Program, operation: p.Add | p.IntegerAdd) -> list[str]:
    """Value k of each of the parts of a sum; a row is added to every row."""
    size = c.span(operation.target)
    parts = [(c.read(name), c.span(name)) for name in operation.sources]
    return [f"{name}[k]" if own == size else f"{name}[k % {own}]" for name, own in parts]


def _add(c: Program, operation: p.Add) -> None:
    terms, held = terms_of(c, operation), c.write(operation.target)
    c.loop(c.span(operation.target), f"{held}[k] = {' + '.join(terms)};")
    if operation.constant is not None:
        constants, own = c.array(f"{operation.target}_constants", operation.constant), operation.constant.size
        rows = 1 if own == c.span(operation.target) else c.rows(operation.target)[0]
        over_rows(c, rows, f"gatelet_f_add_constants({constants}, {own}, {row(held, own, rows)});")


def _segments(c: Program, operation: p.Segments) -> None:
    filled, size = c.size(operation.source), c.size(operation.target)
    if filled == size:
        c.same(operation.target, operation.source)
        return
    source, held = c.read(operation.source), c.write(operation.target)
    c.loop(size, f"{held}[k] = k < {filled} ? {source}[k] : 0;")


def _split(c: Program, operation: p.Split) -> None:
    c.same(operation.target, operation.source)  # rows lie one after the other


def _row(c: Program, operation: p.Row) -> None:
    c.same(operation.target, operation.source, last_row(c, operation.source) if operation.last else 0)


def last_row(c: Program, source: str) -> int | str:
    """Where the last row of a value begins."""
    rows, width = c.rows(source)
    if source in c.single:
        return 0
    return (rows - 1) * width if isinstance(rows, int) else f"({rows} - 1) * {width}"


def _layer_norm(c: Program, operation: p.LayerNorm) -> None:
    held = copied(c, operation.source, operation.target)
    rows, size = c.rows(operation.target)
    gains = c.array(f"{operation.target}_gains", operation.gain)
    biases = c.array(f"{operation.target}_biases", operation.bias)
    epsilon = literal(operation.epsilon)
    over_rows(c, rows, f"gatelet_f_layer_norm({gains}, {biases}, {epsilon}, {size}, {row(held, size, rows)});")


def _softmax(c: Program, operation: p.Softmax) -> None:
    held = copied(c, operation.source, operation.target)
    rows, width = c.rows(operation.target)
    barred = operation.barred
    begin = f"{row(held, width, rows)}{f' + {barred}' if barred else ''}"
    function = "gatelet_f_log_softmax" if operation.logarithm else "gatelet_f_softmax"
    over_rows(c, rows, f"{function}({begin}, {width - barred});")
    if barred:
        nothing = "-gatelet_infinity()" if operation.logarithm else "0.0f"
        at = f"r * {width} + k" if rows != 1 else "k"
        over_rows(c, rows, f"for (k = 0; k < {barred}; k++) {held}[{at}] = {nothing};")


def _standardize(c: Program, operation: p.Standardize) -> None:
    means = c.array(f"{operation.target}_means", operation.mean)
    scales = c.array(f"{operation.target}_scales", operation.scale)
    rows, width = c.rows(operation.source)
    letter = "d" if c.types[operation.source] == "double" else "f"
    source, held = c.read(operation.source), c.write(operation.target)
    places = f"{row(source, width, rows)}, {row(held, width, rows)}"
    over_rows(c, rows, f"gatelet_{letter}_standardize({means}, {scales}, {width}, {places});")


def _observed(c: Program, operation: p.Observed) -> None:
    source, held = c.read(operation.source), c.write(operation.target)
    c.loop(c.span(operation.target), f"{held}[k] = {source}[k] != {source}[k] ? 0.0f : 1.0f; /* NaN is not itself */")


def _filled(c: Program, operation: p.Filled) -> None:
    source, held = c.read(operation.source), c.write(operation.target)
    cast = "(float)" if c.types[operation.source] == "double" else ""
    c.loop(c.span(operation.target), f"{held}[k] = {source}[k] != {source}[k] ? 0.0f : {cast}{source}[k];")


def _delay(c: Program, operation: p.Delay) -> None:
    state = c.remember(operation.target, c.types[operation.target], operation.size, "0.0f")
    c.remembered(operation.target, state)


def end_delay(c: Program, operation: p.Delay) -> None:
    """Keep a value for the next step; after all operations and outputs that read the former one."""
    c.loop(operation.size, f"{c.read(operation.target)}[k] = {c.read(operation.source)}[k];")


def _remaining(c: Program, operation: p.Remaining) -> None:
    size = c.size(operation.target)
    state = c.remember(f"{operation.target}_kept", "float", size, "1.0f")
    source, gate, held = c.read(operation.source), c.read(operation.gate), c.write(operation.target)
    c.loop(size, f"{held}[k] = ({state}[k] *= {gate}[k]) * {source}[k];")


def _ctc(c: Program, operation: p.CTCGreedy) -> None:
    state = c.remember(f"{operation.target}_former", "int32_t", 1, "-1")
    size, source, held = c.size(operation.source), c.read(operation.source), c.write(operation.target)
    c.lines += [
        f"k = gatelet_f_argmax({source}, {size});",
        f"{held}[0] = k;",
        f"if (k == {operation.blank} || k == {state}[0]) {held}[0] = -1;",
        f"{state}[0] = k;",
    ]


def _pairs(c: Program, operation: p.Pairs) -> None:
    buckets, spread = operation.buckets, operation.spread % operation.buckets
    if operation.over != "steps":
        source, held = c.read(operation.source), c.write(operation.target)
        former = f"r == 0 ? {operation.first}L : {source}[r - 1]"
        c.lines += [
            f"for (r = 0; r < {c.span(operation.source)}; r++)",
            f"    {held}[r] = gatelet_pair({former}, {source}[r], {spread}L, {buckets}L);",
        ]
        return
    state = c.remember(f"{operation.target}_former", "int32_t", 1, str(operation.first))
    token, held = c.number(operation.source), c.write(operation.target)
    c.lines += [
        f"{held}[0] = gatelet_pair({state}[0], {token}, {spread}L, {buckets}L);",
        f"{state}[0] = {token};",
    ]


OPERATIONS: dict[type, Callable[[Program, Any], None]] = {
    p.Activation: _activation,
    p.Add: _add,
    p.CTCGreedy: _ctc,
    p.Concatenate: _concatenate,
    p.Delay: _delay,
    p.Dense: _dense,
    p.Embedding: _embedding,
    p.Filled: _filled,
    p.LayerNorm: _layer_norm,
    p.Observed: _observed,
    p.Pairs: _pairs,
    p.Remaining: _remaining,
    p.Row: _row,
    p.Segments: _segments,
    p.Softmax: _softmax,
    p.Split: _split,
    p.Standardize: _standardize,
}
