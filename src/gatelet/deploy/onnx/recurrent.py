"""Cells as the operators GRU, LSTM and RNN, or as loops over basic operators where those cannot say it."""

from __future__ import annotations

from typing import Any

import numpy as np

from gatelet import plan as p
from gatelet.deploy.onnx.cells import step
from gatelet.deploy.onnx.graph import FLOAT, Graph, Tensor
from gatelet.deploy.onnx.writing import Writing
from gatelet.reference.onnx import exchanged


def write_cell(w: Writing, cell: p.Recurrent, number: int) -> None:
    """Add the nodes of a cell to the graph."""
    {"steps": _steps, "rows": _rows, "each": _each}[cell.over](w, cell, number)


def _steps(w: Writing, cell: p.Recurrent, number: int) -> None:
    g, size = w.g, cell.hidden_size
    x = w.read(cell.source)
    x = w.apart(x, (cell.weight_ih.shape[1],)) if w.steps else g.unsqueeze(x, 0)  # (T, B, I)
    states, keep = w.states[number][: cell.states], ""
    if cell.start or cell.restart:
        counter = w.states[number][-1]  # (B,)
        if cell.start:
            begins = g.unsqueeze(g.add("Equal", counter, g.constant(0, np.int64)), 1)
            first = [_first_step(w, name, size) for name in cell.start]
            states = [g.add("Where", begins, a, b) for a, b in zip(first, states, strict=True)]
        keep, following = _counted(w, cell, counter)
        w.kept[number].append(following)
    written, last = _sequence(g, cell, x, states, keep, single=not w.steps, cells=len(cell.outputs) > 1)
    for name, value in zip(cell.outputs, written, strict=False):
        w.values[name] = w.together(value, (size,)) if w.steps else g.squeeze(value, 0)
    w.kept[number] = [*last, *w.kept[number]]


def _first_step(w: Writing, name: str, size: int) -> str:
    """What a value (H,) is at the first of the steps, (B, H)."""
    value = w.read(name)
    return w.g.squeeze(w.g.cut(w.apart(value, (size,)), 0, 1, 0), 0) if w.steps else value


def _counted(w: Writing, cell: p.Recurrent, counter: str) -> tuple[str, str]:
    """0 where the state is zero again, else 1, (T, B, 1), or "" for never; and the counter after all steps (B,)."""
    g, one = w.g, w.g.constant(1, np.int64)
    if not cell.restart:
        return "", g.add("Add", g.add("Mul", counter, g.constant(0, np.int64)), one)
    length = g.constant(cell.restart, np.int64)
    total = g.squeeze(w.steps, 0) if w.steps else one
    behind = g.unsqueeze(g.add("Range", g.constant(0, np.int64), total, one), 1)
    place = g.add("Add", behind, g.unsqueeze(counter, 0))  # (T, B)
    begins = g.add("Equal", g.add("Mod", place, length), g.constant(0, np.int64))
    cleared = g.add("And", begins, g.add("Greater", place, g.constant(0, np.int64)))
    last = g.add("Mod", g.add("Sub", g.add("Add", counter, total), one), length)
    return g.unsqueeze(g.cast(g.add("Not", cleared), FLOAT), 2), g.add("Add", last, one)


def _rows(w: Writing, cell: p.Recurrent, number: int) -> None:
    g = w.g
    x = g.add("Transpose", w.read(cell.source), perm=[1, 0, 2])  # (R, N, I)
    states = [w.read(name) for name in cell.start]
    keep = _stretches(g, cell, x) if cell.restart else ""
    whole = _cells_wanted(w, cell)
    written, last = _sequence(g, cell, x, states, keep, single=False, cells=whole)
    if len(cell.outputs) > 1 and not whole:
        written.append(g.unsqueeze(last[1], 0))  # only the last row of c is ever read
    for name, value in zip(cell.outputs, written, strict=False):
        w.values[name] = g.add("Transpose", value, perm=[1, 0, 2])


def _cells_wanted(w: Writing, cell: p.Recurrent) -> bool:
    """Whether the states c of an LSTM are read anywhere but in the last row."""
    if not isinstance(cell, p.LSTM) or not cell.cell:
        return False
    readers = [each for each in w.plan.operations if cell.cell in each.inputs]
    told = any(value.name == cell.cell for value in w.plan.outputs)
    return told or cell.reverse or not all(isinstance(each, p.Row) and each.last for each in readers)


