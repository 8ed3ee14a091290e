"""Log-mel frames as C: alone, before a cell in floats, and before one in integers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import small_plans

from gatelet import plan as p
from gatelet.deploy.budget import estimate
from gatelet.deploy.c import checking, files, make_golden, program_of
from gatelet.deploy.quantization import quantize
from gatelet.deploy.toolchains import CORES, missing_tools
from gatelet.errors import ExportError

Share = Callable[..., float]


@pytest.mark.parametrize(
    "sizes", [(160, 400, 512, 40), (160, 400, 400, 23), (7, 7, 8, 3), (3, 10, 12, 5), (1, 2, 2, 1)]
)
def test_sizes(sizes: tuple[int, int, int, int], share: Share) -> None:
    hop, length, points, bands = sizes
    plan = small_plans.sound(np.random.default_rng(0), hop=hop, length=length, points=points, bands=bands)
    assert share(program_of(plan), 9) <= 0.1


def test_before_integers(share: Share) -> None:
    rng = np.random.default_rng(0)
    plan = quantize(small_plans.sound(rng), [[{"samples": rng.standard_normal(160)} for _ in range(40)]])
    assert any(isinstance(each, p.IntegerGRU) for each in plan.operations)
    assert share(program_of(plan), 20) <= 1.0


def test_samples_that_something_else_reads_as_doubles(share: Share) -> None:
    plan = small_plans.sound(np.random.default_rng(0))
    far = p.Standardize("samples", "far", np.ones(160, np.float32), np.full(160, 9e-4, np.float32))
    more = replace(plan, operations=(*plan.operations, far), outputs=(*plan.outputs, p.Value("far", (160,))))
    c = program_of(more)
    assert c.inputs[0].type == "double"
    assert share(c, 9) <= 1.0


@pytest.mark.parametrize("name", ["cortex-m0", "cortex-m4", "riscv32", "avr"])
def test_cores(name: str, tmp_path: Path) -> None:
    if missing := missing_tools(CORES[name]):
        pytest.skip(f"{CORES[name].title} needs {' and '.join(missing)}.")
    c = program_of(small_plans.sound(np.random.default_rng(0)))
    files.write_program(c, tmp_path)
    files.write_selftest(c, tmp_path / "selftest", make_golden(c, 4))
    found = checking.check_core(c, CORES[name], tmp_path, tmp_path)
    assert found.share is not None and found.share <= 1.0
    # what is said before a model is trained
    assert estimate(c.plan, name).cost == pytest.approx(found.cost, rel=0.25)
    assert estimate(c.plan, name).flash > c.flash > 7000


def test_a_core_that_is_too_small_is_told(tmp_path: Path) -> None:
    c = program_of(small_plans.sound(np.random.default_rng(0), length=4000, points=8192))
    assert "of RAM" in checking.check_core(c, CORES["cortex-m0"], tmp_path, tmp_path).remark


def test_what_c_cannot_say_is_refused() -> None:
    plan = small_plans.sound(np.random.default_rng(0))
    first, *others = plan.operations
    assert isinstance(first, p.LogMel)
    with pytest.raises(ExportError, match="'frame' cannot be exported to C. A transform in C must have at most 16384"):
        wide = replace(first, filters=np.ones((40, 2**13 + 2), np.float32))
        program_of(replace(plan, operations=(wide, *others)))
    with pytest.raises(ExportError, match="floor of at least 1.18e-38"):
        program_of(replace(plan, operations=(replace(first, floor=1e-40), *others)))
