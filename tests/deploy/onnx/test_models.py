"""Every operation and cell as ONNX, beside the plan's interpreter."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import small_plans

from gatelet import plan as p
from gatelet.errors import ExportError

pytest.importorskip("onnx")
from gatelet.deploy import onnx as exported


def check(plan: p.Plan, opset: int = exported.USUAL_OPSET) -> None:
    forms = {"sequence": exported.sequence_model(plan, opset)}
    if plan.streamed:
        forms["step"] = exported.step_model(plan, opset)
    assert max(exported.check_models(plan, forms).values()) <= 1.0


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
    assert max(exported.check_models(plan, {"step": exported.step_model(plan)}).values()) <= 1.0


def test_what_is_left_of_a_value() -> None:
    check(small_plans.controlled(np.random.default_rng(8)))


def test_what_onnx_cannot_say_is_refused() -> None:
    with pytest.raises(ExportError, match="StudentTQuantiles"):
        exported.check_plan(small_plans.window(np.random.default_rng(5), "student_t"))


@pytest.mark.parametrize("opset", [0, 13, 99])
def test_opsets_out_of_range(opset: int) -> None:
    with pytest.raises(ExportError, match=f"got {opset}"):
        exported.check_opset(opset)
