"""Recurrent nodes of ONNX graphs as plans, beside onnx's own evaluator."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from gatelet.deploy.importing import import_file
from gatelet.errors import ModelError
from gatelet.plan import interpret

onnx = pytest.importorskip("onnx")
reference = pytest.importorskip("onnx.reference")
GATES = {"GRU": 3, "LSTM": 4, "RNN": 1}


def node(kind: str, x: str, y: str, sizes: tuple[int, int], directions: int, **settings: Any) -> tuple[Any, list[Any]]:
    rng = np.random.default_rng(len(y))
    width, hidden = sizes
    rows = GATES[kind] * hidden
    shapes = {"W": (directions, rows, width), "R": (directions, rows, hidden), "B": (directions, 2 * rows)}
    arrays = {f"{y}{name}": rng.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}
    made = onnx.helper.make_node(kind, [x, *arrays], [y], hidden_size=hidden, **settings)
    return made, [onnx.numpy_helper.from_array(array, name) for name, array in arrays.items()]


def save(file: Path, nodes: list[Any], constants: list[Any], result: str) -> Path:
    x = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, ["t", 1, 3])
    y = onnx.helper.make_tensor_value_info(result, onnx.TensorProto.FLOAT, None)
    graph = onnx.helper.make_graph(nodes, "g", [x], [y], constants)
    onnx.save(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)]), file)
    return file


def evaluated(file: Path, x: NDArray[np.float32]) -> NDArray[Any]:
    return np.asarray(reference.ReferenceEvaluator(onnx.load(file)).run(None, {"x": x})[0])


def drawn() -> NDArray[np.float32]:
    return np.random.default_rng(0).standard_normal((6, 1, 3)).astype(np.float32)


@pytest.mark.parametrize("reset", [0, 1])
def test_two_layers(tmp_path: Path, reset: int) -> None:
    first, constants = node("GRU", "x", "a", (3, 4), 1, linear_before_reset=reset)
    second, more = node("LSTM", "a1", "bb", (4, 5), 1)
    squeeze = onnx.helper.make_node("Squeeze", ["a", "axis"], ["a1"])
    axis = onnx.numpy_helper.from_array(np.array([1]), "axis")
    file = save(tmp_path / "m.onnx", [first, squeeze, second], [*constants, *more, axis], "bb")
    plan, x = import_file(file), drawn()
    found = interpret.whole(plan, [{"x": row[0]} for row in x])["y"]
    np.testing.assert_allclose(found, evaluated(file, x)[:, 0, 0], rtol=0, atol=2e-6)


@pytest.mark.parametrize(("direction", "count"), [("reverse", 1), ("bidirectional", 2)])
def test_directions(tmp_path: Path, direction: str, count: int) -> None:
    made, constants = node("LSTM", "x", "a", (3, 4), count, direction=direction)
    file = save(tmp_path / "m.onnx", [made], constants, "a")
    plan, x = import_file(file), drawn()
    found = interpret.step(plan, {"x": x[:, 0]}, interpret.start(plan))[0]["y"]
    np.testing.assert_allclose(found, evaluated(file, x)[:, :, 0].reshape(6, -1), rtol=0, atol=2e-6)


def test_what_cannot_be_said(tmp_path: Path) -> None:
    file = tmp_path / "m.onnx"
    made, constants = node("GRU", "x", "a", (3, 4), 1, clip=1.0)
    with pytest.raises(ModelError, match="clip"):
        import_file(save(file, [made], constants, "a"))
    made, _ = node("GRU", "x", "a", (3, 4), 1)
    with pytest.raises(ModelError, match="must be constants"):
        import_file(save(file, [made], [], "a"))
    with pytest.raises(ModelError, match="it has none"):
        import_file(save(file, [onnx.helper.make_node("Identity", ["x"], ["a"])], [], "a"))
    file.write_bytes(b"\x08\xff nonsense" * 9)
    with pytest.raises(ModelError, match=r"m\.onnx"):
        import_file(file)
