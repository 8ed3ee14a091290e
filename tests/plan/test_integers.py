"""Integer operations: the bits of the integer reference and of the C, state by state, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import small_plans

from gatelet import plan as p
from gatelet.deploy.quantization import Ranges, quantize_cell, quantize_dense, quantize_stack, quantize_table
from gatelet.errors import DataError, ModelError
from gatelet.plan import interpret
from gatelet.reference import Array, LayerWeights
from gatelet.reference.integer import vectors
from gatelet.runtime import DenseLayer, Kind, affine

CELLS: dict[Kind, tuple[type[p.IntegerRecurrent], int]] = {
    "gru": (p.IntegerGRU, 3),
    "lstm": (p.IntegerLSTM, 4),
    "fastgrnn": (p.IntegerFastGRNN, 1),
}


def weights(rng: np.random.Generator, *shape: int) -> Array:
    return small_plans.weights(rng, *shape).astype(np.float64)


def layer(rng: np.random.Generator, kind: Kind, inputs: int, hidden: int) -> LayerWeights:
    gates = CELLS[kind][1]
    scan = kind == "fastgrnn"
    return LayerWeights(
        weights(rng, gates * hidden, inputs),
        weights(rng, gates * hidden, hidden),
        weights(rng, 2 * hidden if scan else gates * hidden),
        weights(rng, 0 if scan else gates * hidden),
        scales=np.array([1.0, -4.0]) if scan else None,
    )


def operation(kind: Kind, weights: LayerWeights, source: str, target: str, **settings: Any) -> p.IntegerRecurrent:
    exponent = 1 if kind == "gru" else 2
    cell = quantize_cell(kind, weights, 2.0**-13, exponent=0 if kind == "gru" else exponent)
    extra: dict[str, Any] = {} if kind == "gru" else {"exponent": cell.exponent}
    if kind == "fastgrnn":
        extra |= {"zeta": cell.zeta, "nu": cell.nu}
    parts = (cell.weight_ih, cell.weight_hh, cell.multiplier_ih, cell.multiplier_hh, cell.bias, cell.shift)
    made: Any = CELLS[kind][0]
    found: p.IntegerRecurrent = made(source, target, *parts, **extra, **settings)
    return found


def integer_plan(seed: int = 0) -> p.Plan:
    """Floats and tokens through one of each integer operation, to floats."""
    rng = np.random.default_rng(seed)
    table, other = quantize_table(weights(rng, 11, 5)), quantize_table(weights(rng, 9, 5))
    dense = quantize_dense(weights(rng, 3, 7), weights(rng, 3), 2.0**-15, 2.0**-12)
    both = quantize_dense(weights(rng, 4, 14), weights(rng, 4), 2.0**-15, 2.0**-11)
    return p.Plan(
        "Test",
        (p.Value("x", (5,), unit="V"), p.Value("token", (), "int"), p.Value("spelling", ("parts",), "int")),
        (
            p.Quantize("x", "x16", 2.0**-13),
            p.IntegerAffine("x16", "scaled", np.arange(5, dtype=np.int16), np.arange(5, dtype=np.int16) - 2, 1),
            p.IntegerEmbedding("token", "word", table.table, table.multiplier, table.shift),
            p.IntegerEmbedding("spelling", "spelled", other.table, other.multiplier, other.shift, mean=True),
            p.IntegerAdd(("scaled", "word", "spelled"), "sum", np.array([1, -2, 3, -4, 5], np.int16)),
            operation("gru", layer(rng, "gru", 5, 7), "sum", "h0"),
            operation("lstm", layer(rng, "lstm", 7, 7), "h0", "h1", restart=5, cell="c1"),
            operation("fastgrnn", layer(rng, "fastgrnn", 7, 7), "h1", "h2"),
            p.IntegerPool("h1", "largest", "max"),
            p.IntegerPool("h1", "mean", "mean"),
            p.IntegerPool("h2", "root", "root"),
            p.IntegerDense("mean", "scores", dense.weight, dense.multiplier, dense.bias, dense.shift, "tanh"),
            p.Concatenate(("largest", "h0"), "joined"),
            p.IntegerDense("joined", "more", both.weight, both.multiplier, both.bias, both.shift, "relu"),
            p.Dequantize("scores", "y", 2.0**-15),
        ),
        (p.Value("y", (3,)), p.Value("more", (4,), "int"), p.Value("root", (7,), "int"), p.Value("c1", (7,), "int")),
    )


def frames(count: int, seed: int = 1) -> list[dict[str, Any]]:
    rng = np.random.default_rng(seed)
    return [
        {"x": rng.standard_normal(5), "token": rng.integers(-1, 11), "spelling": rng.integers(-1, 9, rng.integers(4))}
        for _ in range(count)
    ]


@pytest.mark.parametrize("kind", CELLS)
@pytest.mark.parametrize(("inputs", "units"), [(1, 1), (5, 17)])
def test_cells_have_the_bits_of_the_c(kind: Kind, inputs: int, units: int) -> None:
    rng = np.random.default_rng(2)
    weights = [layer(rng, kind, inputs, units), layer(rng, kind, units, units)]
    stack = quantize_stack(kind, weights, Ranges(4.0, (2.0, 2.0)))
    settings = [{"exponent": cell.exponent} if kind != "gru" else {} for cell in stack.cells]
    if kind == "fastgrnn":
        settings = [s | {"zeta": c.zeta, "nu": c.nu} for s, c in zip(settings, stack.cells, strict=True)]
    x = rng.integers(-(2**15), 2**15, (60, inputs))
    expected, _ = stack.run(x.astype(np.int16), stack.initial_state())

    def cells(over: str, shape: tuple[Any, ...]) -> p.Plan:
        made: list[p.Operation] = []
        kind_of_cell: Any = CELLS[kind][0]
        for depth, (cell, extra) in enumerate(zip(stack.cells, settings, strict=True)):
            parts = (cell.weight_ih, cell.weight_hh, cell.multiplier_ih, cell.multiplier_hh, cell.bias, cell.shift)
            made.append(kind_of_cell(f"h{depth}", f"h{depth + 1}", *parts, over=over, **extra))
        return p.Plan(
            "T", (p.Value("h0", (*shape, inputs), "int"),), tuple(made), (p.Value("h2", (*shape, units), "int"),)
        )

    streamed = interpret.whole(cells("steps", ()), [{"h0": row} for row in x])["h2"]
    np.testing.assert_array_equal(streamed, expected)
    rows = cells("rows", ("time",))
    np.testing.assert_array_equal(interpret.step(rows, {"h0": x}, interpret.start(rows))[0]["h2"], expected)


def test_layers_have_the_bits_of_the_c() -> None:
    rng = np.random.default_rng(3)
    x = rng.integers(-(2**15), 2**15, (9, 7)).astype(np.int16)
    dense = quantize_dense(weights(rng, 3, 7), weights(rng, 3), 2.0**-15, 2.0**-14)
    made = p.IntegerDense("x", "y", dense.weight, dense.multiplier, dense.bias, dense.shift)
    np.testing.assert_array_equal(made.run([x.astype(np.float64)], ())[0][0], DenseLayer(dense).run(x))
    center, multiplier = x[0], rng.integers(-9000, 9000, 7).astype(np.int16)
    scaled = p.IntegerAffine("x", "y", center, multiplier, 9).run([x.astype(np.float64)], ())[0][0]
    np.testing.assert_array_equal(scaled, [affine(row, center, multiplier, 9) for row in x])


def test_sums_are_divided_as_whole_numbers_are() -> None:
    rng = np.random.default_rng(4)
    sums, count = np.zeros(3, np.int64), 0
    rows = rng.integers(-(2**15), 2**15, (400, 3))
    for row in rows:
        sums, count = vectors.accumulate(sums, count, row)
        mean = sums / count
        assert np.abs(vectors.divided(sums, count) - mean).max() <= 0.5
        root = np.clip(sums / np.sqrt(count), -(2**15), 2**15 - 1)
        assert np.abs(vectors.divided_by_root(sums, count) - root).max() <= 0.5 + 2**15 / 256
    assert vectors.divided(np.array([3, -3, 5]), 2).tolist() == [2, -2, 3]
    sums, count = np.array([2**30, -(2**30), 7]), 2**15
    sums, count = vectors.accumulate(sums, count, np.array([32767, -32768, 0]))
    assert count == 2**14 + 1 and sums.tolist() == [2**29 + 32767, -(2**29) - 32768, 4]


def test_steps_are_rows() -> None:
    rng = np.random.default_rng(5)
    x = rng.integers(-(2**15), 2**15, (70, 3)).astype(np.float64)
    for kind in ("last", "max", "mean", "root"):
        steps = p.Plan(
            "T", (p.Value("x", (3,), "int"),), (p.IntegerPool("x", "y", kind),), (p.Value("y", (3,), "int"),)
        )
        found = interpret.whole(steps, [{"x": row} for row in x])["y"][-1]
        np.testing.assert_array_equal(p.IntegerPool("x", "y", kind, "rows").run([x], ())[0][0], found)


def test_chunks_are_the_whole_and_it_is_saved(tmp_path: Path) -> None:
    plan = integer_plan()
    given = frames(40)
    whole = interpret.whole(plan, given)
    state = interpret.start(plan)
    for t, frame in enumerate(given):
        found, state = interpret.step(plan, frame, state)
        for name, value in found.items():
            np.testing.assert_array_equal(value, whole[name][t])
    back = p.load_plan(p.save_plan(plan, tmp_path / "plan"))
    assert isinstance(back, p.Plan) and back.digest == plan.digest and back.table() == plan.table()
    again = interpret.whole(back, given)
    assert all(np.array_equal(again[name], whole[name]) for name in whole)


def test_the_table_counts_bytes() -> None:
    plan = integer_plan()
    rows = {row["writes"]: row for row in plan.table()}
    assert rows["h0"]["parameters"] == 21 * 12 + 2 * 21 + 28
    assert rows["h0"]["weight_bytes"] == 21 * 12 + 2 * (2 * 21) + 4 * 28
    assert rows["h0"]["state_bytes"] == 14 and rows["h1, c1"]["state_bytes"] == 2 * 14 + 4
    assert rows["largest"]["state_bytes"] == 14 and rows["mean"]["state_bytes"] == 4 * 8
    assert plan.weight_bytes == sum(row["weight_bytes"] for row in plan.table())
    assert plan.kinds["h0"] == plan.kinds["joined"] == "int16" and plan.kinds["y"] == "float"


def test_what_is_quantized_is_rounded_and_clamped() -> None:
    x = np.array([0.5, -0.5, 0.49, 1e9, -np.inf, np.nan, 2.5])
    found = p.Quantize("x", "y", 1.0).run([x], ())[0][0]
    assert found.tolist() == [1, 0, 0, 32767, -32768, 0, 3]
    assert p.Dequantize("y", "z", 0.25).run([found], ())[0][0].tolist() == [0.25, 0, 0, 8191.75, -8192, 0, 0.75]


def _gru(**changes: Any) -> p.IntegerGRU:
    made = operation("gru", layer(np.random.default_rng(0), "gru", 3, 4), "x", "h")
    assert isinstance(made, p.IntegerGRU)
    return replace(made, **changes)


X, H = p.Value("x", (3,), "int"), p.Value("h", (4,), "int")
LEAST = np.full(3, -(2**15), np.int16)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: p.Plan("T", (p.Value("x", (3,)),), (_gru(),), (H,)), "'x', which IntegerGRU reads, must be 16-bit"),
        (lambda: p.Plan("T", (X,), (_gru(),), (p.Value("h", (4,)),)), "'h' must be said to be int"),
        (
            lambda: p.Plan("T", (X,), (_gru(), p.Softmax("h", "y")), (p.Value("y", (4,)),)),
            "'h', which Softmax reads, must be floats",
        ),
        (
            lambda: p.Plan("T", (X,), (_gru(), p.Delay("h", "d", 4)), (H,)),
            "'h', which Delay reads, must be floats",
        ),
        (
            lambda: p.Plan(
                "T", (X, p.Value("f", (2,))), (_gru(), p.Concatenate(("h", "f"), "y")), (p.Value("y", (6,)),)
            ),
            "What Concatenate reads must be of one kind; it is float and int16",
        ),
        (
            lambda: p.Plan(
                "T",
                (p.Value("t", (), "int"),),
                (p.Pairs("t", "u", 7), p.IntegerPool("u", "y", "max")),
                (p.Value("y", ()),),
            ),
            "'u', which IntegerPool reads, must",
        ),
        (lambda: p.Plan("T", (X,), (_gru(shift=2),), (H,)), "shift must lie within"),
        (lambda: p.Plan("T", (X,), (_gru(shift=3.0),), (H,)), "shift of IntegerGRU must be a whole number"),
        (lambda: p.Plan("T", (X,), (_gru(bias=np.full(16, 2**31 - 1, np.int32)),), (H,)), r"must stay below 2\^31"),
        (lambda: p.Plan("T", (X,), (_gru(multiplier_ih=np.full(12, -1, np.int16)),), (H,)), "must not be negative"),
        (lambda: p.Plan("T", (X,), (_gru(weight_hh=np.zeros((12, 4), np.int16)),), (H,)), "must hold int8"),
        (lambda: p.Plan("T", (X,), (_gru(bias=np.zeros(12, np.int32)),), (H,)), "bias of IntegerGRU must have shape"),
        (lambda: p.Plan("T", (X,), (p.Dequantize("x", "y", 0.0),), (p.Value("y", (3,)),)), "unit of Dequantize"),
        (
            lambda: p.IntegerAffine("x", "y", LEAST, LEAST, 24).shapes([(3,)]),
            "IntegerAffine multiplies must",
        ),
    ],
)
def test_what_does_not_fit_is_refused(make: Callable[[], object], message: str) -> None:
    with pytest.raises(ModelError, match=message) as caught:
        make()
    assert len(str(caught.value).splitlines()) == 1 and str(caught.value).endswith(".")


def test_frames_must_hold_integers() -> None:
    plan = p.Plan("T", (X,), (_gru(),), (H,))
    for wrong in ([0.5, 0, 0], [40_000, 0, 0]):
        with pytest.raises(DataError, match="'x' must hold whole numbers from -32768 to 32767"):
            interpret.step(plan, {"x": wrong}, interpret.start(plan))
