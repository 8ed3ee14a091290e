"""Streams: chunked is whole, natively as in NumPy; states that are saved, forked, and refused."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_plans import CELLS, cell, stacked, text, text_frames, weights, window, window_frames, writer

from gatelet import plan as p
from gatelet.errors import DataError, GateletError, ModelError
from gatelet.plan import interpret
from gatelet.stream import Session, SessionPool
from gatelet.stream.native import can_run
from gatelet.stream.state import to_bytes

Rng = np.random.Generator
Maker = Callable[[Rng], p.Plan]
POOLINGS = ("last", "max", "mean", "root", "attention")


def of_cell(name: str, inputs: int = 5, hidden: int = 7, restart: int = 0) -> Maker:
    return lambda rng: stacked(rng, name, inputs=inputs, hidden=hidden, restart=restart)


def of_pooling(pooling: str) -> Maker:
    return lambda rng: text(rng, pooling)


def fed_back(rng: Rng) -> p.Plan:
    """Numbers with gaps, and what was said a step before."""
    return p.Plan(
        "Test",
        (p.Value("x", (4,)),),
        (
            p.Filled("x", "filled"),
            p.Observed("x", "observed"),
            p.Delay("y", "former", 3),
            p.Concatenate(("filled", "observed", "former"), "all"),
            cell(rng, "lstm", "all", "h", (11, 17)),
            p.Dense("h", "s", weights(rng, 3, 17), None, "softplus"),
            p.Activation("s", "t", "relu"),
            p.Add(("t",), "u", weights(rng, 3)),
            p.Softmax("u", "y", logarithm=True),
        ),
        (p.Value("y", (3,)),),
    )


def frames_of(plan: p.Plan, rng: Rng, count: int) -> list[dict[str, Any]]:
    """Frames of a plan, as the interpreter takes them."""
    names = {value.name for value in plan.inputs}
    if "token" in names:
        frames = text_frames(rng, count)
        for frame in frames:  # one length for all, so that they can be pushed together
            frame["spelling"] = np.pad(frame["spelling"], (0, 4 - len(frame["spelling"])), constant_values=-1)
        return frames
    if "ahead" in names:
        return window_frames(rng, count)
    size = plan.inputs[0].shape[0]
    assert isinstance(size, int)
    frames = [{"x": rng.standard_normal(size)} for _ in range(count)]
    if plan.operations[0].inputs == ("x",) and isinstance(plan.operations[0], p.Filled):
        frames[1]["x"][2] = np.nan
    return frames


def together(frames: list[dict[str, Any]]) -> dict[str, Any]:
    return {name: np.array([frame[name] for frame in frames]) for name in frames[0]}


def by_name(plan: p.Plan, outputs: Any) -> dict[str, Any]:
    return outputs if isinstance(outputs, dict) else {plan.outputs[0].name: outputs}


PLANS: dict[str, Maker] = {
    **{name: of_cell(name) for name in CELLS},
    **{f"{name} restarted": of_cell(name, restart=3) for name in ("gru", "lstm", "min_gru")},
    **{f"gru {inputs} {hidden}": of_cell("gru", inputs, hidden) for inputs, hidden in ((1, 1), (15, 63), (17, 65))},
    **{f"text {pooling}": of_pooling(pooling) for pooling in POOLINGS},
    "fed back": fed_back,
    "window": window,
    "student t": lambda rng: window(rng, "student_t"),
}


@pytest.mark.parametrize("name", PLANS)
def test_a_stream_is_the_plan(name: str) -> None:
    """Frame by frame and all at once, in either engine, the outputs are those of the interpreter."""
    rng = np.random.default_rng(0)
    plan = PLANS[name](rng)
    frames = frames_of(plan, rng, 9)
    expected = interpret.whole(plan, frames)
    assert can_run(plan)
    for engine in ("native", "numpy"):
        tolerance: dict[str, Any] = {"rtol": 1e-4, "atol": 1e-5} if engine == "native" else {"rtol": 1e-12}
        session = Session(plan, engine=engine)
        at_once = by_name(plan, session.push(together(frames)))
        session.reset()
        steps = [by_name(plan, session.push(frame)) for frame in frames]
        for key, values in expected.items():
            np.testing.assert_allclose(at_once[key], values, **tolerance)
            np.testing.assert_array_equal(np.array([step[key] for step in steps]), at_once[key])


@settings(max_examples=40)
@given(st.sampled_from(sorted(PLANS)), st.lists(st.integers(0, 4), max_size=6), st.integers(0, 2**16))
def test_chunked_is_whole(name: str, chunks: list[int], seed: int) -> None:
    """However a stream is cut, saved and taken up again, its outputs are the same, to the bit."""
    rng = np.random.default_rng(seed)
    plan = PLANS[name](rng)
    frames = frames_of(plan, rng, max(sum(chunks), 2))
    session = Session(plan)
    whole = by_name(plan, session.push(together(frames)))
    session.reset()
    at = 0
    for chunk in chunks:
        if chunk:
            found = by_name(plan, session.push(together(frames[at : at + chunk])))
            for key, values in found.items():
                np.testing.assert_array_equal(values, whole[key][at : at + chunk])
            at += chunk
        taken_up = Session(plan) if chunk % 2 else session.fork()
        taken_up.state = session.state
        session = taken_up


def test_forks_go_their_own_ways() -> None:
    rng = np.random.default_rng(1)
    session = Session(stacked(rng, "gru"))
    x = rng.standard_normal((3, 5)).astype(np.float32)
    session.push(x)
    before = session.state
    fork = session.fork()
    first = fork.push(x)
    assert session.state == before != fork.state
    np.testing.assert_array_equal(session.push(x)["y"], first["y"])
    del fork
    assert session.fork().state == session.state


@pytest.mark.parametrize("engine", ["native", "numpy"])
def test_a_pool_is_its_sessions(engine: str) -> None:
    rng = np.random.default_rng(2)
    plan = stacked(rng, "lstm", inputs=3, hidden=9)
    pool = SessionPool(plan, 5, engine=engine)
    x = rng.standard_normal((4, 5, 3)).astype(np.float32)
    sessions = [Session(plan, engine=engine) for _ in range(5)]
    pool.push(x[0])
    pool.push(x[1, [4, 1]], [4, 1])
    pool.remove([2])
    (new,) = pool.add()
    assert new == 2 and len(pool) == 5
    pool.restore(0, sessions[3].state)
    found = pool.push(x[2])
    for stream, frames in ((0, x[2:3, 0]), (1, x[:3, 1]), (2, x[2:3, 2]), (3, x[[0, 2], 3]), (4, x[:3, 4])):
        expected = sessions[stream].push(frames)["y"][-1]
        np.testing.assert_allclose(found["y"][stream], expected, rtol=2e-6)
    with pytest.raises(GateletError, match="stream 9"):
        pool.push(x[0, :1], [9])
    with pytest.raises(GateletError, match="twice"):
        pool.push(x[0, :2], [1, 1])
    with pytest.raises(DataError, match="each of 5 streams"):
        pool.push(x[0, :4])


def test_states_are_refused() -> None:
    rng = np.random.default_rng(3)
    session, other = Session(stacked(rng, "gru")), Session(stacked(rng, "gru"))
    good = session.state
    with pytest.raises(ModelError, match="of another one"):
        other.state = good
    for blob, message in (
        (b"", "something else"),
        (good[:-1], "damaged"),
        (good + b"\0", "damaged"),
        (good[:-1] + bytes([good[-1] ^ 1]), "damaged"),
        (good[:4] + b"\xff\xff" + good[6:], "newer gatelet"),
        (b"x" * 100, "something else"),
    ):
        with pytest.raises(ModelError, match=message):
            session.state = blob
    assert session.state == good


@settings(max_examples=60)
@given(st.data())
def test_damaged_states_never_do_harm(data: st.DataObject) -> None:
    plan = window(np.random.default_rng(4))
    session = Session(plan)
    good = session.state
    place = data.draw(st.integers(0, len(good) - 1))
    blob = good[:place] + data.draw(st.binary(max_size=6)) + good[place + data.draw(st.integers(0, 6)) :]
    try:
        session.state = blob
    except ModelError:
        assert session.state == good


def test_states_go_from_one_engine_to_the_other() -> None:
    rng = np.random.default_rng(5)
    plan = text(rng, "attention")
    frames = frames_of(plan, rng, 6)
    native, numpy = Session(plan, engine="native"), Session(plan, engine="numpy")
    native.push(together(frames[:3]))
    numpy.state = native.state
    np.testing.assert_allclose(numpy.push(together(frames[3:]))["y"], native.push(together(frames[3:]))["y"], atol=1e-6)


def test_what_cannot_be_streamed_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(6)
    whole = p.Plan(
        "Classifier",
        (p.Value("x", ("time", 3)),),
        (cell(rng, "gru", "x", "h", (3, 4), over="rows", reverse=True),),
        (p.Value("h", ("time", 4)),),
    )
    with pytest.raises(ModelError, match="The Classifier reads a sequence from both ends"):
        Session(whole)
    with pytest.raises(ModelError, match="must be of a plan"):
        Session(3)
    monkeypatch.setenv("GATELET_KERNELS", "off")
    with pytest.raises(GateletError, match="does not know all"):
        Session(writer(rng), engine="native")
    assert Session(writer(rng)).engine == "numpy"
    with pytest.raises(GateletError, match="must be one of"):
        Session(stacked(rng, "gru"), engine="cuda")


def test_frames_are_checked() -> None:
    session = Session(stacked(np.random.default_rng(7), "gru"))
    frames: tuple[Any, ...] = (np.zeros(4), np.zeros((2, 4)), np.zeros((2, 2, 5)), "text", {"y": np.zeros(5)}, None)
    for wrong in frames:
        with pytest.raises(DataError):
            session.push(wrong)
    with pytest.raises(DataError, match="by name"):
        Session(text(np.random.default_rng(7), "max")).push(np.zeros(3))
    assert session.push(np.zeros((0, 5)))["y"].shape == (0, 3)


def test_more_parts_than_there_was_room_for() -> None:
    rng = np.random.default_rng(8)
    plan = text(rng, "mean")
    session, exact = Session(plan, engine="native"), Session(plan, engine="numpy")
    for count in (3, 200, 500, 0):
        frame: dict[str, Any] = {"token": 3, "spelling": rng.integers(0, 9, count)}
        np.testing.assert_allclose(session.push(frame)["y"], exact.push(frame)["y"], atol=1e-5)


def test_torch_is_not_needed(tmp_path: Path) -> None:
    """A saved plan is streamed by a process that may import nothing but NumPy and what reads the file."""
    plan = p.Plan("T", (p.Value("x", (3,)),), (cell(np.random.default_rng(0), "gru", "x", "h", (3, 4)),),
                  (p.Value("h", (4,)),))  # fmt: skip
    p.save_plan(plan, tmp_path / "plan")
    code = (
        "import sys\n"
        "for name in ('torch', 'lightning', 'polars', 'narwhals', 'scipy', 'pandas'): sys.modules[name] = None\n"
        "import numpy as np\nfrom gatelet.stream import Session\n"
        f"session = Session({str(tmp_path / 'plan')!r})\n"
        "print(session.engine, session.push(np.ones((2, 3), np.float32)).shape)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout in ("native (2, 4)\n", "numpy (2, 4)\n")


@pytest.mark.parametrize("value", [np.nan, np.inf, 0.5])
def test_what_a_state_counts_is_whole(value: float) -> None:
    plan = stacked(np.random.default_rng(0), "gru", restart=4)
    session = Session(plan, engine="numpy")
    parts = session._shared.engine.read(session._stream)
    parts[1] = np.array([value])
    with pytest.raises(ModelError, match="'step' must hold whole numbers"):
        session.state = to_bytes(plan, parts)
