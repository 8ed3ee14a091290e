"""Plans as ONNX models."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from onnx import checker, defs, helper

from gatelet import plan as p
from gatelet.deploy.onnx.graph import Axes, Graph, Tensor, info
from gatelet.deploy.onnx.operations import OPERATIONS, write_operation
from gatelet.deploy.onnx.recurrent import write_cell
from gatelet.deploy.onnx.running import RUNNING, write_running
from gatelet.deploy.onnx.sound import write_log_mel
from gatelet.deploy.onnx.windows import WINDOWS
from gatelet.deploy.onnx.writing import Writing, batched, state_type, value_types
from gatelet.deploy.student_t import series_of
from gatelet.errors import ExportError
from gatelet.plan.operation import Operation
from gatelet.plan.values import Shape

LEAST_OPSET, USUAL_OPSET, MOST_OPSET = 14, 17, 23


@dataclass(frozen=True)
class StateNames:
    """Under which names a model reads and writes a state.

    Attributes:
        read: name of the input.
        written: name of the output, which the next call reads.
        type: of its elements, as ONNX numbers them.
        axes: its own, behind that of the batch.
        first: what it holds before the first step.
    """

    read: str
    written: str
    type: int
    axes: Axes
    first: float


def check_opset(opset: int) -> None:
    """Raise ExportError unless models can be written in this version of the operators."""
    most = min(MOST_OPSET, defs.onnx_opset_version())
    if not LEAST_OPSET <= opset <= most:
        raise ExportError(f"The opset must be a whole number from {LEAST_OPSET} to {most}; got {opset}.")


def check_plan(plan: p.Plan) -> None:
    """Raise ExportError if an operation has no exact counterpart in ONNX."""
    for operation in plan.operations:
        kind = type(operation)
        if isinstance(operation, p.StudentTQuantiles):
            series_of(plan, operation, "ONNX")
        if kind.__name__.startswith("Integer") or kind in (p.Quantize, p.Dequantize):
            raise ExportError("Integers cannot be exported to ONNX; export the model that they were quantized from.")
        known = (
            isinstance(operation, p.Recurrent | p.Delay | p.LogMel)
            or kind in OPERATIONS
            or kind in WINDOWS
            or kind in RUNNING
        )
        if not known:
            raise ExportError(f"{kind.__name__} cannot be exported to ONNX: no counterpart has been written.")


def state_names(plan: p.Plan) -> list[list[StateNames]]:
    """For each operation the names of its states."""
    return [
        [
            StateNames(
                f"state.{operation.outputs[0]}.{state.name}",
                f"next.{operation.outputs[0]}.{state.name}",
                state_type(plan, operation, state),
                state.shape,
                state.first,
            )
            for state in each
        ]
        for operation, each in zip(plan.operations, plan.states, strict=True)
    ]


def sequence_model(plan: p.Plan, opset: int = USUAL_OPSET) -> Any:
    """Many steps at once: inputs and outputs (time, batch, ...), states (batch, ...) before and after.

    Where a step of the plan is a whole sequence, inputs whose first axis is "time" are (time, batch, ...), the others
    (batch, ...).
    """
    g = Graph(opset)
    states = state_names(plan)
    if not plan.streamed:
        values = {value.name: _turned(g, value.name, value.shape) for value in plan.inputs}
        w = _written(plan, g, values, states)
        results = {value.name: _turned(g, w.values[value.name], value.shape) for value in plan.outputs}
        kept = [name for each in w.kept for name in each]
        return _model(plan, g, [(value, _axes(value.shape)) for value in plan.inputs], results, kept, "sequence")
    lead: Axes = ("time", "batch")
    inputs = [(value, (*lead, *value.shape)) for value in plan.inputs]
    if any(isinstance(operation, p.Delay) for operation in plan.operations):
        kept, found = _looped(plan, g, states)
        results = dict(zip((value.name for value in plan.outputs), found, strict=True))
        return _model(plan, g, inputs, results, kept, "sequence")
    first = plan.inputs[0].name
    w = Writing(plan, g, [[state.read for state in each] for each in states], g.size(first, 0))
    w.values = {value.name: w.together(value.name, value.shape) for value in plan.inputs}
    _write(w)
    batch = g.size(first, 1)
    results = {v.name: g.reshape(w.values[v.name], [w.steps, batch], v.shape, 1) for v in plan.outputs}
    return _model(plan, g, inputs, results, [name for each in w.kept for name in each], "sequence")


def step_model(plan: p.Plan, opset: int = USUAL_OPSET) -> Any:
    """One step: inputs, outputs and states (batch, ...)."""
    g = Graph(opset)
    w = _written(plan, g, {value.name: value.name for value in plan.inputs}, state_names(plan))
    results = {value.name: w.values[value.name] for value in plan.outputs}
    kept = [name for each in w.kept for name in each]
    return _model(plan, g, [(value, batched(value.shape)) for value in plan.inputs], results, kept, "step")


def _written(plan: p.Plan, g: Graph, values: dict[str, str], states: list[list[StateNames]]) -> Writing:
    w = Writing(plan, g, [[state.read for state in each] for each in states])
    w.values = values
    _write(w)
    return w


def _write(w: Writing) -> None:
    """All operations of a plan, whose inputs have their names already."""
    for number, operation in enumerate(w.plan.operations):
        if isinstance(operation, p.Delay):
            w.values[operation.target] = w.states[number][0]
        elif isinstance(operation, p.Recurrent):
            write_cell(w, operation, number)
        elif isinstance(operation, p.LogMel):
            write_log_mel(w, operation, number)
        elif _running(operation):
            write_running(w, operation, number)
        else:
            write_operation(w, operation)
    for number, operation in enumerate(w.plan.operations):
        if isinstance(operation, p.Delay):
            w.kept[number] = [w.read(operation.source)]


def _running(operation: Operation) -> bool:
    """Whether an operation sees one step after the other."""
    return type(operation) in RUNNING and getattr(operation, "over", "steps") == "steps"


def _looped(plan: p.Plan, g: Graph, states: list[list[StateNames]]) -> tuple[list[str], list[str]]:
    """The whole plan as the body of a loop: what a step writes is read by the next."""
    types = value_types(plan)

    def body(inner: Graph, before: list[str], read: list[str]) -> tuple[list[str], list[str]]:
        names = iter(before)
        w = Writing(plan, inner, [[next(names) for _ in each] for each in states])
        w.values = dict(zip((value.name for value in plan.inputs), read, strict=True))
        _write(w)
        return [name for each in w.kept for name in each], [w.values[value.name] for value in plan.outputs]

    carried = [Tensor(state.read, state.type, batched(state.axes)) for each in states for state in each]
    items = [Tensor(value.name, types[value.name], batched(value.shape)) for value in plan.inputs]
    return g.scan(carried, items, [(types[value.name], batched(value.shape)) for value in plan.outputs], body)


def _turned(g: Graph, name: str, shape: Shape) -> str:
    """(time, batch, ...) from or to (batch, time, ...), if there is a time."""
    if shape[:1] != ("time",):
        return name
    return g.add("Transpose", name, perm=[1, 0, *range(2, len(shape) + 1)])


def _axes(shape: Shape) -> Axes:
    return ("time", "batch", *shape[1:]) if shape[:1] == ("time",) else batched(shape)


def _model(
    plan: p.Plan, g: Graph, inputs: list[tuple[p.Value, Axes]], results: dict[str, str], kept: list[str], form: str
) -> Any:
    types = value_types(plan)
    states = [state for each in state_names(plan) for state in each]
    outputs = []
    for value in plan.outputs:
        g.bind(results[value.name], value.name)
        many = form == "sequence" and plan.streamed
        axes = ("time", "batch", *value.shape) if many else _axes(value.shape) if form == "sequence" else None
        outputs.append(info(value.name, types[value.name], axes or batched(value.shape)))
    for state, name in zip(states, kept, strict=True):
        g.bind(name, state.written)
        outputs.append(info(state.written, state.type, batched(state.axes)))
    given = [info(value.name, types[value.name], axes) for value, axes in inputs]
    given += [info(state.read, state.type, batched(state.axes)) for state in states]
    graph = helper.make_graph(g.nodes, plan.task, given, outputs, g.initializers)
    imports = [helper.make_opsetid("", g.opset)]
    model = helper.make_model(graph, opset_imports=imports, ir_version=helper.find_min_ir_version_for(imports))
    model.producer_name = "gatelet"
    helper.set_model_props(model, {"gatelet.plan": plan.digest, "gatelet.states": json.dumps(_described(states))})
    checker.check_model(model, full_check=True)
    return model


def _described(states: list[StateNames]) -> list[dict[str, Any]]:
    return [{"input": s.read, "output": s.written, "shape": s.axes, "first": str(s.first)} for s in states]
