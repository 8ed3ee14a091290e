"""The scale that a window gives itself, in double precision."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gatelet import plan as p
from gatelet.deploy.onnx.graph import DOUBLE, FLOAT, Graph
from gatelet.deploy.onnx.writing import Writing


def _number(g: Graph, value: float) -> str:
    return g.constant(value, np.float64)


def _seen(w: Writing, source: str) -> tuple[str, str, str]:
    """X (N, C) with 0 for what is missing, 1 for what is there (N, C), and how many are there, at least 1, (N, 1)."""
    g = w.g
    x = g.squeeze(w.read(source, DOUBLE), 2)
    missing = g.add("IsNaN", x)
    there = g.cast(g.add("Not", missing), DOUBLE)
    count = g.add("Max", g.reduce("ReduceSum", there, 1, keep=True), _number(g, 1.0))
    return g.add("Where", missing, _number(g, 0.0), x), there, count


def _center(w: Writing, operation: p.Center) -> None:
    g = w.g
    x, there, count = _seen(w, operation.source)
    if operation.kind == "mean":
        found = g.add("Div", g.reduce("ReduceSum", x, 1, keep=True), count)
    else:
        length = w.plan.shapes[operation.source][0]
        assert isinstance(length, int)
        order = g.constant(np.arange(1, length + 1), np.float64)
        places = g.add("Mul", there, order)
        last = g.reduce("ReduceMax", places, 1, keep=True)  # 0 where nothing is there, and x is 0 too
        chosen = g.cast(g.add("Equal", g.cast(order, FLOAT), g.cast(last, FLOAT)), DOUBLE)
        found = g.reduce("ReduceSum", g.add("Mul", x, chosen), 1, keep=True)
    w.values[operation.target] = g.squeeze(found, 1)


def _spread(w: Writing, operation: p.Spread) -> None:
    g, usual = w.g, operation.usual
    x, there, count = _seen(w, operation.source)
    mean = g.add("Div", g.reduce("ReduceSum", x, 1, keep=True), count)
    away = g.add("Mul", g.add("Sub", x, mean), there)
    variance = g.add("Div", g.reduce("ReduceSum", g.add("Mul", away, away), 1, keep=True), count)
    size = g.reduce("ReduceMax", g.add("Abs", x), 1, keep=True)
    least = g.add("Max", g.add("Mul", size, _number(g, 1e-3)), _number(g, 1e-6 * usual))
    least = g.add("Min", least, _number(g, 1e-2 * usual))
    w.values[operation.target] = g.squeeze(g.add("Max", g.add("Sqrt", variance), least), 1)


def _scale(w: Writing, operation: p.Scale) -> None:
    g = w.g
    axes = range(1, 1 + len(w.plan.shapes[operation.source]))
    x = w.read(operation.source, DOUBLE)
    center, scale = (g.unsqueeze(w.read(name, DOUBLE), *axes) for name in (operation.center, operation.scale))
    if operation.back:
        w.values[operation.target] = g.add("Add", g.add("Mul", x, scale), center)
    else:
        w.values[operation.target] = g.cast(g.add("Div", g.add("Sub", x, center), scale), FLOAT)


def _level(w: Writing, operation: p.Level) -> None:
    g = w.g
    center, scale = w.read(operation.center, DOUBLE), w.read(operation.scale, DOUBLE)
    place = g.add("Div", g.add("Sub", center, _number(g, operation.mean)), _number(g, operation.usual))
    width = g.add("Log", g.add("Div", scale, _number(g, operation.usual)))
    level = g.cast(g.add("Concat", g.unsqueeze(place, 1), g.unsqueeze(width, 1), axis=1), FLOAT)
    w.values[operation.target] = g.add("Min", g.add("Max", level, g.constant(-10.0)), g.constant(10.0))


WINDOWS: dict[type, Callable[[Writing, Any], None]] = {
    p.Center: _center,
    p.Level: _level,
    p.Scale: _scale,
    p.Spread: _spread,
}
