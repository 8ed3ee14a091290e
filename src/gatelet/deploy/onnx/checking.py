"""Exported models, run on made-up frames beside their plan."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from importlib.util import find_spec
from typing import Any

import numpy as np
from onnx.reference import ReferenceEvaluator

from gatelet import plan as p
from gatelet.deploy.comparison import compare
from gatelet.deploy.examples import frames
from gatelet.deploy.onnx.graph import NUMPY
from gatelet.deploy.onnx.models import StateNames, state_names
from gatelet.deploy.onnx.writing import value_types
from gatelet.errors import ExportError
from gatelet.plan import interpret

BATCH, STEPS = 2, 5
Run = Callable[[dict[str, Any]], dict[str, Any]]


REFERENCE, ONNX_RUNTIME, OPENVINO = "the reference evaluator", "ONNX Runtime", "OpenVINO"
RUNNERS = (REFERENCE, ONNX_RUNTIME, OPENVINO)


def check_models(plan: p.Plan, models: dict[str, Any], runners: Collection[str] = RUNNERS) -> dict[str, float]:
    """Compare the forms of a plan, "sequence" and "step", with the plan.

    Args:
        plan: what was exported.
        models: by their form.
        runners: in which of them to run, where they are installed.

    Returns:
        the largest difference as a share of what is allowed, by what ran the models.

    Raises:
        ExportError: they differ, or one of them cannot be run.
    """
    found: dict[str, float] = {}
    for form, model in models.items():
        for runner, run in _runners(model, runners):
            try:
                share = _check(plan, form, run, f"the {form} in {runner}")
            except ExportError:
                raise
            except Exception as error:  # noqa: BLE001 - each library raises its own
                reason = " ".join(str(error).split())[:300]
                raise ExportError(f"The {form} must run in {runner}; it does not: {reason}.") from error
            found[runner] = max(found.get(runner, 0.0), share)
    return found


def _runners(model: Any, wanted: Collection[str]) -> Iterator[tuple[str, Run]]:
    """What can run a model here: the evaluator of the onnx package, and what else is installed."""
    names = [output.name for output in model.graph.output]
    if REFERENCE in wanted:
        reference = ReferenceEvaluator(model)
        yield REFERENCE, lambda given: dict(zip(names, reference.run(names, given), strict=True))
    if ONNX_RUNTIME in wanted and find_spec("onnxruntime"):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        yield ONNX_RUNTIME, lambda given: dict(zip(names, session.run(names, given), strict=True))
    if OPENVINO in wanted and find_spec("openvino"):
        import openvino

        core = openvino.Core()
        compiled = core.compile_model(
            core.read_model(model.SerializeToString()), "CPU", {"INFERENCE_PRECISION_HINT": "f32"}
        )
        yield OPENVINO, lambda given: {name: compiled(given)[name] for name in names}


def _check(plan: p.Plan, form: str, run: Run, what: str) -> float:
    if form == "step":
        return _check_steps(plan, run, what)
    if not plan.streamed:
        return max(_check_whole(plan, run, what, length) for length in (6, 1))
    rows = [frames(plan, STEPS, seed) for seed in range(BATCH)]
    expected = [interpret.whole(plan, row) for row in rows]
    given = {v.name: _stacked(plan, v, [[f[v.name] for f in row] for row in rows]).swapaxes(0, 1) for v in plan.inputs}
    states = _first(plan)
    found: list[dict[str, Any]] = []
    # in two pieces, the first of one step: the states must go over
    for piece in (slice(0, 1), slice(1, STEPS)):
        results = run({name: array[piece] for name, array in given.items()} | states)
        states = {state.read: results[state.written] for state in _states(plan)}
        found.append(results)
    return compare(
        what,
        {v.name: np.stack([each[v.name] for each in expected], 1) for v in plan.outputs},
        {v.name: np.concatenate([results[v.name] for results in found]) for v in plan.outputs},
    )


def _check_whole(plan: p.Plan, run: Run, what: str, length: int) -> float:
    rows = [frames(plan, 1, seed, {"time": length})[0] for seed in range(BATCH)]
    written = [interpret.step(plan, row, interpret.start(plan))[0] for row in rows]
    given = {v.name: _turned(_stacked(plan, v, [row[v.name] for row in rows]), v) for v in plan.inputs}
    results = run(given | _first(plan))
    expected = {v.name: _turned(np.stack([each[v.name] for each in written]), v) for v in plan.outputs}
    return compare(what, expected, {v.name: results[v.name] for v in plan.outputs})


def _check_steps(plan: p.Plan, run: Run, what: str) -> float:
    rows = [frames(plan, STEPS, seed) for seed in range(BATCH)]
    free = {axis for state in _states(plan) for axis in state.axes if isinstance(axis, str)}
    states = _first(plan, {v: s for v, s in _sizes(plan, rows[0][0]).items() if v in free})
    before = [interpret.start(plan) for _ in rows]
    expected: list[dict[str, Any]] = []
    found: list[dict[str, Any]] = []
    for number in range(STEPS):
        written = []
        for row in range(BATCH):
            outputs, before[row] = interpret.step(plan, rows[row][number], before[row])
            written.append(outputs)
        given = {v.name: _stacked(plan, v, [row[number][v.name] for row in rows]) for v in plan.inputs}
        results = run(given | states)
        states = {state.read: results[state.written] for state in _states(plan)}
        expected.append({v.name: np.stack([each[v.name] for each in written]) for v in plan.outputs})
        found.append({v.name: results[v.name] for v in plan.outputs})
    names = [v.name for v in plan.outputs]
    return compare(
        what,
        {name: np.stack([each[name] for each in expected]) for name in names},
        {name: np.stack([each[name] for each in found]) for name in names},
    )


def _states(plan: p.Plan) -> list[StateNames]:
    return [state for each in state_names(plan) for state in each]


def _first(plan: p.Plan, lengths: dict[str, int] | None = None) -> dict[str, Any]:
    """The states before the first step."""
    known = lengths or {}
    return {
        state.read: np.full(
            (BATCH, *(axis if isinstance(axis, int) else known[axis] for axis in state.axes)),
            state.first,
            NUMPY[state.type],
        )
        for state in _states(plan)
    }


def _sizes(plan: p.Plan, frame: dict[str, Any]) -> dict[str, int]:
    """The lengths that axes of any length have in a frame."""
    return {
        axis: size
        for value in plan.inputs
        for axis, size in zip(value.shape, np.shape(frame[value.name]), strict=True)
        if isinstance(axis, str)
    }


def _stacked(plan: p.Plan, value: p.Value, values: Any) -> Any:
    return np.asarray(values, NUMPY[value_types(plan)[value.name]])


def _turned(array: Any, value: p.Value) -> Any:
    return array.swapaxes(0, 1) if value.shape[:1] == ("time",) else array
