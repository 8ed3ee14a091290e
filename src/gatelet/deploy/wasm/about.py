"""What JavaScript must know of a model: which page it has, what goes in and comes out, and the features of its plan."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from gatelet import plan as p
from gatelet.deploy.c.program import Port, Program
from gatelet.deploy.wasm.texts import described_text

RATE = 16000  # samples per second, where a plan of sound does not say
# what JavaScript needs of the features of a plan
NEEDED = {
    "text": ("text", "labels", "multiple", "threshold"),
    "language": ("text", "spacing", "line", "end", "unwritten", "sampling"),
    "series": ("schema", "context_length", "horizon", "quantiles", "series"),
    "sound": (),
    "numbers": (),
}


def kind_of(plan: p.Plan) -> str:
    """Which page a model has: that of text, language, series, sound, or plain numbers."""
    features, kind = plan.features, plan.features.get("kind")
    if kind == "series":
        return "series"
    if kind == "text" and ("labels" in features or "sampling" in features):
        return "text" if "labels" in features else "language"
    heard = _sound(plan)
    return "sound" if heard is not None and len(plan.inputs) == 1 else "numbers"


def with_spectrum(plan: p.Plan) -> p.Plan:
    """The plan, which also writes the log-mel frame that a page of sound draws."""
    heard = _sound(plan)
    if kind_of(plan) != "sound" or heard is None or any(value.name == heard.target for value in plan.outputs):
        return plan
    value = p.Value(heard.target, plan.shapes[heard.target])
    return replace(plan, outputs=(*plan.outputs, value))


def _sound(plan: p.Plan) -> p.LogMel | None:
    """What makes frames of an input."""
    given = {value.name for value in plan.inputs}
    return next((each for each in plan.operations if isinstance(each, p.LogMel) and each.source in given), None)


def about(c: Program, plan: p.Plan) -> dict[str, Any]:
    """What `model.js` says.

    Args:
        c: of `with_spectrum(plan)`.
        plan: what is exported.
    """
    kind = kind_of(plan)
    found: dict[str, Any] = {
        "task": plan.task,
        "kind": kind,
        "digest": plan.digest,
        "inputs": [_port(port) | {"byValue": port.by_value, "counted": _counted(c, port)} for port in c.inputs],
        "outputs": [_port(port) for port in told(c, plan)],
        "features": {name: plan.features[name] for name in NEEDED[kind]},
    }
    if kind in ("text", "language"):
        found["features"]["text"] = described_text(plan.features["text"], whole=kind == "language")
    if c.open:
        found["most"] = c.most_steps
    if c.open and kind == "text":
        settings = found["features"]["text"]["settings"]
        longest = {"max_length": min(settings["max_length"], c.most_steps)}
        found["features"]["text"] = found["features"]["text"] | {"settings": settings | longest}
        found["features"]["slots"] = list(plan.features.get("slots", ()))
    if kind == "sound":
        heard = _sound(plan)
        found["spectrum"] = next(_port(port) for port in c.outputs if heard and port.value.name == heard.target)
        found["features"] = _of_sound(plan)
    return found


def _counted(c: Program, port: Port) -> list[int]:
    """The axes whose lengths a step is told beside an input."""
    return [place for place, axis in enumerate(port.value.shape) if c.counts.get(str(axis)) in port.counts]


def told(c: Program, plan: p.Plan) -> tuple[Port, ...]:
    """The outputs of the plan, without what the page alone looks at."""
    return c.outputs[: len(plan.outputs)]


def _of_sound(plan: p.Plan) -> dict[str, Any]:
    """The rate, and names and threshold of classes where the plan has them."""
    features = plan.features
    rate = features.get("rate", RATE)
    found: dict[str, Any] = {"rate": rate if isinstance(rate, int | float) and 1000 <= rate <= 384_000 else RATE}
    labels = features.get("labels")
    if isinstance(labels, list) and all(isinstance(label, str) for label in labels):
        found["labels"] = labels
    if isinstance(features.get("threshold"), int | float):
        found["threshold"] = features["threshold"]
    return found


def _port(port: Port) -> dict[str, Any]:
    return {
        "name": port.value.name,
        "type": port.type,
        "size": port.size,
        "shape": list(port.value.shape),
        "unit": port.value.unit,
    }
