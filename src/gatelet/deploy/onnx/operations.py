"""Operations without a memory, as nodes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gatelet import plan as p
from gatelet.deploy.onnx.cells import normalised
from gatelet.deploy.onnx.graph import DOUBLE, FLOAT, INT, Graph
from gatelet.deploy.onnx.running import pair_numbers, scores_of
from gatelet.deploy.onnx.windows import WINDOWS
from gatelet.deploy.onnx.writing import Writing
from gatelet.deploy.student_t import series_of
from gatelet.plan.operation import Operation
from gatelet.plan.student_t import LEAST_FREEDOM
from gatelet.plan.values import Shape


def write_operation(w: Writing, operation: Operation) -> None:
    """Add the nodes of an operation that remembers nothing to the graph."""
    (WINDOWS | OPERATIONS)[type(operation)](w, operation)


def activated(g: Graph, function: str, x: str) -> str:
    """f(x)."""
    if function == "softplus":
        # log(1 + exp(x)) that neither overflows nor loses small numbers
        size = g.add("Neg", g.add("Abs", x))
        return g.add("Add", g.add("Relu", x), g.add("Log", g.add("Add", g.add("Exp", size), g.constant(1.0))))
    word = {"linear": "Identity", "relu": "Relu", "tanh": "Tanh", "sigmoid": "Sigmoid"}[function]
    return g.add(word, x)


def _activation(w: Writing, operation: p.Activation) -> None:
    w.values[operation.target] = activated(w.g, operation.function, w.read(operation.source))


def _dense(w: Writing, operation: p.Dense) -> None:
    y = w.g.add("MatMul", w.read(operation.source), w.g.constant(operation.weight.T))
    if operation.bias is not None:
        y = w.g.add("Add", y, w.g.constant(operation.bias))
    w.values[operation.target] = activated(w.g, operation.activation, y)


def _embedding(w: Writing, operation: p.Embedding) -> None:
    g, none = w.g, w.g.constant(0, np.int64)
    at = w.read(operation.source, INT)
    missing = g.add("Less", at, none)
    real = g.cast(g.add("Not", missing), FLOAT)
    found = g.add("Gather", g.constant(operation.table), g.add("Where", missing, none, at))
    vectors = g.add("Mul", found, g.unsqueeze(real, -1))
    if operation.mean:
        count = g.add("Max", g.reduce("ReduceSum", real, -1, keep=True), g.constant(1.0))
        vectors = g.add("Div", g.reduce("ReduceSum", vectors, -2), count)
    w.values[operation.target] = vectors


def _concatenate(w: Writing, operation: p.Concatenate) -> None:
    g = w.g
    shapes = [w.plan.shapes[name] for name in operation.sources]
    parts = [w.read(name) for name in operation.sources]
    parts = [part if shape else g.unsqueeze(part, 1) for part, shape in zip(parts, shapes, strict=True)]
    wide = [part for part, shape in zip(parts, shapes, strict=True) if len(shape) == 2]
    if wide:
        lead = g.add("Concat", g.whole(1), g.size(wide[0], 1), g.whole(1), axis=0)
        parts = [
            part if len(shape) == 2 else g.add("Expand", g.unsqueeze(part, 1), lead)
            for part, shape in zip(parts, shapes, strict=True)
        ]
    w.values[operation.target] = g.add("Concat", *parts, axis=-1)


def _add(w: Writing, operation: p.Add) -> None:
    g, most = w.g, len(w.plan.shapes[operation.target])
    total = ""
    for name in operation.sources:
        lacking = most - len(w.plan.shapes[name])
        part = g.unsqueeze(w.read(name), *range(1, 1 + lacking))
        total = g.add("Add", total, part) if total else part
    if operation.constant is not None:
        total = g.add("Add", total, g.constant(operation.constant))
    w.values[operation.target] = total if len(operation.sources) > 1 else g.add("Identity", total)


def _sizes(shape: Shape) -> tuple[int, int]:
    rows, width = shape
    assert isinstance(rows, int) and isinstance(width, int)
    return rows, width


def _segments(w: Writing, operation: p.Segments) -> None:
    g, source = w.g, w.read(operation.source)
    rows, width = _sizes(w.plan.shapes[operation.source])
    lacking = -rows % operation.length
    if lacking:
        source = g.add("Pad", source, g.whole(0, 0, 0, 0, lacking, 0))
    count = (rows + lacking) // operation.length
    w.values[operation.target] = g.add("Reshape", source, g.whole(0, count, operation.length * width))


def _split(w: Writing, operation: p.Split) -> None:
    g = w.g
    rows, width = _sizes(w.plan.shapes[operation.source])
    short = g.add("Reshape", w.read(operation.source), g.whole(0, rows * width // operation.width, operation.width))
    w.values[operation.target] = g.cut(short, 0, operation.kept, 1)


def _row(w: Writing, operation: p.Row) -> None:
    at = w.g.constant(-1 if operation.last else 0, np.int64)
    w.values[operation.target] = w.g.add("Gather", w.read(operation.source), at, axis=1)


def _layer_norm(w: Writing, operation: p.LayerNorm) -> None:
    x = w.read(operation.source)
    w.values[operation.target] = normalised(w.g, x, operation.epsilon, operation.gain, operation.bias)


def _softmax(w: Writing, operation: p.Softmax) -> None:
    g, x = w.g, w.read(operation.source)
    if operation.barred:
        size = w.plan.shapes[operation.source][-1]
        assert isinstance(size, int)
        x = g.add("Add", x, g.constant(np.where(np.arange(size) < operation.barred, -np.inf, 0.0)))
    if operation.logarithm:
        shifted = g.add("Sub", x, g.reduce("ReduceMax", x, -1, keep=True))
        total = g.reduce("ReduceSum", g.add("Exp", shifted), -1, keep=True)
        w.values[operation.target] = g.add("Sub", shifted, g.add("Log", total))
    else:
        w.values[operation.target] = g.add("Softmax", x, axis=-1)


def _pool(w: Writing, operation: p.Pool) -> None:
    g, rows = w.g, w.read(operation.source)
    if operation.kind == "last":
        found = g.add("Gather", rows, g.constant(-1, np.int64), axis=1)
    elif operation.kind == "max":
        found = g.reduce("ReduceMax", rows, 1)
    else:
        count = g.cast(g.size(rows, 1), FLOAT)
        share = count if operation.kind == "mean" else g.add("Sqrt", count)
        found = g.add("Div", g.reduce("ReduceSum", rows, 1), share)
    w.values[operation.target] = found


def _attention_pool(w: Writing, operation: p.AttentionPool) -> None:
    g, rows = w.g, w.read(operation.source)
    weights = g.add("Softmax", scores_of(g, operation, rows), axis=1)  # (N, R)
    w.values[operation.target] = g.squeeze(g.add("MatMul", g.unsqueeze(weights, 1), rows), 1)


def _pairs(w: Writing, operation: p.Pairs) -> None:
    g, ids = w.g, w.read(operation.source, INT)  # (N, R)
    first = g.add("Expand", g.constant([[operation.first]], np.int64), _lead(g, ids))
    before = g.add("Concat", first, g.cut(ids, 0, -1, 1), axis=1)
    w.values[operation.target] = pair_numbers(g, operation, before, ids)


def _lead(g: Graph, source: str) -> str:
    return g.add("Concat", g.size(source, 0), g.whole(1), axis=0)


def _quantiles(w: Writing, operation: p.Quantiles) -> None:
    g, m = w.g, operation.median
    a = w.read(operation.source)  # (N, R, Q)
    count = w.plan.shapes[operation.source][1]
    assert isinstance(count, int)
    middle = g.cut(a, m, m + 1, 2)
    if operation.shift:
        middle = g.add("Add", middle, g.unsqueeze(w.read(operation.shift), 2))
    away = activated(g, "softplus", g.add("Sub", a, g.constant(2.0)))
    k, j = np.indices((count, count))
    # which steps, up or down, lie between the median and each quantile
    passed = ((m < k) & (k <= j)).astype(np.float32) - ((j <= k) & (k < m)).astype(np.float32)
    w.values[operation.target] = g.add("Add", middle, g.add("MatMul", away, g.constant(passed)))


def _calibrated(w: Writing, operation: p.Calibrated) -> None:
    g, m = w.g, operation.median
    moved = g.add("Add", w.read(operation.source), g.constant(operation.offsets))
    columns = [g.cut(moved, k, k + 1, 2) for k in range(operation.offsets.shape[1])]
    for k in range(m + 1, len(columns)):
        columns[k] = g.add("Max", columns[k - 1], columns[k])
    for k in reversed(range(m)):
        columns[k] = g.add("Min", columns[k + 1], columns[k])
    w.values[operation.target] = g.add("Concat", *columns, axis=2)


def _student_t(w: Writing, operation: p.StudentT) -> None:
    g, a = w.g, w.read(operation.source)  # (N, R, 3)
    place, width, freedom = (g.cut(a, k, k + 1, 2) for k in range(3))
    if operation.shift:
        place = g.add("Add", place, g.unsqueeze(w.read(operation.shift), 2))
    width = activated(g, "softplus", g.add("Add", width, g.constant(0.5413)))
    freedom = activated(g, "softplus", g.add("Add", freedom, g.constant(6.0)))
    parts = [place, g.add("Add", width, g.constant(1e-4)), g.add("Add", freedom, g.constant(2.1))]
    w.values[operation.target] = g.add("Concat", *parts, axis=2)


def _student_t_quantiles(w: Writing, operation: p.StudentTQuantiles) -> None:
    g, a = w.g, w.read(operation.source)  # (N, R, 3)
    series = series_of(w.plan, operation, "ONNX")  # (Q, K)
    place, width, freedom = (g.cut(a, k, k + 1, 2) for k in range(3))
    u = g.add("Sub", g.add("Div", g.constant(2.0 * LEAST_FREEDOM), freedom), g.constant(1.0))
    twice = g.add("Add", u, u)
    found = [u, g.add("Sub", g.add("Mul", twice, u), g.constant(1.0))]  # Chebyshev's T_1, T_2, ...
    while len(found) < series.shape[1] - 1:
        found.append(g.add("Sub", g.add("Mul", twice, found[-1]), found[-2]))
    away = g.add("MatMul", g.add("Concat", *found, axis=2), g.constant(series[:, 1:].T))
    away = g.add("Add", away, g.constant(series[:, 0]))
    w.values[operation.target] = g.add("Add", place, g.add("Mul", width, away))


def _standardize(w: Writing, operation: p.Standardize) -> None:
    g, mean, scale = w.g, operation.mean.astype(np.float64), operation.scale.astype(np.float64)
    moved = g.add("Sub", w.read(operation.source, DOUBLE), g.constant(mean, np.float64))
    w.values[operation.target] = g.cast(g.add("Div", moved, g.constant(scale, np.float64)), FLOAT)


def _observed(w: Writing, operation: p.Observed) -> None:
    w.values[operation.target] = w.g.cast(w.g.add("Not", w.g.add("IsNaN", w.read(operation.source))), FLOAT)


def _filled(w: Writing, operation: p.Filled) -> None:
    g, x = w.g, w.read(operation.source)
    w.values[operation.target] = g.add("Where", g.add("IsNaN", x), g.constant(0.0), x)


OPERATIONS: dict[type, Callable[[Writing, Any], None]] = {
    p.Activation: _activation,
    p.Add: _add,
    p.AttentionPool: _attention_pool,
    p.Calibrated: _calibrated,
    p.Concatenate: _concatenate,
    p.Dense: _dense,
    p.Embedding: _embedding,
    p.Filled: _filled,
    p.LayerNorm: _layer_norm,
    p.Observed: _observed,
    p.Pairs: _pairs,
    p.Pool: _pool,
    p.Quantiles: _quantiles,
    p.Row: _row,
    p.Segments: _segments,
    p.Softmax: _softmax,
    p.Split: _split,
    p.Standardize: _standardize,
    p.StudentT: _student_t,
    p.StudentTQuantiles: _student_t_quantiles,
}
