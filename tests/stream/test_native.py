"""The native program beside the interpreter: values of any length, cells over rows, whole sequences, decoders."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_plans import CELLS, cell, weights, window, window_frames, writer

from gatelet import plan as p
from gatelet.errors import DataError
from gatelet.plan import interpret
from gatelet.stream import Session, SessionPool
from gatelet.stream.layout import Layout, doubles
from gatelet.stream.native import ROOM, NativeEngine, can_run

Rng = np.random.Generator
CLOSE: dict[str, Any] = {"rtol": 1e-4, "atol": 1e-5}


def check(plan: p.Plan, frames: list[dict[str, Any]]) -> None:
    """Steps of one stream are those of the interpreter."""
    assert can_run(plan)
    engine, state = NativeEngine(plan), interpret.start(plan)
    engine.resize(1)
    for frame in frames:
        expected, state = interpret.step(plan, frame, state)
        given = [np.asarray(frame[value.name], np.float64)[None, None] for value in plan.inputs]
        found = engine.push(np.array([0]), given)
        for value, array in zip(plan.outputs, found, strict=True):
            np.testing.assert_allclose(array[0, 0], expected[value.name], **CLOSE)


def over_rows(rng: Rng, name: str, over: str, rows: int | str, started: bool, **options: Any) -> p.Plan:
    """A cell over rows, from zeros or from values; all that it can write is written."""
    sizes, parts = (3, 17), 2 if name.startswith("lstm") else 1
    starts = tuple(f"start{part}" for part in range(parts)) if started else ()
    extra = {"cell": "c"} if name.startswith("lstm") else {}
    outputs = [p.Value(out, (rows, 17)) for out in ("h", *extra.values())]
    return p.Plan(
        "Test",
        (p.Value("x", (rows, 3)), *(p.Value(start, (17,)) for start in starts)),
        (cell(rng, name, "x", "h", sizes, over=over, start=starts, **extra, **options),),
        tuple(outputs),
    )


def rows_of(rng: Rng, plan: p.Plan, lengths: list[int]) -> list[dict[str, Any]]:
    """Frames whose axes of any length have these lengths, one after the other."""

    def array(value: p.Value, length: int) -> Any:
        shape = [axis if isinstance(axis, int) else length for axis in value.shape]
        return rng.integers(0, 9, shape) if value.kind == "int" else rng.standard_normal(shape)

    return [{value.name: array(value, length) for value in plan.inputs} for length in lengths]


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("started", [False, True])
def test_cells_over_rows(name: str, started: bool) -> None:
    rng = np.random.default_rng(0)
    variants: list[tuple[str, dict[str, Any]]] = [
        ("rows", {}),
        ("rows", {"reverse": True}),
        ("rows", {"restart": 3}),
        ("rows", {"restart": 3, "reverse": True}),
        ("each", {}),
    ]
    for over, options in variants:
        plan = over_rows(rng, name, over, "time", started, **options)
        # errors of single precision grow from row to row, so sequences are short
        check(plan, rows_of(rng, plan, [40, ROOM + 1] if over == "each" else [7, 1, 6]))
        plan = over_rows(rng, name, over, 5, started, **options)
        check(plan, rows_of(rng, plan, [5, 5]))


@pytest.mark.parametrize("name", CELLS)
def test_cells_that_start_from_values(name: str) -> None:
    rng = np.random.default_rng(1)
    for restart in (0, 2):
        starts = ("a", "b")[: 2 if name.startswith("lstm") else 1]
        plan = p.Plan(
            "Test",
            (p.Value("x", (3,)), *(p.Value(start, (5,)) for start in starts)),
            (cell(rng, name, "x", "h", (3, 5), start=starts, restart=restart),),
            (p.Value("h", (5,)),),
        )
        check(plan, rows_of(rng, plan, [1] * 6))


def reader(rng: Rng, pooling: str) -> p.Plan:
    """A classifier that reads a whole text from both ends, with spellings and votes."""
    pool: p.Operation = p.Pool("both", "pooled", pooling, over="rows")
    if pooling == "attention":
        pool = p.AttentionPool("both", "pooled", weights(rng, 5, 8), weights(rng, 5), weights(rng, 5), over="rows")
    return p.Plan(
        "Test",
        (p.Value("tokens", ("time",), "int"), p.Value("spelling", ("time", "parts"), "int")),
        (
            p.Embedding("tokens", "words", weights(rng, 9, 4)),
            p.Embedding("spelling", "spelled", weights(rng, 9, 4), mean=True),
            p.Add(("words", "spelled"), "x", weights(rng, 4)),
            cell(rng, "gru", "x", "ahead", (4, 4), over="rows"),
            cell(rng, "gru", "x", "back", (4, 4), over="rows", reverse=True),
            p.Concatenate(("ahead", "back"), "both"),
            p.LayerNorm("both", "n", weights(rng, 8), weights(rng, 8)),
            p.Dense("n", "scored", weights(rng, 3, 8), None, "softplus"),
            p.Softmax("scored", "slots"),
            pool,
            p.Row("both", "first", last=False),
            p.Concatenate(("pooled", "first"), "all"),
            p.Concatenate(("both", "pooled"), "beside"),
            p.Dense("all", "scores", weights(rng, 3, 16), weights(rng, 3)),
            p.Pairs("tokens", "pairs", 13, over="rows", first=2),
            p.Embedding("pairs", "votes", weights(rng, 13, 3)),
            p.Pool("votes", "vote", "root", over="rows"),
            p.Add(("scores", "vote"), "y"),
        ),
        (p.Value("y", (3,)), p.Value("slots", ("time", 3)), p.Value("beside", ("time", 16))),
    )


@pytest.mark.parametrize("pooling", ["last", "max", "mean", "root", "attention"])
def test_whole_texts(pooling: str) -> None:
    rng = np.random.default_rng(2)
    plan = reader(rng, pooling)
    frames = []
    for length, parts in ((5, 3), (1, 1), (ROOM + 30, 2), (3, ROOM + 1), (2, 1)):
        spelling = rng.integers(-1, 9, (length, parts))
        frames.append({"tokens": rng.integers(-1, 9, length), "spelling": spelling})
    check(plan, frames)


@pytest.mark.parametrize("kind", ["additive", "dot"])
@pytest.mark.parametrize("source", [1, 7, ROOM + 9])
def test_decoders(kind: str, source: int) -> None:
    """Attention with coverage, input feeding, and states that begin at values, over memories of any length."""
    rng = np.random.default_rng(3)
    plan = writer(rng, kind)
    frame = rows_of(rng, plan, [source])[0]
    frames = [{**frame, "token": int(token)} for token in rng.integers(0, 9, 6)]
    check(plan, frames)
    together = {name: np.array([frame[name] for frame in frames]) for name in frame}
    session, exact = Session(plan), Session(plan, engine="numpy")
    found, expected = session.push(together), exact.push(together)
    assert (session.engine, found["weights"].shape) == ("native", (6, source))
    np.testing.assert_allclose(found["y"], expected["y"], **CLOSE)
    # a state goes to a session that has seen no memory of that length, and to the other engine
    for other in (Session(plan), exact):
        other.state = session.state
        np.testing.assert_allclose(other.push(frames[0])["y"], session.fork().push(frames[0])["y"], **CLOSE)
    longer = {**frames[0], "keys": np.zeros((source + 1, frame["keys"].shape[1]))}
    with pytest.raises(DataError, match="rows"):
        session.push(longer)


def test_streams_of_a_pool_keep_their_own_memories() -> None:
    rng = np.random.default_rng(4)
    plan = writer(rng)
    pool, sessions = SessionPool(plan, 40), [Session(plan, engine="numpy") for _ in range(40)]
    frames = rows_of(rng, plan, [5] * 40)
    for _ in range(3):
        found = pool.push({name: np.array([frame[name] for frame in frames]) for name in frames[0]})
        for stream in (0, 31, 39):
            expected = sessions[stream].push(frames[stream])
            np.testing.assert_allclose(found["y"][stream], expected["y"], **CLOSE)


@settings(max_examples=30)
@given(st.floats(-1e9, 1e9), st.floats(1e-3, 1e3), st.sampled_from(["quantiles", "student_t"]), st.integers(0, 99))
def test_windows_far_from_zero(center: float, spread: float, head: str, seed: int) -> None:
    """What lies far from zero keeps its digits, as in double precision."""
    rng = np.random.default_rng(seed)
    plan = window(rng, head)
    frames = window_frames(rng, 8)
    for frame in frames:
        frame["y"] = center + spread * frame["y"]
    expected = interpret.whole(plan, frames)["forecast"]
    found = Session(plan).push({name: np.array([frame[name] for frame in frames]) for name in frames[0]})
    assert found.dtype == np.float64
    size = np.abs(expected - center).max(initial=1e-3)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4 * size + 1e-9 * abs(center))


def test_where_doubles_are() -> None:
    plan = window(np.random.default_rng(5))
    assert doubles(plan) == {"y", "rows", "center", "scale", "forecast"}
    # a value that is read as both kinds is there twice, and a delayed one must be single
    both = p.Plan(
        "Test",
        (p.Value("x", (2,)),),
        (p.Standardize("x", "a", weights(np.random.default_rng(0), 2), np.ones(2, np.float32)), p.Filled("x", "b")),
        (p.Value("a", (2,)), p.Value("b", (2,))),
    )
    assert len(Layout(both, {}).conversions) == 1
    check(both, [{"x": [1e5 + 0.5, np.nan]}])
    late = p.Plan(
        "Test",
        (p.Value("x", ()),),
        (
            p.Window("x", "rows", 3),
            p.Center("rows", "center", "mean"),
            p.Concatenate(("center",), "c"),
            p.Scale("c", "center", "center", "back", back=True),
            p.Delay("back", "former", 1),
        ),
        (p.Value("former", (1,)),),
    )
    assert not can_run(late) and Session(late).engine == "numpy"


def test_single_and_double_frames_are_taken_as_they_are() -> None:
    plan = window(np.random.default_rng(6))
    step = p.Plan("Test", plan.inputs[:1], (p.Window("y", "rows", 3), p.Center("rows", "center", "last")), (
        p.Value("center", ()),))  # fmt: skip
    session = Session(step)
    assert session.push(np.array(1e9 + 0.25)) == 1e9 + 0.25
    assert session.push(np.array(0.5, np.float32)) == 0.5
    assert session.push(3).shape == () and session.push([1.0, 2.0]).tolist() == [1.0, 2.0]
