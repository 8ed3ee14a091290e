"""Every operation and cell as C, compiled without a warning and run beside the plan's interpreter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import small_plans

from gatelet import plan as p
from gatelet.deploy.c import program_of
from gatelet.errors import ExportError

Share = Callable[..., float]


@pytest.mark.parametrize("name", small_plans.CELLS)
def test_cells_over_steps(name: str, share: Share) -> None:
    assert share(program_of(small_plans.stacked(np.random.default_rng(0), name))) <= 1.0


@pytest.mark.parametrize("name", ["gru", "lstm_norm"])
def test_cells_that_start_afresh(name: str, share: Share) -> None:
    assert share(program_of(small_plans.stacked(np.random.default_rng(0), name, restart=3))) <= 1.0


@pytest.mark.parametrize("pooling", ["last", "max", "mean", "root", "attention"])
def test_texts(pooling: str, share: Share) -> None:
    assert share(program_of(small_plans.text(np.random.default_rng(2), pooling))) <= 1.0


@pytest.mark.parametrize("center", ["mean", "last"])
def test_windows(center: str, share: Share) -> None:
    plan = small_plans.window(np.random.default_rng(3))
    changed = [replace(each, kind=center) if isinstance(each, p.Center) else each for each in plan.operations]
    assert share(program_of(replace(plan, operations=tuple(changed)))) <= 1.0


@pytest.mark.parametrize("levels", [(0.5,), (0.1, 0.5, 0.9), (1e-6, 0.025, 0.4, 0.975)])
def test_student_t(levels: tuple[float, ...], share: Share) -> None:
    """From about 2.1 degrees of freedom to so many that the distribution is normal."""
    spread = p.StudentTQuantiles("t", "q", levels)
    wide = p.Dense("x", "raw", np.array([[1.0], [1.0], [9.0]], np.float32), np.array([0, 0, 4], np.float32))
    operations = (wide, p.StudentT("raw", "t"), spread)
    plan = p.Plan("Test", (p.Value("x", (1, 1)),), operations, (p.Value("q", (1, len(levels))),))
    assert share(program_of(plan), 40) <= 1.0


def test_a_forecaster_with_student_t(share: Share) -> None:
    assert share(program_of(small_plans.window(np.random.default_rng(3), "student_t"))) <= 1.0


def rows(restart: int) -> p.Plan:
    """The last rows of a stream from both ends, pooled in all ways; a barred class; a former value."""
    rng = np.random.default_rng(6)
    weights = small_plans.weights
    back = {"over": "rows", "reverse": True, "restart": restart}
    return p.Plan(
        "Test",
        (p.Value("x", (3,)), p.Value("while", (), unit="*/ kPa")),
        (
            p.Concatenate(("x", "while"), "both"),
            p.Window("both", "x.rows", 5),
            small_plans.cell(rng, "gru", "x.rows", "f", (4, 5), over="rows", restart=restart),
            small_plans.cell(rng, "lstm", "x.rows", "s", (4, 5), **back),
            small_plans.cell(rng, "lstm", "x.rows", "q", (4, 5), cell="c", **back),
            p.Row("q", "q.first", last=False),
            p.Concatenate(("f", "s", "c"), "h"),
            p.AttentionPool("h", "a", weights(rng, 3, 15), weights(rng, 3), weights(rng, 3), "rows"),
            *(p.Pool("h", f"h.{kind}", kind, "rows") for kind in ("last", "max", "mean", "root")),
            p.Delay("scores", "former", 4),
            p.Concatenate(("a", "h.last", "h.max", "h.mean", "h.root", "q.first", "former"), "all"),
            p.Dense("all", "scores", weights(rng, 4, 84), None, "softplus"),
            p.Softmax("scores", "log", logarithm=True, barred=1),
            p.Softmax("scores", "share", barred=2),
        ),
        (p.Value("log", (4,)), p.Value("share", (4,)), p.Value("former", (4,)), p.Value("c", (5, 5))),
    )


@pytest.mark.parametrize("restart", [0, 2])
def test_rows_and_names_that_c_does_not_allow(restart: int, share: Share) -> None:
    assert share(program_of(rows(restart), "int_model")) <= 1.0


def test_blocks_of_zeros_are_left_out(share: Share) -> None:
    rng = np.random.default_rng(0)
    plan = small_plans.stacked(rng, "gru", inputs=9, hidden=16)
    cell = plan.operations[1]
    assert isinstance(cell, p.GRU)
    blocks = np.repeat(rng.random((16, 4)) < 0.2, 4, 1)  # (units, columns)
    sparse = replace(cell, weight_hh=cell.weight_hh * np.tile(blocks, (3, 1)), weight_ih=cell.weight_ih * 0)
    c = program_of(replace(plan, operations=(plan.operations[0], sparse, *plan.operations[2:])))
    assert any("gatelet_f_gru_sparse_step" in line for line in c.lines)
    assert share(c) <= 1.0


@pytest.mark.parametrize(("rank", "step"), [(4, "gru_low_rank_step"), (12, "gru_step")])
def test_weights_of_low_rank_stay_two_factors_where_that_is_less(rank: int, step: str, share: Share) -> None:
    rng = np.random.default_rng(0)
    plan = small_plans.stacked(rng, "gru", inputs=9, hidden=16)
    cell = plan.operations[1]
    assert isinstance(cell, p.GRU)
    low = replace(cell, weight_hh=cell.weight_hh[:, :rank], right=small_plans.weights(rng, rank, 16))
    c = program_of(replace(plan, operations=(plan.operations[0], low, *plan.operations[2:])))
    assert any(f"gatelet_f_{step}(" in line for line in c.lines)
    assert share(c) <= 1.0


def test_readings_far_from_zero_are_read_as_doubles(share: Share) -> None:
    plan = small_plans.stacked(np.random.default_rng(0), "gru")
    far = p.Standardize("x", "scaled", np.full(5, 1e6, np.float32), np.full(5, 0.5, np.float32))
    c = program_of(replace(plan, operations=(far, *plan.operations[1:])))
    assert c.inputs[0].type == "double"
    assert share(c) <= 1.0


def test_what_is_left_of_a_value(share: Share) -> None:
    assert share(program_of(small_plans.controlled(np.random.default_rng(8)))) <= 1.0


def test_what_c_cannot_say_is_refused() -> None:
    read, written = (p.Value("x", (2, 3)),), (p.Value("q", (2, 1)),)
    with pytest.raises(ExportError, match=r"keeps the degrees of freedom above 2.1; 'x' is not"):
        program_of(p.Plan("Test", read, (p.StudentTQuantiles("x", "q", (0.1,)),), written))
    close = (p.StudentT("x", "t"), p.StudentTQuantiles("t", "q", (1e-300,)))
    with pytest.raises(ExportError, match="must not lie so close to 0 and 1; got 1e-300"):
        program_of(p.Plan("Test", read, close, written))


def test_weights_that_operations_share_are_written_once(share: Share) -> None:
    """As those of a forecaster's encoder, which its decoder has too."""
    rng = np.random.default_rng(8)
    first = small_plans.cell(rng, "gru", "x", "h", (6, 6))
    second = replace(first, source="h", target="y")
    one, two = (
        p.Plan("Test", (p.Value("x", (6,)),), operations, (p.Value(name, (6,)),))
        for operations, name in (((first,), "h"), ((first, second), "y"))
    )
    assert program_of(two).flash == program_of(one).flash and len(program_of(two).constants) == 1
    assert share(program_of(two)) <= 1.0
