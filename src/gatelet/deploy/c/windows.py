"""Windows, the scale that they give themselves, poolings and quantiles, as C."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gatelet import plan as p
from gatelet.deploy.c.operations import copied, last_row, over_rows, row
from gatelet.deploy.c.program import Program, literal
from gatelet.deploy.c_arrays import struct_text
from gatelet.deploy.student_t import series_of
from gatelet.runtime import grouped


def _window(c: Program, operation: p.Window) -> None:
    size, type = c.size(operation.target), c.types[operation.target]
    width = size // operation.length
    nothing = "gatelet_missing()" if operation.missing else "0"
    state, source = c.remember(operation.target, type, size, nothing), c.read(operation.source)
    if size > width:
        c.loop(size - width, f"{state}[k] = {state}[k + {width}];")
    c.loop(width, f"{state}[{size - width} + k] = {source}[k];")
    c.remembered(operation.target, state)


def _center(c: Program, operation: p.Center) -> None:
    source, held = c.read(operation.source), c.write(operation.target)
    c.lines.append(f"{held}[0] = gatelet_d_{operation.kind}({source}, {c.size(operation.source)});")


def _spread(c: Program, operation: p.Spread) -> None:
    source, held = c.read(operation.source), c.write(operation.target)
    usual = literal(operation.usual, "double")
    c.lines.append(f"{held}[0] = gatelet_d_spread({source}, {c.size(operation.source)}, {usual});")


def _scale(c: Program, operation: p.Scale) -> None:
    source = c.read(operation.source)
    center, scale = c.number(operation.center), c.number(operation.scale)
    held = c.write(operation.target)
    back = f"{source}[k] * {scale} + {center}"
    there = f"(float)(({source}[k] - {center}) / {scale})"
    c.loop(c.span(operation.target), f"{held}[k] = {back if operation.back else there};")


def _level(c: Program, operation: p.Level) -> None:
    center, scale = c.number(operation.center), c.number(operation.scale)
    mean, usual = literal(operation.mean, "double"), literal(operation.usual, "double")
    c.lines.append(f"gatelet_d_level({center}, {scale}, {mean}, {usual}, {c.write(operation.target)});")


def _quantiles(c: Program, operation: p.Quantiles) -> None:
    rows, width = c.rows(operation.source)
    source = c.read(operation.source)
    shift = f"{c.read(operation.shift)}[{'r' if rows != 1 else 0}]" if operation.shift else "0.0f"
    held = c.write(operation.target)
    places = row(source, width, rows), row(held, width, rows)
    over_rows(c, rows, f"gatelet_f_quantiles({places[0]}, {width}, {operation.median}, {shift}, {places[1]});")


def _student_t(c: Program, operation: p.StudentT) -> None:
    rows, _ = c.rows(operation.source)
    source = c.read(operation.source)
    shift = f"{c.read(operation.shift)}[{'r' if rows != 1 else 0}]" if operation.shift else "0.0f"
    held = c.write(operation.target)
    over_rows(c, rows, f"gatelet_f_student_t({row(source, 3, rows)}, {shift}, {row(held, 3, rows)});")


def _student_t_quantiles(c: Program, operation: p.StudentTQuantiles) -> None:
    series = series_of(c.plan, operation, "C").astype(np.float32)
    name = c.array(f"{operation.target}_series", series)
    levels, terms = series.shape
    rows, _ = c.rows(operation.source)
    source, held = c.read(operation.source), c.write(operation.target)
    places = f"{row(source, 3, rows)}, {row(held, levels, rows)}"
    over_rows(c, rows, f"gatelet_f_student_t_quantiles({name}, {terms}, {levels}, {places});")


def _calibrated(c: Program, operation: p.Calibrated) -> None:
    held = copied(c, operation.source, operation.target)
    rows, width = operation.offsets.shape
    offsets = c.array(f"{operation.target}_offsets", operation.offsets)
    places = row(offsets, width, rows), row(held, width, rows)
    over_rows(c, rows, f"gatelet_f_calibrate({places[0]}, {width}, {operation.median}, {places[1]});")


def _pool(c: Program, operation: p.Pool) -> None:
    if operation.over == "rows":
        _pool_rows(c, operation)
    elif operation.kind == "last":
        c.same(operation.target, operation.source)
    elif operation.kind == "max":
        size, source = c.size(operation.target), c.read(operation.source)
        type = c.types[operation.source]
        lowest = "-gatelet_infinity()" if type == "float" else "INT16_MIN"
        state = c.remember(operation.target, type, size, lowest)
        c.loop(size, f"if ({source}[k] > {state}[k]) {state}[k] = {source}[k];")
        c.remembered(operation.target, state)
    else:
        size, source = c.size(operation.target), c.read(operation.source)
        state = c.remember(f"{operation.target}_sum", "float", size, "0.0f")
        count = c.remember(f"{operation.target}_count", "float", 1, "0.0f")
        held = c.write(operation.target)
        share = c.room(f"{operation.target}_share", "float", 1)
        part = f"1.0f / {count}[0]" if operation.kind == "mean" else f"gatelet_inverse_root({count}[0])"
        c.lines += [f"{count}[0] += 1.0f;", f"{share}[0] = {part};"]
        c.loop(size, f"{state}[k] += {source}[k];")
        c.loop(size, f"{held}[k] = {state}[k] * {share}[0];")


def _pool_rows(c: Program, operation: p.Pool) -> None:
    rows, size = c.rows(operation.source)
    if operation.kind == "last":
        c.same(operation.target, operation.source, last_row(c, operation.source))
        return
    source, held = c.read(operation.source), c.write(operation.target)
    c.loop(size, f"{held}[k] = {source}[k];")
    at = f"{source}[r * {size} + k]"
    meet = f"if ({at} > {held}[k]) {held}[k] = {at};" if operation.kind == "max" else f"{held}[k] += {at};"
    if rows != 1:
        c.lines.append(f"for (r = 1; r < {rows}; r++) for (k = 0; k < {size}; k++) {meet}")
    if operation.kind == "max":
        return
    if isinstance(rows, int):
        c.loop(size, f"{held}[k] /= {literal(rows if operation.kind == 'mean' else rows**0.5)};")
    elif operation.kind == "mean":
        c.loop(size, f"{held}[k] /= (float){rows};")
    else:
        c.loop(size, f"{held}[k] /= (float)gatelet_root((double){rows});")


def _attention_pool(c: Program, operation: p.AttentionPool) -> None:
    height, width = operation.weight.shape
    arrays = {"weights": grouped(operation.weight), "biases": operation.bias, "scores": operation.score}

    def text(name: str) -> str:
        return struct_text("gatelet_f_attention", name, (width, height), arrays)

    name = c.define(f"{operation.target}_attention", text, *arrays.values())
    c.need_scratch(4 * -(-width // 4))
    source = c.read(operation.source)
    if operation.over == "steps":
        sums = c.remember(f"{operation.target}_sum", "float", width, "0.0f")
        weight = c.remember(f"{operation.target}_weight", "float", 2, "0.0f")  # and the largest score
        c.lines.append(f"gatelet_f_attend(&{name}, {source}, {sums}, {weight}, {weight} + 1, scratch);")
        held = c.write(operation.target)
    else:
        rows, _ = c.rows(operation.source)
        weight = c.room(f"{operation.target}_weight", "float", 2)
        sums = held = c.write(operation.target)
        c.loop(width, f"{sums}[k] = 0.0f;")
        c.lines.append(f"{weight}[0] = {weight}[1] = 0.0f;")
        at = row(source, width, rows)
        over_rows(c, rows, f"gatelet_f_attend(&{name}, {at}, {sums}, {weight}, {weight} + 1, scratch);")
    c.loop(width, f"{held}[k] = {sums}[k] / {weight}[0];")


WINDOWS: dict[type, Callable[[Program, Any], None]] = {
    p.AttentionPool: _attention_pool,
    p.Calibrated: _calibrated,
    p.Center: _center,
    p.Level: _level,
    p.Pool: _pool,
    p.Quantiles: _quantiles,
    p.Scale: _scale,
    p.Spread: _spread,
    p.StudentT: _student_t,
    p.StudentTQuantiles: _student_t_quantiles,
    p.Window: _window,
}
