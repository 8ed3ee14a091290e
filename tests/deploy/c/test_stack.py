"""The stack of a step: what is counted is never less than what was painted over."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import small_plans

from gatelet.deploy.c import checking, files, make_golden, program_of
from gatelet.deploy.c.golden import outcome
from gatelet.deploy.costs import COSTS
from gatelet.deploy.toolchains import CORES, missing_tools


@pytest.mark.parametrize("name", [name for name in CORES if name != "host"])
def test_more_is_counted_than_measured(name: str, tmp_path: Path) -> None:
    if missing := missing_tools(CORES[name]):
        pytest.skip(f"{CORES[name].title} needs {' and '.join(missing)}.")
    c = program_of(small_plans.stacked(np.random.default_rng(0), "lstm_norm"))  # of all cells the deepest calls
    files.write_program(c, tmp_path)
    files.write_selftest(c, tmp_path / "selftest", make_golden(c, 4))
    found = checking.check_core(c, CORES[name], tmp_path, tmp_path)
    calls = COSTS[name].calls if name in COSTS else max(cost.calls for cost in COSTS.values())
    assert c.work_bytes < found.stack <= c.work_bytes + calls
    assert found.remark.endswith(f"{found.stack:,} bytes of stack")
    assert found.measured["bytes of stack"] == found.stack


def test_where_nobody_knows_the_end_of_the_stack() -> None:
    said = outcome("y 12\nticks 7\nstack 0\nsame\n")
    assert said is not None and (said.ticks, said.stack) == (7, 0)
    found = checking.OnCore(CORES["avr"], 0.0, 8.0, "", said.stack)
    assert found.measured == {"cycles of a step": 8.0}
