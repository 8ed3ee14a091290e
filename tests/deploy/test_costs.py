"""What a step is estimated to cost, beside what was counted on emulated cores."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import small_plans

from gatelet.deploy.c import checking, files, make_golden, program_of
from gatelet.deploy.costs import COSTS
from gatelet.deploy.toolchains import CORES, missing_tools
from gatelet.deploy.work import KINDS, work_of

EDGE = Path(__file__).parents[2] / "benchmarks" / "edge"
COUNTED = json.loads((EDGE / "results" / "step_costs.json").read_text())


@pytest.fixture(scope="module")
def benchmark() -> ModuleType:
    pytest.importorskip("scipy")
    spec = importlib.util.spec_from_file_location("step_costs", EDGE / "step_costs.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    before = list(sys.path)
    spec.loader.exec_module(module)
    sys.path[:] = before
    return module


@pytest.mark.parametrize("core", list(COSTS))
def test_models_are_estimated_within_a_tenth(core: str, benchmark: ModuleType) -> None:
    models = benchmark.models()
    off = {name: COSTS[core].step(models[name]) / COUNTED[core][name] - 1 for name in models if name in COUNTED[core]}
    assert len(off) > 15
    assert {name: share for name, share in off.items() if abs(share) > 0.1} == {}


@pytest.mark.parametrize(("core", "name"), [("cortex-m4", "gru"), ("riscv32", "lstm_norm")])
def test_what_is_estimated_is_counted(core: str, name: str, tmp_path: Path) -> None:
    """With other weights and sizes than those that the costs are from."""
    if missing := missing_tools(CORES[core]):
        pytest.skip(f"{CORES[core].title} needs {' and '.join(missing)}.")
    plan = small_plans.stacked(np.random.default_rng(5), name, inputs=9, hidden=21)
    c = program_of(plan)
    files.write_program(c, tmp_path)
    files.write_selftest(c, tmp_path / "selftest", make_golden(c, 8))
    assert COSTS[core].step(plan) == pytest.approx(
        checking.check_core(c, CORES[core], tmp_path, tmp_path).cost, rel=0.1
    )


def test_blocks_of_zeros_that_are_left_out_cost_nothing() -> None:
    plan = small_plans.stacked(np.random.default_rng(0), "gru", inputs=16, hidden=16)
    dense = work_of(plan)
    cell = plan.operations[1]
    cell.weight_hh[:, 4:] = 0  # type: ignore[attr-defined]
    assert work_of(plan)["f_product"] == dense["f_product"] - 3 * 16 * 12
    assert set(dense) <= set(KINDS)
