"""Matrices that are packed as bfloat16: the numbers of a plan that has such matrices, with states of the other one."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_plans import CELLS, stacked, text, text_frames, window, window_frames
from typer.testing import CliRunner

from gatelet import plan as p
from gatelet.cli.app import app
from gatelet.errors import GateletError
from gatelet.kernels import native
from gatelet.plan import save_plan
from gatelet.stream import Session, SessionPool
from gatelet.stream.described import described

MATRICES = ("weight_ih", "weight_hh", "right", "weight")
STEPS = 6


def nearest(weight: Any) -> Any:
    """Floats as bfloat16, to the nearest, ties to even."""
    bits = np.ascontiguousarray(weight).view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) & np.uint32(0xFFFF0000)).view(np.float32)


def rounded(plan: p.Plan) -> p.Plan:
    """The plan with rounded matrices."""

    def less(operation: Any) -> Any:
        right = getattr(operation, "right", None)
        if right is not None and all(each is not right for each in told(operation)):  # too small to stay two factors
            operation = replace(operation, weight_hh=operation.whole_weight_hh, right=None)
        found = {name: getattr(operation, name, None) for name in MATRICES}
        return replace(operation, **{name: nearest(array) for name, array in found.items() if array is not None})

    return replace(plan, operations=tuple(map(less, plan.operations)))


def told(operation: Any) -> list[Any]:
    """The weights that the native program gets."""
    found = described(operation)
    return [] if found is None else found.weights


def check(plan: p.Plan, frames: list[dict[str, Any]]) -> None:
    """To the bit: the sums run in the same order."""
    expected, found = Session(rounded(plan)), Session(plan, weights="bfloat16")
    for frame in frames:
        for mine, theirs in zip(by_name(found.push(frame)), by_name(expected.push(frame)), strict=True):
            np.testing.assert_array_equal(mine, theirs)


def by_name(outputs: Any) -> list[Any]:
    return list(outputs.values()) if isinstance(outputs, dict) else [outputs]


@pytest.mark.parametrize("isa", native.isas())
@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("sizes", [(1, 1), (5, 15), (15, 17), (17, 63), (6, 65)])
def test_cells(monkeypatch: pytest.MonkeyPatch, isa: str, name: str, sizes: tuple[int, int]) -> None:
    monkeypatch.setenv("GATELET_ISA", isa)
    rng = np.random.default_rng(sizes[1])
    plan = stacked(rng, name, inputs=sizes[0], hidden=sizes[1])
    check(plan, [{"x": rng.standard_normal(sizes[0])} for _ in range(STEPS)])


def test_texts_and_windows() -> None:
    rng = np.random.default_rng(1)
    check(text(rng, "attention"), text_frames(rng, STEPS))
    check(window(rng), window_frames(rng, STEPS))


def wide(inputs: int = 16, hidden: int = 128) -> p.Plan:
    """A GRU with PyTorch's usual weights."""
    rng = np.random.default_rng(2)
    bound = hidden**-0.5
    shapes = ((3 * hidden, inputs), (3 * hidden, hidden), (3 * hidden,), (3 * hidden,))
    parts: list[Any] = [rng.uniform(-bound, bound, shape).astype(np.float32) for shape in shapes]
    return p.Plan("Test", (p.Value("x", (inputs,)),), (p.GRU("x", "h", *parts),), (p.Value("h", (hidden,)),))


@pytest.mark.parametrize("inputs", [16, 801])  # more than a product takes at once
def test_a_pool_is_its_streams(inputs: int) -> None:
    plan, streams = wide(inputs, 33), 11
    frames = np.random.default_rng(3).standard_normal((5, streams, inputs)).astype(np.float32)
    pool = SessionPool(plan, streams, weights="bfloat16")
    found = np.array([pool.push(frame) for frame in frames])
    for stream in range(streams):
        np.testing.assert_array_equal(Session(plan, weights="bfloat16").push(frames[:, stream]), found[:, stream])


def test_they_stay_near_over_two_thousand_steps() -> None:
    plan = wide()
    frames = np.random.default_rng(4).standard_normal((2000, 16)).astype(np.float32)
    away = np.abs(Session(plan, weights="bfloat16").push(frames) - Session(plan).push(frames))
    assert 0 < away.max() < 4e-3
    assert away[-200:].max() < 2 * away[200:400].max()


def test_a_state_is_good_for_both() -> None:
    plan = wide()
    frames = np.random.default_rng(5).standard_normal((6, 16)).astype(np.float32)
    one, other = Session(plan), Session(plan, weights="bfloat16")
    one.push(frames)
    other.state = one.state
    assert other.state == one.state
    np.testing.assert_allclose(other.push(frames[0]), one.push(frames[0]), atol=4e-3)
    one.state = other.state
    assert one.state == other.fork().state


def test_what_is_refused() -> None:
    with pytest.raises(GateletError, match="one of float32, bfloat16; got 'half'"):
        Session(wide(), weights="half")
    with pytest.raises(GateletError, match="float32 where NumPy runs the plan"):
        SessionPool(wide(), weights="bfloat16", engine="numpy")


def test_on_the_command_line(tmp_path: Path) -> None:
    plan = wide(1, 2)
    save_plan(plan, tmp_path)
    done = CliRunner().invoke(app, ["stream", str(tmp_path), "--weights", "bfloat16"], input="x\n0.25\n")
    assert done.exit_code == 0, done.output
    expected = Session(plan, weights="bfloat16").push([0.25])
    np.testing.assert_allclose(json.loads(done.stdout)["h"], expected, rtol=1e-5)
