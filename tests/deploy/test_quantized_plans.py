"""Whole plans in integers: how close they are, what stays floats, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gatelet import plan as p
from gatelet.deploy.quantization import convert, observe, quantize
from gatelet.errors import ExportError, ModelError
from gatelet.plan import interpret
from gatelet.stream import Session

Rng = np.random.Generator
CELLS: dict[str, tuple[type[p.Recurrent], int]] = {
    "gru": (p.GRU, 3),
    "gru_low": (p.GRU, 3),
    "lstm": (p.LSTM, 4),
    "lstm_low": (p.LSTM, 4),
    "fastgrnn": (p.FastGRNN, 1),
}


def weights(rng: Rng, *shape: int) -> Any:
    return (0.25 * rng.standard_normal(shape)).astype(np.float32)


def cell(rng: Rng, kind: str, source: str, target: str, sizes: tuple[int, int], **settings: Any) -> p.Recurrent:
    make, gates = CELLS[kind]
    inputs, hidden = sizes
    biases = (2 * hidden, 0) if kind == "fastgrnn" else (gates * hidden, gates * hidden)
    if kind == "fastgrnn":
        settings["scales"] = np.array([1.0, -4.0], np.float32)
    rank = 4 if kind.endswith("_low") else hidden
    if rank < hidden:
        settings["right"] = weights(rng, rank, hidden)
    parts = (weights(rng, gates * hidden, inputs), weights(rng, gates * hidden, rank))
    return make(source, target, *parts, *(weights(rng, size) for size in biases), **settings)


def stacked(kind: str, seed: int = 0) -> p.Plan:
    """Numbers through two cells and a softmax."""
    rng = np.random.default_rng(seed)
    return p.Plan(
        "Test",
        (p.Value("x", (5,), unit="V"),),
        (
            p.Standardize("x", "scaled", weights(rng, 5), np.full(5, 2.0, np.float32)),
            cell(rng, kind, "scaled", "h0", (5, 17)),
            cell(rng, kind, "h0", "h1", (17, 15), restart=40),
            p.Dense("h1", "hidden", weights(rng, 9, 15), weights(rng, 9), "tanh"),
            p.Dense("hidden", "scores", weights(rng, 3, 9)),
            p.Softmax("scores", "y"),
        ),
        (p.Value("y", (3,)), p.Value("h1", (15,))),
    )


def text(over: str, pooling: str = "max") -> p.Plan:
    """Tokens with spellings and votes of pairs; as they come, or the whole from both ends."""
    rng = np.random.default_rng(1)
    head: tuple[str, ...] = ("time",) if over == "rows" else ()
    cells: list[p.Operation] = [cell(rng, "gru", "x", "h.forward", (4, 6), over=over)]
    if over == "rows":
        cells.append(cell(rng, "gru", "x", "h.reverse", (4, 6), over=over, reverse=True))
    return p.Plan(
        "Test",
        (p.Value("token", head, "int"), p.Value("spelling", (*head, "parts"), "int")),
        (
            p.Embedding("token", "word", weights(rng, 11, 4)),
            p.Embedding("spelling", "spelled", weights(rng, 9, 4), mean=True),
            p.Add(("word", "spelled"), "x"),
            *cells,
            p.Concatenate(tuple(each.outputs[0] for each in cells), "h"),
            p.Pool("h", "pooled", pooling, over),
            p.Dense("pooled", "scores", weights(rng, 3, 6 * len(cells)), weights(rng, 3)),
            p.Pairs("token", "pair", 13, over),
            p.Embedding("pair", "vote", weights(rng, 13, 3)),
            p.Pool("vote", "votes", "root", over),
            p.Add(("scores", "votes"), "all"),
            p.Softmax("all", "y"),
        ),
        (p.Value("y", (3,)),),
    )


def number_frames(count: int) -> list[dict[str, Any]]:
    return [{"x": row} for row in np.random.default_rng(2).standard_normal((count, 5))]


def text_frames(count: int, length: int = 0) -> list[dict[str, Any]]:
    rng = np.random.default_rng(3)
    if not length:
        return [{"token": rng.integers(11), "spelling": rng.integers(0, 9, rng.integers(4))} for _ in range(count)]
    return [{"token": rng.integers(0, 11, length), "spelling": rng.integers(-1, 9, (length, 3))} for _ in range(count)]


@pytest.mark.parametrize(
    ("kind", "worst"), [("gru", 0.01), ("gru_low", 0.01), ("lstm", 0.02), ("lstm_low", 0.02), ("fastgrnn", 0.05)]
)
def test_a_stream_of_numbers(kind: str, worst: float, tmp_path: Path) -> None:
    plan, frames = stacked(kind), number_frames(150)
    made = quantize(plan, [frames[:100]])
    assert (made.inputs, made.outputs, made.task) == (plan.inputs, plan.outputs, plan.task)
    expected, found = interpret.whole(plan, frames), interpret.whole(made, frames)
    assert np.abs(found["y"] - expected["y"]).max() < worst
    assert not any(isinstance(each, p.Recurrent | p.Dense) for each in made.operations)
    assert made.weight_bytes < 0.45 * plan.weight_bytes and made.state_bytes <= 0.55 * plan.state_bytes
    back = p.load_plan(p.save_plan(made, tmp_path / "plan"))
    assert isinstance(back, p.Plan) and back.digest == made.digest
    state, steps = interpret.start(back), []
    for frame in frames:
        written, state = interpret.step(back, frame, state)
        steps.append(written["y"])
    np.testing.assert_array_equal(steps, found["y"])


@pytest.mark.parametrize("kind", ["gru_low", "lstm_low"])
def test_two_factors_stay_two_with_the_bits_of_the_c(kind: str) -> None:
    plan, frames = stacked(kind), number_frames(60)
    made = quantize(plan, [frames[:40]])
    low = [each for each in made.operations if isinstance(each, p.IntegerGRU | p.IntegerLSTM)]
    assert [np.shape(each.weight_hh)[1] for each in low] == [4, 4] and low[0].right is not None
    assert low[0].macs([(5,)]) == low[0].gates * 17 * (5 + 4) + 4 * 17
    session = Session(made)
    assert session.engine == "native"
    found = [session.push(frame) for frame in frames]
    expected = interpret.whole(made, frames)
    np.testing.assert_array_equal([each["h1"] for each in found], expected["h1"].astype(np.float32))
    assert Session(quantize(stacked(kind[:-4]), [frames[:40]])).plan.weight_bytes > made.weight_bytes
    with pytest.raises(ModelError, match=r"right of Integer.* must have shape \(4, 17\); it has \(4, 16\)"):
        replace(low[0], right=low[0].right[:, 1:]).shapes([(5,)])
    with pytest.raises(ModelError, match="must have right, multiplier_right and shift_right, or none"):
        replace(low[0], multiplier_right=None).shapes([(5,)])
    with pytest.raises(ModelError, match="does not hold together: shift must lie within"):
        replace(low[0], shift_right=0).shapes([(5,)])


def test_a_large_right_factor_is_no_trouble() -> None:
    """Its sums fill Q15 however large it is; what it is divided by goes to the left one."""
    plan, frames = stacked("gru_low"), number_frames(60)
    scaled = [
        replace(each, right=500 * each.right, weight_hh=each.weight_hh / np.float32(500))
        if isinstance(each, p.GRU) and each.right is not None
        else each
        for each in plan.operations
    ]
    found = interpret.whole(quantize(replace(plan, operations=tuple(scaled)), [frames]), frames)["y"]
    assert np.abs(found - interpret.whole(plan, frames)["y"]).max() < 0.01


@pytest.mark.parametrize(("over", "pooling"), [("steps", "max"), ("steps", "mean"), ("rows", "max"), ("rows", "last")])
def test_a_text_is_integers_from_token_to_scores(over: str, pooling: str) -> None:
    plan, frames = text(over, pooling), text_frames(40, 0 if over == "steps" else 7)
    made = quantize(plan, [frames])
    names = [type(each).__name__ for each in made.operations]
    assert names[-2:] == ["Dequantize", "Softmax"] and names.count("Dequantize") == 1 and "Quantize" not in names
    state = interpret.start(plan), interpret.start(made)
    for frame in frames:
        expected, after = interpret.step(plan, frame, state[0])
        found, now = interpret.step(made, frame, state[1])
        state = (after, now) if over == "steps" else state
        np.testing.assert_allclose(found["y"], expected["y"], atol=0.005)


def test_units_are_powers_of_two_and_joined_values_have_one() -> None:
    plan, frames = text("steps"), text_frames(30)
    made = convert(plan, observe(plan, [frames]))
    assert made.kept == ()
    assert made.units["h"] == made.units["pooled"] == 2.0**-15
    assert made.units["word"] == made.units["spelled"] == made.units["x"]
    assert made.units["votes"] == made.units["scores"] == made.units["all"]
    assert all(np.frexp(unit)[0] == 0.5 for unit in made.units.values())


def test_a_cell_that_stands_twice_has_the_same_constants_twice() -> None:
    rng = np.random.default_rng(4)
    first: Any = cell(rng, "lstm", "a", "h0", (4, 6), cell="c0")
    second = replace(first, source="b", target="h1", cell="", start=("h0", "c0"))
    plan = p.Plan(
        "Test",
        (p.Value("a", (4,)), p.Value("b", (4,))),
        (first, second, p.Dense("h1", "y", weights(rng, 2, 6))),
        (p.Value("y", (2,)),),
    )
    frames = [{"a": rng.standard_normal(4), "b": 9 * rng.standard_normal(4)} for _ in range(50)]
    made = quantize(plan, [frames])
    one, two = (each for each in made.operations if isinstance(each, p.IntegerLSTM))
    for name in ("weight_ih", "weight_hh", "multiplier_ih", "bias"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))
    assert one.exponent == two.exponent


def test_a_sum_beyond_its_unit_stays_floats() -> None:
    rng = np.random.default_rng(5)
    plan = p.Plan(
        "Test",
        (p.Value("x", (3,)),),
        (
            cell(rng, "gru", "x", "h0", (3, 3)),
            cell(rng, "gru", "h0", "h1", (3, 3)),
            p.Add(("h0", "h1"), "both", np.full(3, 5.0, np.float32)),
            p.Dense("both", "y", weights(rng, 2, 3)),
        ),
        (p.Value("y", (2,)),),
    )
    made = quantize(plan, [[{"x": row} for row in rng.standard_normal((20, 3))]])
    assert [type(each).__name__ for each in made.operations].count("Add") == 1


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"reset_after": False}, "GRU 'h0' cannot be integers: a GRU must reset after the product"),
        ({"layer_norm_ih": np.ones(51, np.float32), "layer_norm_hh": np.ones(51, np.float32)}, "LayerNorm has no"),
    ],
)
def test_cells_without_an_integer_form(change: dict[str, Any], reason: str) -> None:
    plan, frames = stacked("gru"), number_frames(30)
    before = plan.operations[1]
    assert isinstance(before, p.GRU)
    plan = replace(plan, operations=(plan.operations[0], replace(before, **change), *plan.operations[2:]))
    with pytest.raises(ExportError, match=reason):
        quantize(plan, [frames])
    made = quantize(plan, [frames], partly=True)
    assert [type(each).__name__ for each in made.operations[:4]] == ["Standardize", "GRU", "Quantize", "IntegerGRU"]
    assert convert(plan, observe(plan, [frames])).kept == ("h0",)
    found, expected = interpret.whole(made, frames)["y"], interpret.whole(plan, frames)["y"]
    assert np.abs(found - expected).max() < 0.01


def test_what_cannot_be_quantized_is_refused() -> None:
    plan, frames = stacked("gru"), number_frames(10)
    with pytest.raises(ExportError, match="at least one sequence with a frame; it has none"):
        quantize(plan, [])
    with pytest.raises(ExportError, match="this one holds integers already"):
        quantize(quantize(plan, [frames]), [frames])
    layer: Any = plan.operations[1]
    huge = replace(layer, weight_ih=np.full((51, 5), 1e9, np.float32))
    with pytest.raises(ExportError, match="GRU 'h0' cannot be integers: What goes into a gate"):
        quantize(replace(plan, operations=(plan.operations[0], huge, *plan.operations[2:])), [frames])
