"""Integer plans as streams: the native program runs the C for devices, and has the interpreter's bits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_plans import text, window, window_frames
from test_integers import CELLS, frames, integer_plan, layer, operation

from gatelet import plan as p
from gatelet.deploy.quantization import quantize
from gatelet.errors import DataError
from gatelet.plan import interpret
from gatelet.runtime import Kind
from gatelet.stream import Session, SessionPool
from gatelet.stream.described import described
from gatelet.stream.native import NativeEngine, can_run


def pushed(session: Session, given: list[dict[str, Any]]) -> dict[str, Any]:
    """The outputs of frames, one after the other."""
    found = [session.push(frame) for frame in given]
    if not isinstance(found[0], dict):
        return {session.plan.outputs[0].name: np.array(found)}
    return {name: np.array([each[name] for each in found]) for name in found[0]}


def test_a_stream_has_the_bits_of_the_plan() -> None:
    plan, given = integer_plan(), frames(60)
    session = Session(plan)
    assert session.engine == "native"
    expected = interpret.whole(plan, given)
    for name, found in pushed(session, given).items():
        np.testing.assert_array_equal(found, expected[name])
    # what is on its way goes from one engine to the other
    exact = Session(plan, engine="numpy")
    exact.state = session.state
    for frame in frames(20, seed=5):
        found, wanted = session.push(frame), exact.push(frame)
        assert all(np.array_equal(found[name], wanted[name]) for name in wanted)
    session.state = exact.state
    np.testing.assert_array_equal(session.push(given[0])["root"], exact.push(given[0])["root"])


@settings(max_examples=15)
@given(st.lists(st.integers(1, 4), max_size=6), st.integers(0, 2**16))
def test_chunked_is_whole(chunks: list[int], seed: int) -> None:
    plan = integer_plan(seed % 5)
    given = frames(sum(chunks) + 1, seed)
    for frame in given:  # one length for all, so that they can be pushed together
        frame["spelling"] = np.pad(frame["spelling"], (0, 4 - len(frame["spelling"])), constant_values=-1)
    together = {name: np.array([frame[name] for frame in given]) for name in given[0]}
    whole = Session(plan).push(together)
    session, at = Session(plan), 0
    for chunk in chunks:
        found = session.push({name: values[at : at + chunk] for name, values in together.items()})
        for name, values in found.items():
            np.testing.assert_array_equal(values, whole[name][at : at + chunk])
        at += chunk
        taken_up = Session(plan) if chunk % 2 else session.fork()
        taken_up.state = session.state
        session = taken_up


@pytest.mark.parametrize("kind", CELLS)
def test_cells_over_rows_and_from_values(kind: Kind) -> None:
    rng = np.random.default_rng(3)
    starts = ("h0", "c0") if kind == "lstm" else ("h0",)
    weights = layer(rng, kind, 3, 17)
    for over, more in (
        ("rows", {}),
        ("rows", {"reverse": True, "restart": 2}),
        ("each", {}),
        ("steps", {"restart": 2}),
    ):
        shape = () if over == "steps" else ("time",)
        extra: dict[str, Any] = {"cell": "c"} if kind == "lstm" else {}
        plan = p.Plan(
            "Test",
            (p.Value("x", (*shape, 3), "int"), *(p.Value(start, (17,), "int") for start in starts)),
            (operation(kind, weights, "x", "h", over=over, start=starts, **extra, **more),),
            tuple(p.Value(name, (*shape, 17), "int") for name in ("h", *extra.values())),
        )
        engine, state = NativeEngine(plan), interpret.start(plan)
        engine.resize(1)
        for rows in (5, 1, 40):
            given = [rng.integers(-(2**15), 2**15, (rows,)[: len(shape)] + (3,))]
            given += [rng.integers(-(2**15), 2**15, 17) for _ in starts]
            frame = {value.name: part for value, part in zip(plan.inputs, given, strict=True)}
            expected, state = interpret.step(plan, frame, state)
            found = engine.push(np.array([0]), [np.asarray(part, np.float64)[None, None] for part in given])
            for value, array in zip(plan.outputs, found, strict=True):
                np.testing.assert_array_equal(array[0, 0], expected[value.name])


def test_pools_of_many_steps_and_rows() -> None:
    """Sums of 2^15 steps are halved, there as here."""
    rng = np.random.default_rng(4)
    x = rng.integers(-(2**15), 2**15, (2**15 + 3, 3)).astype(np.float64)
    x[:, 0] = 2**15 - 1
    for kind in ("last", "max", "mean", "root"):
        steps, rows = (
            p.Plan(
                "T",
                (p.Value("x", (*head, 3), "int"),),
                (p.IntegerPool("x", "y", kind, over),),
                (p.Value("y", (3,), "int"),),
            )  # fmt: skip
            for head, over in (((), "steps"), (("rows",), "rows"))
        )
        expected = p.IntegerPool("x", "y", kind, "rows").run([x], ())[0][0]
        np.testing.assert_array_equal(Session(steps).push(x)[-1], expected)
        few = p.IntegerPool("x", "y", kind, "rows").run([x[:300]], ())[0][0]
        np.testing.assert_array_equal(Session(rows).push(x[:300]), few)


@pytest.mark.parametrize("head", ["quantiles", "student_t"])
def test_a_forecaster_in_integers(head: str) -> None:
    """Doubles up to where they become integers: those are the interpreter's, so forecasts differ by rounding alone."""
    rng = np.random.default_rng(5)
    plan = window(rng, head)
    given = window_frames(rng, 30)
    made = quantize(plan, [given])
    assert can_run(made)
    expected = interpret.whole(made, given)["forecast"]
    np.testing.assert_allclose(pushed(Session(made), given)["forecast"], expected, rtol=1e-6)