def _stretches(g: Graph, cell: p.Recurrent, x: str) -> str:
    """0 for the rows at which a stretch begins, in the order in which the cell reads it, else 1: (R, 1, 1)."""
    one, length = g.constant(1, np.int64), g.constant(cell.restart, np.int64)
    count = g.squeeze(g.size(x, 0), 0)
    place = g.add("Range", g.constant(0, np.int64), count, one)
    first = g.constant(0, np.int64)
    if cell.reverse:
        begins = g.add("Equal", g.add("Mod", g.add("Add", place, one), length), first)
        edge = g.add("Equal", place, g.add("Sub", count, one))
    else:
        begins, edge = g.add("Equal", g.add("Mod", place, length), first), g.add("Equal", place, first)
    return g.unsqueeze(g.cast(g.add("Or", g.add("Not", begins), edge), FLOAT), 1, 2)


def _each(w: Writing, cell: p.Recurrent, number: int) -> None:
    g, source = w.g, w.read(cell.source)
    rows, (height, width) = w.plan.shapes[cell.source][0], cell.weight_ih.shape
    count = g.whole(rows) if isinstance(rows, int) else g.size(source, 1)
    size = height // cell.gates
    x = g.add("Reshape", source, g.whole(1, -1, width))  # (1, N * R, I)
    lead = g.add("Concat", g.size(source, 0), count, g.whole(size), axis=0)
    states = []
    for name in cell.start:
        repeated = g.add("Expand", g.unsqueeze(w.read(name), 1), lead)
        states.append(g.add("Reshape", repeated, g.whole(-1, size)))
    written, _ = _sequence(g, cell, x, states, "", single=True, cells=len(cell.outputs) > 1)
    for name, value in zip(cell.outputs, written, strict=False):
        w.values[name] = g.add("Reshape", value, lead)


def _sequence(
    g: Graph, cell: p.Recurrent, x: str, states: list[str], keep: str, *, single: bool, cells: bool
) -> tuple[list[str], list[str]]:
    """All states (T, B, H) and the last ones (B, H).

    Args:
        g: where to.
        cell: its weights.
        x: (T, B, I).
        states: (B, H) each, or none for zeros.
        keep: (T, B or 1, 1), 0 before which the state is zero; "" for none.
        single: T is 1.
        cells: all states c of an LSTM are wanted, too.
    """
    if single and keep:
        at = g.squeeze(keep, 0)
        states, keep = [g.add("Mul", state, at) for state in states], ""
    plain = getattr(cell, "layer_norm_ih", None) is None
    if isinstance(cell, p.GRU | p.LSTM | p.RNN) and plain and not keep and (single or not cells):
        return _operator(g, cell, x, states)
    states = states or _zeros(g, cell, x)
    if single:
        last = step(g, cell, g.squeeze(x, 0), states)
        return [g.unsqueeze(state, 0) for state in last], last
    return _loop(g, cell, x, states, keep)


def _operator(g: Graph, cell: p.Recurrent, x: str, states: list[str]) -> tuple[list[str], list[str]]:
    """One node of ONNX."""
    kind = type(cell).__name__
    biases = np.concatenate([exchanged(kind, part, back=True) for part in (cell.bias_ih, cell.bias_hh)])
    parts = [exchanged(kind, part, back=True) for part in (cell.weight_ih, cell.whole_weight_hh)]
    settings: dict[str, Any] = {"hidden_size": cell.hidden_size}
    if cell.reverse:
        settings["direction"] = "reverse"
    if isinstance(cell, p.GRU):
        settings["linear_before_reset"] = int(cell.reset_after)
    inputs = [x, *(g.constant(part[None]) for part in (*parts, biases))]
    if states:
        inputs += ["", *(g.unsqueeze(state, 0) for state in states)]
    found = g.several(kind, *inputs, results=1 + cell.states, **settings)
    written, last = g.squeeze(found[0], 1), [g.squeeze(name, 0) for name in found[1:]]
    return [written, *(g.unsqueeze(state, 0) for state in last[1:])], last


def _zeros(g: Graph, cell: p.Recurrent, x: str) -> list[str]:
    shape = g.add("Concat", g.size(x, 1), g.whole(cell.hidden_size), axis=0)
    return [g.add("Expand", g.constant(0.0), shape)] * cell.states


def _loop(g: Graph, cell: p.Recurrent, x: str, states: list[str], keep: str) -> tuple[list[str], list[str]]:
    """A Scan over basic operators."""
    items = [Tensor(name, FLOAT, axes) for name, axes in ((x, ("batch", "width")), (keep, ("some", 1))) if name]
    if cell.reverse:
        items = [item._replace(name=g.flip(item.name, 0)) for item in items]
    axes = ("batch", cell.hidden_size)

    def body(inner: Graph, before: list[str], read: list[str]) -> tuple[list[str], list[str]]:
        if keep:
            before = [inner.add("Mul", state, read[1]) for state in before]
        after = step(inner, cell, read[0], before)
        return after, after

    carried = [Tensor(state, FLOAT, axes) for state in states]
    last, written = g.scan(carried, items, [(FLOAT, axes)] * cell.states, body)
    return [g.flip(name, 0) for name in written] if cell.reverse else written, last
