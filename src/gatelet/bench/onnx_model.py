"""A GRU as an ONNX model, for the libraries that read those."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gatelet.bench.problem import Floats, Problem
from gatelet.reference.onnx import exchanged

OPSET = 17


def zrh(array: Floats) -> NDArray[np.float32]:
    """Gates in ONNX's order z, r, h instead of r, z, n."""
    return exchanged("GRU", array, back=True)


def gru_model(problem: Problem) -> bytes:
    """One node, x (T, B, I) to y (T, 1, B, H)."""
    from onnx import TensorProto, helper, numpy_helper

    shape = problem.shape
    weights = {
        "W": zrh(problem.weight_ih)[None],
        "R": zrh(problem.weight_hh)[None],
        "B": np.concatenate([zrh(problem.bias_ih), zrh(problem.bias_hh)])[None],
    }
    node = helper.make_node("GRU", ["x", "W", "R", "B"], ["y"], hidden_size=shape.hidden, linear_before_reset=1)
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [shape.steps, shape.batch, shape.inputs])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [shape.steps, 1, shape.batch, shape.hidden])
    constants = [numpy_helper.from_array(array, name) for name, array in weights.items()]
    graph = helper.make_graph([node], "gru", [x], [y], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)
    return bytes(model.SerializeToString())
