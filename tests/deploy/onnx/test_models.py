"""Every operation and cell as ONNX, beside the plan's interpreter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest
import small_plans

from gatelet import plan as p
from gatelet.errors import ExportError
from gatelet.plan import interpret

pytest.importorskip("onnx")
from onnx.reference import ReferenceEvaluator

from gatelet.deploy import onnx as exported
from gatelet.deploy.onnx.checking import ONNX_RUNTIME, OPENVINO, REFERENCE


def check(plan: p.Plan, opset: int = exported.USUAL_OPSET) -> None:
    """In what is quick to start; `test_openvino` runs some of these in OpenVINO."""
    forms = {"sequence": exported.sequence_model(plan, opset)}
    if plan.streamed:
        forms["step"] = exported.step_model(plan, opset)
    found = exported.check_models(plan, forms, (REFERENCE, ONNX_RUNTIME))
    assert REFERENCE in found and max(found.values()) <= 1.0


@pytest.mark.parametrize("name", small_plans.CELLS)
def test_cells_over_steps(name: str) -> None:
    check(small_plans.stacked(np.random.default_rng(0), name))


@pytest.mark.parametrize("name", ["gru", "lstm_norm"])
def test_cells_that_start_afresh(name: str) -> None:
    check(small_plans.stacked(np.random.default_rng(0), name, restart=3))


@pytest.mark.parametrize("opset", [14, 23])
def test_opsets(opset: int) -> None:
    rng = np.random.default_rng(1)
    check(small_plans.stacked(rng, "lstm_norm"), opset)
    check(small_plans.window(rng), opset)


@pytest.mark.parametrize("pooling", ["last", "max", "mean", "root", "attention"])
def test_texts(pooling: str) -> None:
    check(small_plans.text(np.random.default_rng(2), pooling))


@pytest.mark.parametrize("center", ["mean", "last"])
def test_windows(center: str) -> None:
    plan = small_plans.window(np.random.default_rng(3))
    changed = [replace(each, kind=center) if isinstance(each, p.Center) else each for each in plan.operations]
    check(replace(plan, operations=tuple(changed)))


def whole(over: str) -> p.Plan:
    """A text at once, from both ends, with slots."""
    rng = np.random.default_rng(6)
    restart = 4 if over == "restart" else 0
    settings = {"over": "rows", "restart": restart}
    return p.Plan(
        "Test",
        (p.Value("tokens", ("time",), "int"),),
        (
            p.Embedding("tokens", "x", small_plans.weights(rng, 9, 4)),
            small_plans.cell(rng, "gru", "x", "f", (4, 5), **settings),
            small_plans.cell(rng, "gru_norm", "x", "r", (4, 5), reverse=True, **settings),
            small_plans.cell(rng, "lstm", "x", "s", (4, 5), reverse=True, cell="c", **settings),
            p.Concatenate(("f", "r", "s", "c"), "h"),
            p.AttentionPool(
                "h",
                "a",
                small_plans.weights(rng, 3, 20),
                small_plans.weights(rng, 3),
                small_plans.weights(rng, 3),
                "rows",
            ),
            p.Pool("h", "m", "max", "rows"),
            p.Pairs("tokens", "pairs", 13, "rows"),
            p.Embedding("pairs", "votes", small_plans.weights(rng, 13, 2)),
            p.Pool("votes", "v", "root", "rows"),
            p.Concatenate(("h", "a"), "both"),
            p.Dense("both", "scores", small_plans.weights(rng, 3, 40)),
            p.Softmax("scores", "slots", logarithm=True, barred=1),
        ),
        (p.Value("slots", ("time", 3)), p.Value("m", (20,)), p.Value("v", (2,))),
    )


@pytest.mark.parametrize("over", ["whole", "restart"])
def test_whole_sequences(over: str) -> None:
    check(whole(over))


@pytest.mark.parametrize("kind", ["additive", "dot"])
def test_a_step_of_a_decoder(kind: str) -> None:
    plan = small_plans.writer(np.random.default_rng(4), kind)
    found = exported.check_models(plan, {"step": exported.step_model(plan)}, (REFERENCE, ONNX_RUNTIME))
    assert max(found.values()) <= 1.0


def test_what_is_left_of_a_value() -> None:
    check(small_plans.controlled(np.random.default_rng(8)))


IN_OPENVINO: dict[str, Callable[[np.random.Generator], p.Plan]] = {
    **{name: partial(small_plans.stacked, name=name) for name in ("gru", "gru_before", "lstm_norm", "min_lstm")},
    "lstm restarted": partial(small_plans.stacked, name="lstm", restart=3),
    "text": partial(small_plans.text, pooling="mean"),
    "window": small_plans.window,
    "whole": lambda rng: whole("restart"),
    "controlled": small_plans.controlled,
    "sound": small_plans.sound,
    "student t": partial(small_plans.window, head="student_t"),
}


@pytest.mark.parametrize("name", IN_OPENVINO)
def test_openvino(name: str) -> None:
    """It has no more than 32 bits for a whole number, and its loops lose an item that is carried on as it is."""
    pytest.importorskip("openvino")
    plan = IN_OPENVINO[name](np.random.default_rng(9))
    assert exported.check_models(plan, {"sequence": exported.sequence_model(plan)}, (OPENVINO,))[OPENVINO] <= 1.0


@pytest.mark.parametrize("module", ["onnxruntime", "openvino"])
def test_what_runs_models_here(module: str) -> None:
    """Skipped by name where it is not installed, so that a run says what it did not try."""
    pytest.importorskip(module)


def test_numbers_of_pairs_that_would_not_fit_31_bits() -> None:
    plan = p.Plan(
        "Test",
        (p.Value("token", (), "int"),),
        (p.Pairs("token", "pair", 2**24 - 3),),
        (p.Value("pair", (), "int"),),
    )
    tokens = np.array([[0], [2**24 - 1], [12345678], [2**24 - 1], [5]])
    expected = interpret.whole(plan, [{"token": token[0]} for token in tokens])["pair"]
    model = ReferenceEvaluator(exported.sequence_model(plan))
    found: Any = model.run(["pair"], {"token": tokens, "state.pair.former": np.zeros(1, np.int64)})
    np.testing.assert_array_equal(found[0][:, 0], expected)


@pytest.mark.parametrize(("hop", "length", "points", "bands"), [(160, 400, 512, 40), (7, 7, 8, 3), (5, 33, 64, 9)])
def test_sounds(hop: int, length: int, points: int, bands: int) -> None:
    check(small_plans.sound(np.random.default_rng(10), hop=hop, length=length, points=points, bands=bands))


def test_quiet_bands_beside_loud_ones() -> None:
    plan = small_plans.sound(np.random.default_rng(11))
    plan = replace(plan, operations=plan.operations[:1], outputs=(p.Value("frame", (40,)),))
    n = np.arange(4 * 160)
    sound = np.sin(2 * np.pi * 0.03 * n) + 1e-6 * np.sin(2 * np.pi * 0.3 * n)
    hops = sound.astype(np.float32).reshape(4, 160)
    expected = interpret.whole(plan, [{"samples": hop} for hop in hops])["frame"]
    model = ReferenceEvaluator(exported.sequence_model(plan))
    given = {"samples": hops[:, None], "state.frame.samples": np.zeros((1, 240), np.float32)}
    found: Any = model.run(["frame"], given)
    np.testing.assert_allclose(found[0][:, 0], expected, atol=1e-5)
    assert expected.min() < expected.max() - 20


@pytest.mark.parametrize("opset", [14, 17, 23])
def test_student_t(opset: int) -> None:
    check(small_plans.window(np.random.default_rng(5), "student_t"), opset)


def test_what_onnx_cannot_say_is_refused() -> None:
    free = p.Plan("T", (p.Value("x", (2, 3)),), (p.StudentTQuantiles("x", "y", (0.5,)),), (p.Value("y", (2, 1)),))
    with pytest.raises(ExportError, match="exported to ONNX where a StudentT keeps the degrees of freedom above"):
        exported.check_plan(free)
    plan = p.Plan("T", (p.Value("x", (2,)),), (p.Quantize("x", "y", 0.5),), (p.Value("y", (2,), "int"),))
    with pytest.raises(ExportError, match="Integers cannot be exported to ONNX; export the model that they were"):
        exported.check_plan(plan)


@pytest.mark.parametrize("opset", [0, 13, 99])
def test_opsets_out_of_range(opset: int) -> None:
    with pytest.raises(ExportError, match=f"got {opset}"):
        exported.check_opset(opset)
