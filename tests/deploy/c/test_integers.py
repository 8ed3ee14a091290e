"""Plans of integers as C: the bits of the plan's interpreter, here and on emulated cores."""

from __future__ import annotations

import ctypes
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import small_plans
from hypothesis import given
from hypothesis import strategies as st

from gatelet import plan as p
from gatelet.deploy.c import checking, files, make_golden, program_of
from gatelet.deploy.c.integers import steps_of
from gatelet.deploy.quantization import quantize
from gatelet.deploy.toolchains import CORES, missing_tools
from gatelet.runtime import source_folder

Share = Callable[..., float]
STEPS = 2000


def series(kind: str, seed: int = 0) -> p.Plan:
    """Numbers through two integer cells and an integer layer; the outputs are the integers themselves."""
    rng = np.random.default_rng(seed)
    plan = p.Plan(
        "Test",
        (p.Value("x", (5,)),),
        (
            small_plans.cell(rng, kind, "x", "h0", (5, 7)),
            small_plans.cell(rng, kind, "h0", "h1", (7, 6)),
            p.Dense("h1", "y", small_plans.weights(rng, 3, 6), small_plans.weights(rng, 3), "tanh"),
        ),
        (p.Value("y", (3,)),),
    )
    made = quantize(plan, [[{"x": rng.standard_normal(5)} for _ in range(60)]])
    names = ("h0.int", "h1.int", "y.int")
    outputs = tuple(p.Value(name, made.shapes[name], "int") for name in names)
    return replace(made, operations=made.operations[:-1], outputs=outputs)


def text(pooling: str) -> p.Plan:
    """A text classifier with spellings and votes, in integers where it can be."""
    rng = np.random.default_rng(3)
    return quantize(small_plans.text(rng, pooling), [small_plans.text_frames(rng, 40)], partly=True)


@pytest.mark.parametrize("kind", ["gru", "gru_low", "lstm", "lstm_low", "fastgrnn"])
def test_bits_of_cells(kind: str, share: Share) -> None:
    c = program_of(series(kind))
    assert any(f"gatelet_q_{kind.replace('_low', '_low_rank')}_step" in line for line in c.lines)
    assert {port.type for port in c.outputs} == {"int16_t"}
    assert share(c, 200) == 0.0


@pytest.mark.parametrize("pooling", ["last", "max", "mean", "root", "attention"])
def test_texts(pooling: str, share: Share) -> None:
    assert share(program_of(text(pooling)), 60) <= 1.0


def test_a_forecaster(share: Share) -> None:
    rng = np.random.default_rng(3)
    plan = quantize(small_plans.window(rng), [small_plans.window_frames(rng, 40)])
    assert any(isinstance(each, p.IntegerLSTM) for each in plan.operations)
    assert share(program_of(plan), 30) <= 1.0


@pytest.mark.parametrize("kind", ["gru", "lstm"])
def test_blocks_of_zeros_are_left_out(kind: str, share: Share) -> None:
    plan = series(kind)
    first, cell, *others = plan.operations
    assert isinstance(cell, p.IntegerGRU | p.IntegerLSTM)
    empty = replace(cell, weight_ih=cell.weight_ih * 0)
    c = program_of(replace(plan, operations=(first, empty, *others)))
    assert any(f"gatelet_q_{kind}_sparse_step" in line for line in c.lines)
    assert share(c, 100) == 0.0


def test_whole_numbers_in(share: Share) -> None:
    """No float anywhere: whole numbers, standardized, through a cell, and pooled."""
    operations = series("gru").operations
    cells = [each for each in operations if isinstance(each, p.IntegerGRU)]
    center = np.arange(5, dtype=np.int16)
    plan = p.Plan(
        "Test",
        (p.Value("raw", (5,), "int"),),
        (
            p.IntegerAffine("raw", "x", center, np.full(5, 3000, np.int16), 2),
            replace(cells[0], source="x", target="h"),
            p.IntegerPool("h", "m", "mean"),
            p.IntegerPool("h", "l", "max"),
            p.IntegerPool("h", "r", "root"),
            p.IntegerAdd(("m", "l", "r"), "sum", np.full(7, 30000, np.int16)),
        ),
        tuple(p.Value(name, (7,), "int") for name in ("h", "m", "l", "r", "sum")),
    )
    c = program_of(plan)
    assert {port.type for port in (*c.inputs, *c.outputs)} == {"int16_t"}
    assert share(c, 100) == 0.0


@given(st.floats(1e-30, 1e30))
def test_a_unit_is_held_to_its_last_bits(unit: float) -> None:
    steps, shift = steps_of(unit)
    assert 2**37 <= steps < 2**38
    assert abs(steps / 2.0**shift * unit - 1.0) < 2.0**-37


@pytest.mark.parametrize("name", [name for name in CORES if name != "host"])
def test_every_core_gives_the_bits_of_the_plan(name: str, tmp_path: Path) -> None:
    if missing := missing_tools(CORES[name]):
        pytest.skip(f"{CORES[name].title} needs {' and '.join(missing)}.")
    c = program_of(series("gru"))
    files.write_program(c, tmp_path)
    files.write_selftest(c, tmp_path / "selftest", make_golden(c, 20, passes=STEPS // 20))
    found = checking.check_core(c, CORES[name], tmp_path, tmp_path)
    assert found.share == 0.0


@pytest.fixture(scope="module")
def from_float(library: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[float, float], int]:
    """A float as a number of units, by the C."""
    shared = tmp_path_factory.mktemp("shared") / "floats.so"
    sources = [str(source_folder() / "q_floats.c"), "-I", str(source_folder())]
    subprocess.run(["cc", "-std=c99", "-O1", "-shared", "-fPIC", *sources, "-o", str(shared)], check=True)
    function = ctypes.CDLL(str(shared)).gatelet_q_from_float
    function.argtypes = [ctypes.c_float, ctypes.c_uint64, ctypes.c_int16]
    function.restype = ctypes.c_int16
    return lambda x, unit: int(function(x, *steps_of(unit)))


@given(
    x=st.floats(width=32)
    | st.sampled_from([0.0, -0.0, 0.5, -0.5, 1.5, -1.5, 32767.5, -32768.5, np.inf, -np.inf, np.nan]),
    unit=st.sampled_from([1.0, 2.0**-15, 0.25, 1e30, 1e-30]) | st.floats(1e-6, 1e6),
)
def test_floats_become_the_integers_of_the_plan(
    from_float: Callable[[float, float], int], x: float, unit: float
) -> None:
    (y,), _ = p.Quantize("x", "y", unit).run([np.array(x)], ())
    assert from_float(x, unit) == y


@given(k=st.integers(-33000, 33000), unit=st.floats(1e-6, 1e6))
def test_floats_of_usual_size(from_float: Callable[[float, float], int], k: int, unit: float) -> None:
    x = float(np.float32((k + 0.3) * unit))
    (y,), _ = p.Quantize("x", "y", unit).run([np.array(x)], ())
    assert from_float(x, unit) == y