def test_a_classifier_in_integers() -> None:
    rng = np.random.default_rng(6)
    plan = text(rng, "root")
    given: list[dict[str, Any]] = [
        {"token": int(rng.integers(0, 11)), "spelling": rng.integers(0, 9, rng.integers(0, 4))} for _ in range(40)
    ]
    made = quantize(plan, [given])
    assert can_run(made)
    expected = interpret.whole(made, given)
    found = pushed(Session(made), given)
    np.testing.assert_allclose(found["y"], expected["y"], atol=1e-6)
    np.testing.assert_array_equal(found["written"], expected["written"])


def test_blocks_of_zeros_are_left_out() -> None:
    rng = np.random.default_rng(7)
    for kind in ("gru", "lstm"):
        weights = layer(rng, kind, 8, 32)
        for matrix in (weights.weight_ih, weights.weight_hh):
            matrix.reshape(-1, 32, matrix.shape[1] // 4, 4)[:, rng.random((32, matrix.shape[1] // 4)) < 0.9] = 0
        cell = operation(kind, weights, "x", "h")
        found = described(cell)
        assert found is not None and found.settings[4] in (1, 3) and found.constants[0].size < cell.weight_hh.size / 2
        plan = p.Plan("T", (p.Value("x", (8,), "int"),), (cell,), (p.Value("h", (32,), "int"),))
        x = rng.integers(-(2**15), 2**15, (30, 8)).astype(np.float64)
        np.testing.assert_array_equal(Session(plan).push(x), interpret.whole(plan, [{"x": row} for row in x])["h"])


def test_a_pool_is_its_sessions() -> None:
    plan, pool = integer_plan(), SessionPool(integer_plan(), 40)
    sessions = [Session(plan) for _ in range(40)]
    for step in range(3):
        given = frames(40, seed=step)
        for frame in given:
            frame["spelling"] = np.pad(frame["spelling"], (0, 4 - len(frame["spelling"])), constant_values=-1)
        found = pool.push({name: np.array([frame[name] for frame in given]) for name in given[0]})
        for stream, (session, frame) in enumerate(zip(sessions, given, strict=True)):
            expected = session.push(frame)
            assert all(np.array_equal(found[name][stream], expected[name]) for name in expected)


def test_what_is_no_integer_is_refused() -> None:
    rng = np.random.default_rng(8)
    plan = p.Plan("T", (p.Value("x", (3,), "int"),), (operation("gru", layer(rng, "gru", 3, 4), "x", "h"),), (
        p.Value("h", (4,), "int"),))  # fmt: skip
    session = Session(plan)
    for wrong in ([0.5, 0, 0], [2**15, 0, 0], [np.inf, 0, 0]):
        with pytest.raises(DataError, match="whole numbers from -32768 to 32767"):
            session.push(np.array(wrong))
    assert session.push(np.array([-(2**15), 0, 1])).dtype == np.int64
    made = p.Plan("T", (p.Value("x", (2,)),), (p.Quantize("x", "q", 0.5), p.Dequantize("q", "y", 0.5)), (
        p.Value("y", (2,)),))  # fmt: skip
    assert Session(made).push(np.array([np.nan, 1e30])).tolist() == [0.0, (2**15 - 1) / 2]
