"""Recurrent nodes of an ONNX file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from gatelet import plan as p
from gatelet.deploy.comparison import compare
from gatelet.deploy.importing.stacks import Layer, stacked
from gatelet.errors import ModelError, require
from gatelet.plan import interpret
from gatelet.plan.storing import damaged
from gatelet.reference.onnx import ORDERS, from_onnx

LARGEST = 2 * 2**30
# what exporters put between two layers, changing no number
BETWEEN = {
    "Squeeze",
    "Unsqueeze",
    "Transpose",
    "Reshape",
    "Identity",
    "Dropout",
    "Constant",
    "Shape",
    "Gather",
    "Concat",
}
USUAL = {"GRU": ["Sigmoid", "Tanh"], "LSTM": ["Sigmoid", "Tanh", "Tanh"], "RNN": ["Tanh"]}


def read_onnx(path: str | Path) -> p.Plan:
    """The plan of the nodes GRU, LSTM and RNN of a graph, one layer each, compared with onnx's own evaluator.

    Other nodes before the first and after the last of them are left out; `features` names their operators.

    Raises:
        ModelError: the file is damaged, or its nodes have settings that a plan cannot say.
    """
    require("onnx", "onnx")
    import onnx
    from google.protobuf.message import DecodeError

    file = Path(path)
    try:
        if file.stat().st_size > LARGEST:
            raise ModelError(f"{file} must have at most {LARGEST} bytes; it has {file.stat().st_size}.")
        with damaged(file):
            graph = onnx.load(file, load_external_data=False).graph
            constants = _constants(onnx, graph)
            nodes, left_out = _chosen(graph)
            layers = [_layer(onnx, node, constants) for node in nodes]
            for node, layer in zip(nodes, layers, strict=True):
                _check(onnx, node, layer, constants)
            return stacked(layers, {"from": "onnx", "left_out": left_out})
    except OSError as error:
        raise ModelError(f"{file} cannot be read; {error.strerror}.") from error
    except DecodeError as error:
        raise ModelError(f"{file} must be an ONNX model; it cannot be read.") from error


def _constants(onnx: Any, graph: Any) -> dict[str, Any]:
    """Weights by name."""
    found = {}
    for tensor in graph.initializer:
        if tensor.data_location == onnx.TensorProto.EXTERNAL:
            raise ModelError(f"The weights {tensor.name!r:.80} must be in the file itself; they are in another.")
        found[tensor.name] = onnx.numpy_helper.to_array(tensor)
    for node in graph.node:
        values = [each for each in node.attribute if each.name == "value"]
        if node.op_type == "Constant" and values:
            found[node.output[0]] = onnx.numpy_helper.to_array(values[0].t)
    return found


def _chosen(graph: Any) -> tuple[list[Any], list[str]]:
    """The recurrent nodes, and the operators around them."""
    places = [number for number, node in enumerate(graph.node) if node.op_type in ORDERS]
    if not places:
        raise ModelError("The graph must have a GRU, LSTM or RNN; it has none.")
    strange = [n.op_type for n in graph.node[places[0] : places[-1]] if n.op_type not in BETWEEN | ORDERS.keys()]
    if strange:
        raise ModelError(f"Recurrent nodes must follow each other; {strange[0]!r:.80} stands between them.")
    around = [*graph.node[: places[0]], *graph.node[places[-1] + 1 :]]
    left_out = sorted({node.op_type for node in around} - BETWEEN)
    return [graph.node[number] for number in places], left_out


def _settings(onnx: Any, node: Any) -> dict[str, Any]:
    """The attributes of a node; ModelError for what a plan cannot say."""
    kind = node.op_type
    settings = {each.name: onnx.helper.get_attribute_value(each) for each in node.attribute}
    settings["direction"] = settings.get("direction", b"forward").decode()
    if settings["direction"] not in ("forward", "reverse", "bidirectional"):
        raise ModelError(f"direction of {kind} must be forward, reverse or bidirectional; it is not.")
    directions = 2 if settings["direction"] == "bidirectional" else 1
    activations = [word.decode() for word in settings.get("activations", [])]
    if activations not in ([], USUAL[kind] * directions):
        raise ModelError(f"activations of {kind} must be the usual ones; got {', '.join(activations):.80}.")
    if "clip" in settings or settings.get("input_forget"):
        raise ModelError(f"A plan cannot say {kind} with clip or input_forget.")
    if kind == "LSTM" and len(node.input) > 7 and node.input[7]:
        raise ModelError("A plan cannot say an LSTM with peepholes.")
    return settings


def _parts(node: Any, constants: dict[str, Any]) -> list[Any]:
    """W, R and perhaps B."""
    names = [name for name in node.input[1:4] if name]
    lacking = [name for name in names if name not in constants]
    if lacking or len(names) < 2:
        raise ModelError(f"The weights of {node.op_type} must be constants of the graph; they are not.")
    return [constants[name] for name in names]


def _layer(onnx: Any, node: Any, constants: dict[str, Any]) -> Layer:
    kind, settings = node.op_type, _settings(onnx, node)
    for name in node.input[5:7]:
        if name in constants and np.any(constants[name]):
            raise ModelError(f"{kind} must start from zeros; it starts from a constant.")
    extra = {"reset_after": bool(settings.get("linear_before_reset", 0))} if kind == "GRU" else {}
    return Layer(kind, from_onnx(kind, *_parts(node, constants)), extra, settings["direction"] == "reverse")


def _check(onnx: Any, node: Any, layer: Layer, constants: dict[str, Any]) -> None:
    """Compare a layer with its node, run by the evaluator of the onnx package."""
    from onnx.reference import ReferenceEvaluator

    plan = stacked([layer], {})
    width = layer.directions[0].weight_ih.shape[1]
    x = np.random.default_rng(0).standard_normal((4, 1, width)).astype(np.float32)
    alone = onnx.NodeProto()
    alone.CopyFrom(node)
    kept = [each for each in alone.attribute if each.name != "layout"]
    del alone.attribute[:], alone.input[:], alone.output[:]
    alone.attribute.extend(kept)
    names = ["x", *(name for name in node.input[1:4] if name)]
    alone.input.extend(names)
    alone.output.append("y")
    model = onnx.helper.make_graph(
        [alone],
        "node",
        [onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, x.shape)],
        [onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, None)],
        [onnx.numpy_helper.from_array(constants[name].astype(np.float32), name) for name in names[1:]],
    )
    try:
        written: Any = ReferenceEvaluator(onnx.helper.make_model(model)).run(["y"], {"x": x})
    except Exception as error:  # noqa: BLE001 - it raises what its operators raise
        reason = " ".join(str(error).split()).removesuffix(".")[:200]
        raise ModelError(
            f"The node {node.op_type} must run in the evaluator of onnx; it does not: {reason}."
        ) from error
    found = written[0][:, :, 0].reshape(len(x), -1)  # of (T, D, B, H)
    if plan.streamed:
        expected = interpret.whole(plan, [{"x": row[0]} for row in x])
    else:
        expected = interpret.step(plan, {"x": x[:, 0]}, interpret.start(plan))[0]
    compare(f"the node {node.op_type}", expected, {"y": found})
