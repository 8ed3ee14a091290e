"""The files of an export to ONNX."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import onnx
from google.protobuf.message import DecodeError

from gatelet.deploy.onnx.checking import check_models
from gatelet.deploy.onnx.models import USUAL_OPSET, check_opset, check_plan, sequence_model, state_names, step_model
from gatelet.errors import ExportError
from gatelet.plan import EncoderDecoder, Plan
from gatelet.plan.storing import plans_of

README = "README.md"


def write_onnx(folder: Path, model: Plan | EncoderDecoder, settings: dict[str, Any]) -> None:
    """Write the forms of each plan, and how to call them."""
    opset = settings.setdefault("opset", USUAL_OPSET)
    if set(settings) != {"opset"} or type(opset) is not int:
        raise ExportError(f"ONNX takes the setting opset, a whole number; got {', '.join(settings)}.")
    check_opset(opset)
    described = []
    for name, plan in plans_of(model).items():
        check_plan(plan)
        for form, file in _forms(model, name, plan).items():
            made = (sequence_model if form == "sequence" else step_model)(plan, opset)
            (folder / file).write_bytes(made.SerializeToString())
            described.append(_described(file, form, made, plan))
    text = "\n".join(["# An ONNX model, written by gatelet", "", *INTRODUCTION, *described])
    (folder / README).write_text(text, encoding="utf-8")


def check_onnx(folder: Path, model: Plan | EncoderDecoder, settings: dict[str, Any]) -> dict[str, float]:
    """Run the files beside the plan; see `check_models`."""
    found: dict[str, float] = {}
    for name, plan in plans_of(model).items():
        models = {form: _read(folder / file) for form, file in _forms(model, name, plan).items()}
        for runner, share in check_models(plan, models).items():
            found[runner] = max(found.get(runner, 0.0), share)
    return found


def _forms(model: Plan | EncoderDecoder, name: str, plan: Plan) -> dict[str, str]:
    """The file of each form that a plan has."""
    if isinstance(model, EncoderDecoder):
        return {"step" if plan.streamed else "sequence": f"{name}.onnx"}
    return {"sequence": "model.onnx", "step": "step.onnx"} if plan.streamed else {"sequence": "model.onnx"}


def _read(file: Path) -> Any:
    try:
        made = onnx.load(file)
        onnx.checker.check_model(made, full_check=True)
    except (OSError, DecodeError, onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        reason = " ".join(str(error).split())[:200]
        raise ExportError(f"{file} must be an ONNX model that holds together; {reason}.") from error
    return made


INTRODUCTION = [
    "The models keep nothing between calls: every state is an input, and beside it stands an output of the same shape.",
    "For the first step fill each state with the number given below; afterwards hand in what the last call wrote.",
    "`plan.json` and `plan.safetensors` hold what was exported; `gatelet verify` compares both again.",
    "",
]


def _described(file: str, form: str, made: Any, plan: Plan) -> str:
    """How to call a model: its inputs, outputs and states."""
    states = {state.read: state for each in state_names(plan) for state in each}
    units = {value.name: value.unit for value in (*plan.inputs, *plan.outputs)}
    kind = "one step" if form == "step" else "many steps" if plan.streamed else "whole sequences"
    rows = [f"## `{file}`: {kind}", "", "| | name | type | shape | |", "|---|---|---|---|---|"]
    for word, values in (("input", made.graph.input), ("output", made.graph.output)):
        for value in values:
            shape = ", ".join(axis.dim_param or str(axis.dim_value) for axis in value.type.tensor_type.shape.dim)
            element = onnx.TensorProto.DataType.Name(value.type.tensor_type.elem_type).lower()
            note = f"first {states[value.name].first:g}" if value.name in states else units.get(value.name, "")
            rows.append(f"| {word} | `{value.name}` | {element} | ({shape}) | {note} |")
    return "\n".join([*rows, ""])
