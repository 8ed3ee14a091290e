"""What a plan refuses, what it tells of itself, and that its interpreter is the reference."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest
from small_plans import CELLS, cell, stacked, text, text_frames, weights, window, window_frames, writer

from gatelet import plan as p
from gatelet.errors import DataError, ModelError
from gatelet.plan import interpret
from gatelet.reference import LayerWeights, gru


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("reverse", [False, True])
def test_steps_are_rows(name: str, reverse: bool) -> None:
    """A cell over steps and the same cell over the rows of one value write the same states."""
    rng = np.random.default_rng(1)
    over_steps = cell(rng, name, "x", "h", (5, 7))
    rows = cell(np.random.default_rng(1), name, "x", "h", (5, 7), over="rows", reverse=reverse)
    x = rng.standard_normal((9, 5))
    streamed = p.Plan("Test", (p.Value("x", (5,)),), (over_steps,), (p.Value("h", (7,)),))
    whole = p.Plan("Test", (p.Value("x", ("time", 5)),), (rows,), (p.Value("h", ("time", 7)),))
    assert streamed.streamed and not whole.streamed
    steps = interpret.whole(streamed, [{"x": row} for row in (x[::-1] if reverse else x)])["h"]
    at_once, _ = interpret.step(whole, {"x": x}, interpret.start(whole))
    np.testing.assert_allclose(at_once["h"], steps[::-1] if reverse else steps, atol=1e-14)


def test_a_gru_is_the_reference() -> None:
    rng = np.random.default_rng(2)
    layer = cell(rng, "gru", "x", "h", (3, 5))
    plan = p.Plan("Test", (p.Value("x", (3,)),), (layer,), (p.Value("h", (5,)),))
    x = rng.standard_normal((8, 3))
    parts = (layer.weight_ih, layer.weight_hh, layer.bias_ih, layer.bias_hh)
    expected, _, _ = gru.forward(x[:, None], np.zeros((1, 5)), LayerWeights(*(a.astype(np.float64) for a in parts)))
    np.testing.assert_array_equal(interpret.whole(plan, [{"x": row} for row in x])["h"], expected[:, 0])


def test_a_product_of_two_factors_is_the_reference_too() -> None:
    rng = np.random.default_rng(2)
    layer = cell(rng, "lstm_low", "x", "h", (3, 5))
    assert isinstance(layer, p.LSTM) and layer.right is not None
    whole = replace(layer, weight_hh=layer.whole_weight_hh, right=None)
    x = rng.standard_normal((8, 3))
    found = [layer.run([row], (np.ones(5), np.ones(5)))[0][0] for row in x]
    expected = [whole.run([row], (np.ones(5), np.ones(5)))[0][0] for row in x]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)
    assert whole.macs([(3,)]) == 20 * (3 + 5) and layer.macs([(3,)]) == 20 * (3 + 1) + 5
    for bad, words in (
        (replace(layer, right=layer.right[:, 1:]), r"right of LSTM must have shape \(1, 5\); it has \(1, 4\)"),
        (replace(layer, weight_hh=whole.weight_hh), r"weight_hh of LSTM must have shape \(20, 1\)"),
        (cell(rng, "gru_norm", "x", "h", (3, 5), right=layer.right), "weight_hh of GRU"),
        (cell(rng, "gru_low", "x", "h", (3, 5), reset_after=False), "of low rank must have no LayerNorm"),
    ):
        with pytest.raises(ModelError, match=words):
            bad.shapes([(3,)])


@pytest.mark.parametrize("reverse", [False, True])
def test_restarts_cut_a_sequence(reverse: bool) -> None:
    rng = np.random.default_rng(3)
    x = rng.standard_normal((8, 5))

    def run(part: Any, restart: int) -> Any:
        layer = cell(np.random.default_rng(1), "lstm", "x", "h", (5, 4), over="rows", reverse=reverse, restart=restart)
        return layer.run([part], ())[0][0]

    pieces = [run(x[begin : begin + 3], 0) for begin in (0, 3, 6)]
    np.testing.assert_allclose(run(x, 3), np.concatenate(pieces), atol=1e-14)
    if not reverse:
        plan = stacked(np.random.default_rng(1), "gru", restart=3)
        frames = [{"x": row} for row in x]
        found = interpret.whole(plan, frames)["y"]
        again = [interpret.whole(plan, frames[begin : begin + 3])["y"] for begin in (0, 3, 6)]
        np.testing.assert_allclose(found, np.concatenate(again), atol=1e-14)


@pytest.mark.parametrize("pooling", ["last", "max", "mean", "root", "attention"])
def test_running_pools_are_pools(pooling: str) -> None:
    rng = np.random.default_rng(4)
    y = rng.standard_normal((6, 4))
    over: Callable[[str], p.Operation] = lambda over: p.Pool("y", "v", pooling, over)  # noqa: E731
    if pooling == "attention":
        parts = (weights(rng, 3, 4), weights(rng, 3), 5 * weights(rng, 3))
        over = lambda over: p.AttentionPool("y", "v", *parts, over)  # noqa: E731
    rows = p.Plan("Test", (p.Value("y", ("time", 4)),), (over("rows"),), (p.Value("v", (4,)),))
    steps = p.Plan("Test", (p.Value("y", (4,)),), (over("steps"),), (p.Value("v", (4,)),))
    running = interpret.whole(steps, [{"y": row} for row in y])["v"]
    for count in range(1, 7):
        found, _ = interpret.step(rows, {"y": y[:count]}, interpret.start(rows))
        np.testing.assert_allclose(found["v"], running[count - 1], atol=1e-14)


def test_all_kinds_of_plans_run() -> None:
    rng = np.random.default_rng(5)
    assert interpret.whole(text(rng, "attention"), text_frames(rng, 4))["y"].shape == (4, 3)
    for head in ("quantiles", "student_t"):
        forecast = interpret.whole(window(rng, head), window_frames(rng, 9))["forecast"]
        assert forecast.shape == (9, 3, 3) and np.isfinite(forecast).all()
        assert (np.diff(forecast) >= 0).all()
    plan = writer(rng)
    memory = {
        "memory": rng.standard_normal((6, 5)),
        "keys": rng.standard_normal((6, 3)),
        "start": rng.standard_normal(4),
    }
    state = interpret.start(plan)
    for token in (3, 4, 5):
        found, state = interpret.step(plan, {"token": token, **memory}, state)
        assert found["weights"].sum() == pytest.approx(1.0) and found["y"][0] == -np.inf
    np.testing.assert_allclose(np.exp(found["y"]).sum(), 1.0)


def test_the_table_counts() -> None:
    plan = stacked(np.random.default_rng(6), "gru")
    rows = {row["writes"]: row for row in plan.table()}
    assert rows["h0"]["parameters"] == 3 * 7 * (5 + 7 + 2) and rows["h0"]["macs"] == 3 * 7 * (5 + 7)
    assert rows["h1"]["state_bytes"] == 4 * 9 and rows["scores"]["macs"] == 3 * 9 and rows["y"]["shape"] == "(3,)"
    assert plan.state_bytes == 4 * 16 and plan.macs == sum(row["macs"] for row in plan.table())
    assert plan.num_parameters == sum(row["parameters"] for row in plan.table())


def test_the_digest_tells_weights_apart() -> None:
    one, same, other = (stacked(np.random.default_rng(seed), "gru") for seed in (1, 1, 2))
    assert one.digest == same.digest != other.digest


X, H = p.Value("x", (3,)), p.Value("h", (4,))


def _gru(**changes: Any) -> p.GRU:
    rng = np.random.default_rng(0)
    arrays = {"weight_ih": (12, 3), "weight_hh": (12, 4), "bias_ih": (12,), "bias_hh": (12,)}
    return p.GRU(**({"source": "x", "target": "h"} | {k: weights(rng, *v) for k, v in arrays.items()} | changes))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: p.Plan("T", (X,), (_gru(source="z"),), (H,)), "'z', which GRU reads, must be written before it"),
        (lambda: p.Plan("T", (X,), (_gru(target="x"),), (H,)), "must be written once"),
        (lambda: p.Plan("T", (X,), (_gru(),), (p.Value("h", (5,)),)), "must have shape"),
        (lambda: p.Plan("T", (X,), (_gru(),), (p.Value("q", (4,)),)), "must be written by an operation"),
        (lambda: p.Plan("T", (X,), (_gru(bias_ih=np.zeros(11, np.float32)),), (H,)), "bias_ih of GRU must have shape"),
        (lambda: p.Plan("T", (X,), (_gru(bias_ih=np.full(12, np.nan, np.float32)),), (H,)), "finite"),
        (lambda: p.Plan("T", (X,), (_gru(weight_hh=np.zeros((12, 5), np.float32)),), (H,)), "weight_hh of GRU"),
        (lambda: p.Plan("T", (X,), (_gru(over="time"),), (H,)), "over of GRU must be one of"),
        (lambda: p.Plan("T", (X,), (_gru(reverse=True),), (H,)), "reverse of GRU must be false"),
        (lambda: p.Plan("T", (X,), (_gru(restart=-1),), (H,)), "restart of GRU must be a whole number"),
        (lambda: p.Plan("T", (X,), (_gru(start=("x", "x")),), (H,)), "start of GRU must be 1 names or none"),
        (lambda: p.Plan("T", (p.Value("x", (2,)),), (_gru(),), (H,)), "must have 3 values"),
        (lambda: p.Plan("T", (p.Value("x", (2**25,)),), (), (p.Value("x", (2**25,)),)), "whole number from 1 to"),
        (lambda: p.Plan("T", (X,), (p.Delay("h", "d", 5), _gru()), (H,)), "which Delay reads, must have 5"),
        (lambda: p.Plan("T", (p.Value("x", (8,)),), (p.Window("x", "w", 2**24),), (X,)), "must have at most"),
        (lambda: p.Plan("T", (), (), ()), "must have inputs"),
    ],
)
def test_what_does_not_fit_is_refused(make: Callable[[], p.Plan], message: str) -> None:
    with pytest.raises(ModelError, match=message) as caught:
        make()
    assert len(str(caught.value).splitlines()) == 1 and str(caught.value).endswith(".")


def test_frames_are_checked() -> None:
    plan = writer(np.random.default_rng(0))
    state = interpret.start(plan)
    frame: dict[str, Any] = {"token": 1, "memory": np.zeros((6, 5)), "keys": np.zeros((6, 3)), "start": np.zeros(4)}
    step = partial(interpret.step, plan, state=state)
    with pytest.raises(DataError, match="must hold 'start'"):
        step({name: value for name, value in frame.items() if name != "start"})
    with pytest.raises(DataError, match="'keys' of a frame must have shape"):
        step(frame | {"keys": np.zeros((5, 3))})
