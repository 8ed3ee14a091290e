"""Whether a model fits a device: what is estimated, beside programs that are compiled."""

from __future__ import annotations

import shutil
import subprocess
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
import small_plans

from gatelet import plan as p
from gatelet.deploy.budget import Asked, Device, Verdict, estimate, judge, parse_device
from gatelet.deploy.c import files, program_of
from gatelet.deploy.costs import COSTS
from gatelet.deploy.quantization import convert
from gatelet.deploy.toolchains import CORES
from gatelet.errors import ExportError, GateletError


@pytest.mark.parametrize(
    ("text", "device"),
    [
        ("cortex-m4:64k-flash:16k-ram", Device("cortex-m4", 65536, 16384)),
        ("AVR:1.5k-ram", Device("avr", None, 1536)),
        ("cortex-m0:65536-flash", Device("cortex-m0", 65536, None)),
        (" riscv32:1m-flash ", Device("riscv32", 2**20, None)),
        ("cortex-m7", Device("cortex-m7")),
    ],
)
def test_devices(text: str, device: Device) -> None:
    assert parse_device(text) == device


@pytest.mark.parametrize(
    "text",
    [
        "",
        "z80",
        "host:64k-ram",
        "cortex-m4:",
        "cortex-m4:64k",
        "cortex-m4:0k-ram",
        "cortex-m4:1k-ram:2k-ram",
        "avr:-1k-ram",
    ],
)
def test_what_is_no_device(text: str) -> None:
    with pytest.raises(GateletError, match=r"must (begin with|have its flash)"):
        parse_device(text)


def planned(hidden: int) -> p.Plan:
    return small_plans.stacked(np.random.default_rng(0), "gru", inputs=8, hidden=hidden)


def test_a_model_that_fits() -> None:
    told: list[Verdict] = []
    Asked(parse_device("cortex-m4:256k-flash:16k-ram"), told.append).need_fit(planned, 32)
    assert told[0].fits
    assert "Hidden size 32 fits Cortex-M4F with 262,144 bytes of flash and 16,384 bytes of RAM: " in told[0].text


def test_a_model_that_fits_in_integers_alone() -> None:
    verdict = judge(parse_device("cortex-m3:32k-flash"), planned, 40)
    assert verdict.fits and verdict.integers is not None
    assert "in integers (gatelet quantize), not in floats" in verdict.text
    assert verdict.integers.flash < 32768 < verdict.floats.flash
    assert verdict.integers.cost < verdict.floats.cost / 10


def test_the_largest_that_fits_is_named() -> None:
    device = parse_device("cortex-m4:24k-flash:4k-ram")
    with pytest.raises(GateletError, match=r"the largest that fits is \d+, in integers\.$"):
        Asked(device).need_fit(planned, 96)
    verdict = judge(device, planned, 96)
    assert verdict.largest is not None
    size = verdict.largest[0]
    assert judge(device, planned, size).fits
    assert not judge(device, planned, size + 1).fits


def test_nothing_fits() -> None:
    with pytest.raises(GateletError, match="no smaller one fits either"):
        Asked(parse_device("avr:1k-flash")).need_fit(planned, 8)


def test_what_c_cannot_say() -> None:
    with pytest.raises(ExportError, match="Attention"):
        judge(parse_device("avr"), lambda size: small_plans.writer(np.random.default_rng(0)), 8)


@pytest.mark.parametrize("integers", [False, True])
@pytest.mark.parametrize("core", ["cortex-m0", "cortex-m4", "avr"])
def test_what_is_estimated_is_what_is_compiled(core: str, integers: bool, tmp_path: Path) -> None:
    compiler = CORES[core].compiler
    if shutil.which(compiler) is None:
        pytest.skip(f"{compiler} is not installed.")
    plan = planned(24)
    plan = convert(plan, defaultdict(lambda: 1.0)).plan if integers else plan
    files.write_program(program_of(plan), tmp_path)
    sections = ("-std=c99", "-O2", "-ffunction-sections", "-fdata-sections", "-nostartfiles", "-Wl,--gc-sections")
    roots = ("-Wl,-e,model_step", "-Wl,-u,model_init", *(["--specs=nosys.specs"] if core != "avr" else []))
    sources = map(str, [tmp_path / "model.c", *(tmp_path / "gatelet").glob("*.c")])
    program = str(tmp_path / "model.elf")
    command = [
        compiler,
        *sections,
        *CORES[core].flags,
        *roots,
        "-I",
        str(tmp_path / "gatelet"),
        *sources,
        "-o",
        program,
    ]
    subprocess.run(command, check=True)
    told = subprocess.run([f"{CORES[core].cpp}size", program], capture_output=True, text=True, check=True).stdout
    text, data, _ = (int(word) for word in told.splitlines()[1].split()[:3])
    assert estimate(plan, core).flash == pytest.approx(text + data, rel=0.15)


def test_every_core_that_counts_has_costs() -> None:
    assert set(COSTS) == {name for name, core in CORES.items() if core.per_tick}
