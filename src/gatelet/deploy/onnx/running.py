"""Operations with a memory, other than cells: what they do at one step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gatelet import plan as p
from gatelet.deploy.onnx.graph import FLOAT, INT, Graph, Tensor
from gatelet.deploy.onnx.writing import Writing, batched, state_type
from gatelet.plan.operation import Operation

One = Callable[[Graph, Any, list[str], list[str]], tuple[list[str], list[str]]]


def write_running(w: Writing, operation: Operation, number: int) -> None:
    """Add the nodes of an operation to the graph, which sees one step at a time."""
    if isinstance(operation, p.Pairs) and w.steps:
        return _pairs_of_all_steps(w, operation, number)
    reads = {p.Window: None, p.Pairs: INT}.get(type(operation), FLOAT)
    items = [w.tensor(name, reads) for name in operation.inputs]
    states = [
        Tensor(name, state_type(w.plan, operation, state), batched(state.shape))
        for name, state in zip(w.states[number], w.plan.states[number], strict=True)
    ]
    written = [(w.types[name], batched(w.plan.shapes[name])) for name in operation.outputs]

    def body(g: Graph, before: list[str], read: list[str]) -> tuple[list[str], list[str]]:
        return RUNNING[type(operation)](g, operation, before, read)

    w.kept[number], found = w.over_steps(states, items, written, body)
    w.values.update(zip(operation.outputs, found, strict=True))


def _window(g: Graph, operation: p.Window, before: list[str], read: list[str]) -> tuple[list[str], list[str]]:
    row = g.add("Reshape", read[0], g.whole(0, 1, -1))  # (B, 1, F)
    rows = g.add("Concat", g.cut(before[0], 1, 2**31, 1), row, axis=1)
    return [rows], [rows]


def _pairs_of_all_steps(w: Writing, operation: p.Pairs, number: int) -> None:
    """Without a loop: OpenVINO loses the former item where a loop carries an item to the next step as it is."""
    g = w.g
    ids = w.apart(w.read(operation.source, INT), ())  # (T, B)
    before = g.add("Concat", g.unsqueeze(w.states[number][0], 0), g.cut(ids, 0, -1, 0), axis=0)
    w.values[operation.target] = w.together(pair_numbers(g, operation, before, ids), ())
    w.kept[number] = [g.squeeze(g.cut(ids, -1, 2**31, 0), 0)]


def _pairs(g: Graph, operation: p.Pairs, before: list[str], read: list[str]) -> tuple[list[str], list[str]]:
    return [read[0]], [pair_numbers(g, operation, before[0], read[0])]


def pair_numbers(g: Graph, operation: p.Pairs, before: str, after: str) -> str:
    """(before * spread + after) mod buckets, none of it longer than 31 bits, which is all that OpenVINO has.

    `before` is taken apart into digits of 7 bits, and buckets are at most 2^24.
    """
    buckets, base = g.constant(operation.buckets, np.int64), g.constant(128, np.int64)
    total, rest, factor = after, before, operation.spread % operation.buckets
    for place in range(4):
        digit = g.add("Mod", rest, base) if place < 3 else rest
        product = g.add("Mul", digit, g.constant(factor, np.int64))
        total = g.add("Add", total, g.add("Mod", product, buckets))
        rest = g.add("Div", g.add("Sub", rest, digit), base) if place < 3 else rest
        factor = factor * 128 % operation.buckets
    return g.add("Mod", total, buckets)


def _pool(g: Graph, operation: p.Pool, before: list[str], read: list[str]) -> tuple[list[str], list[str]]:
    if operation.kind == "last":
        return [], [g.add("Identity", read[0])]
    if operation.kind == "max":
        largest = g.add("Max", before[0], read[0])
        return [largest], [largest]
    total, count = g.add("Add", before[0], read[0]), g.add("Add", before[1], g.constant(1.0))
    share = count if operation.kind == "mean" else g.add("Sqrt", count)
    return [total, count], [g.add("Div", total, g.unsqueeze(share, 1))]


def scores_of(g: Graph, operation: p.AttentionPool, y: str) -> str:
    """V . tanh(W y + b), one number of each row."""
    joined = g.add("Add", g.add("MatMul", y, g.constant(operation.weight.T)), g.constant(operation.bias))
    return g.squeeze(g.add("MatMul", g.add("Tanh", joined), g.constant(operation.score[:, None])), -1)


def _attention_pool(
    g: Graph, operation: p.AttentionPool, before: list[str], read: list[str]
) -> tuple[list[str], list[str]]:
    total, weight, peak = before
    score = scores_of(g, operation, read[0])  # (B,)
    highest = g.add("Max", peak, score)
    share, shrink = g.add("Exp", g.add("Sub", score, highest)), g.add("Exp", g.add("Sub", peak, highest))
    former, fresh = g.add("Mul", total, g.unsqueeze(shrink, 1)), g.add("Mul", read[0], g.unsqueeze(share, 1))
    total, weight = g.add("Add", former, fresh), g.add("Add", g.add("Mul", weight, shrink), share)
    return [total, weight, highest], [g.add("Div", total, g.unsqueeze(weight, 1))]


def _ctc(g: Graph, operation: p.CTCGreedy, before: list[str], read: list[str]) -> tuple[list[str], list[str]]:
    best = g.add("ArgMax", read[0], axis=1, keepdims=0)
    blank = g.add("Equal", best, g.constant(operation.blank, np.int64))
    silent = g.add("Or", blank, g.add("Equal", best, before[0]))
    return [best], [g.add("Where", silent, g.constant(-1, np.int64), best)]


def _attention(g: Graph, operation: p.Attention, before: list[str], read: list[str]) -> tuple[list[str], list[str]]:
    query, memory, keys = read
    if operation.weight is None or operation.bias is None or operation.score is None:
        scores = g.squeeze(g.add("MatMul", keys, g.unsqueeze(query, 2)), 2)  # (B, S)
    else:
        asked = g.add("Add", g.add("MatMul", query, g.constant(operation.weight.T)), g.constant(operation.bias))
        joined = g.add("Add", g.unsqueeze(asked, 1), keys)  # (B, S, K)
        if operation.covered is not None:
            met = g.add("Mul", g.unsqueeze(before[0], 2), g.constant(operation.covered))
            joined = g.add("Add", joined, met)
        scores = g.squeeze(g.add("MatMul", g.add("Tanh", joined), g.constant(operation.score[:, None])), 2)
    weights = g.add("Softmax", scores, axis=1)
    context = g.squeeze(g.add("MatMul", g.unsqueeze(weights, 1), memory), 1)
    return [g.add("Add", state, weights) for state in before], [context, weights]


def _remaining(g: Graph, operation: p.Remaining, before: list[str], read: list[str]) -> tuple[list[str], list[str]]:
    kept = g.add("Mul", before[0], read[1])
    return [kept], [g.add("Mul", kept, read[0])]


RUNNING: dict[type, One] = {
    p.Attention: _attention,
    p.AttentionPool: _attention_pool,
    p.CTCGreedy: _ctc,
    p.Pairs: _pairs,
    p.Pool: _pool,
    p.Remaining: _remaining,
    p.Window: _window,
}
