"""The node tests that the onnx package carries, run through the reference."""

from __future__ import annotations

import importlib
from functools import partial
from typing import Any

import numpy as np
import pytest

from gatelet.reference import gru, lstm, rnn, stacked
from gatelet.reference.onnx import from_onnx

pytest.importorskip("onnx", reason="onnx is not installed.")
NODES = "onnx.backend.test.case.node"
for operator in ("gru", "lstm", "rnn"):
    importlib.import_module(f"{NODES}.{operator}")  # which adds its cases to the list

# our LSTM has no peepholes
CASES = [case for case in importlib.import_module(NODES)._NodeTestCases if "peephole" not in case.name]
INPUTS = ("X", "W", "R", "B", "sequence_lens", "initial_h", "initial_c")


def run(node: Any, inputs: list[np.ndarray]) -> tuple[np.ndarray, ...]:
    """Y, Y_h and of an LSTM Y_c, as the node lays them out."""
    from onnx.helper import get_attribute_value

    options = {attribute.name: get_attribute_value(attribute) for attribute in node.attribute}
    given = dict(zip((name for name, there in zip(INPUTS, node.input, strict=False) if there), inputs, strict=True))
    batch_first, direction = options.get("layout", 0) == 1, options.get("direction", b"forward").decode()
    weights = from_onnx(node.op_type, given["W"], given["R"], given.get("B"))
    x = np.asarray(given["X"], np.float64)
    x = x.swapaxes(0, 1) if batch_first else x
    cell: Any = {"GRU": gru.forward, "LSTM": lstm.forward, "RNN": rnn.forward}[node.op_type]
    if node.op_type == "GRU":
        cell = partial(cell, reset_after=bool(options.get("linear_before_reset", 0)))
    zeros = np.zeros((len(weights), x.shape[1], options["hidden_size"]))
    first: list[np.ndarray] = []
    for name in ("initial_h", "initial_c"):
        state = np.asarray(given.get(name, zeros), np.float64)
        first.append(state.swapaxes(0, 1) if batch_first and name in given else state)
    y, last, _ = stacked.forward(
        cell,
        x[::-1] if direction == "reverse" else x,
        (first[0], first[1]) if node.op_type == "LSTM" else first[0],
        weights,
        bidirectional=direction == "bidirectional",
        lengths=given.get("sequence_lens"),  # type: ignore[arg-type]
    )
    y = y[::-1] if direction == "reverse" else y
    y = y.reshape(*y.shape[:2], len(weights), -1)  # (T, B, D, H)
    states = last if isinstance(last, tuple) else (last,)
    if batch_first:
        return y.swapaxes(0, 1), *(state.swapaxes(0, 1) for state in states)
    return y.swapaxes(1, 2), *states


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_nodes(case: Any) -> None:
    (node,) = case.model.graph.node
    for inputs, outputs in case.data_sets:
        found = [array for array, name in zip(run(node, inputs), node.output, strict=False) if name]
        assert len(found) == len(outputs)
        for one, expected in zip(found, outputs, strict=True):
            assert one.shape == expected.shape
            np.testing.assert_allclose(one, expected, rtol=1e-5, atol=1e-6)


def test_there_are_nodes_of_each_kind() -> None:
    assert {case.model.graph.node[0].op_type for case in CASES} == {"GRU", "LSTM", "RNN"}
