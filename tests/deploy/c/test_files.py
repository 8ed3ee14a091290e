"""Export folders with C: compared before they appear, and again on emulated cores."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import small_plans

import gatelet
from gatelet import plan as p
from gatelet.deploy.c import checking, files, program_of
from gatelet.deploy.toolchains import CORES, missing_tools
from gatelet.errors import ExportError


@pytest.fixture(scope="module")
def plan() -> p.Plan:
    return small_plans.stacked(np.random.default_rng(0), "gru", inputs=3, hidden=4)


@pytest.fixture(scope="module")
def folder(plan: p.Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("cc") is None:
        pytest.skip("C needs a compiler, cc.")
    return gatelet.export(plan, "c", tmp_path_factory.mktemp("c") / "out", name="wake").folder


def test_a_folder_has_all_that_it_takes(folder: Path) -> None:
    names = {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}
    assert {"wake.h", "wake.c", "Makefile", "CMakeLists.txt", "README.md", "export.json", "plan.json"} <= names
    assert {"selftest/main.c", "selftest/golden.h", "gatelet/f_gru.c", "gatelet/gatelet.h"} <= names
    assert "gatelet/f_lstm.c" not in names


def test_make_runs_the_self_test(folder: Path, tmp_path: Path) -> None:
    if shutil.which("make") is None:
        pytest.skip("make is not installed.")
    copied = tmp_path / "copied"
    subprocess.run(["cp", "-r", str(folder), str(copied)], check=True)
    done = subprocess.run(["make", "-C", str(copied), "test"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "same" in done.stdout.split()


@pytest.mark.parametrize("name", ["cortex-m0", "cortex-m4", "avr"])
def test_cores(name: str, plan: p.Plan, folder: Path, tmp_path: Path) -> None:
    if missing := missing_tools(CORES[name]):
        pytest.skip(f"{CORES[name].title} needs {' and '.join(missing)}.")
    found = checking.check_core(program_of(plan, "wake"), CORES[name], folder, tmp_path)
    assert found.share is not None and found.share <= 1.0
    assert found.cost > plan.macs


def test_verify_tells_what_it_skipped(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    absent = ("qemu-system-arm", "avr-gcc")
    monkeypatch.setattr("shutil.which", lambda tool: None if tool in absent else tool)
    monkeypatch.setattr(files, "check_host", lambda c, folder: {"this machine": 0.5})
    monkeypatch.setattr(checking, "CORES", {name: CORES[name] for name in ("cortex-m4", "avr")})
    done = gatelet.verify(folder)
    assert done.remarks == {
        "Cortex-M4F": "skipped: qemu-system-arm not found",
        "AVR (ATmega1284P)": "skipped: avr-gcc not found",
    }


def test_what_does_not_fit_is_said(folder: Path, tmp_path: Path) -> None:
    large = program_of(small_plans.stacked(np.random.default_rng(0), "gru", inputs=4, hidden=150))
    for name, said in (("cortex-m0", "of flash"), ("avr", "of flash")):
        assert said in checking.check_core(large, CORES[name], folder, tmp_path).remark
    value = p.Value("x", (1000,))
    window = p.Plan("Test", (value,), (p.Window("x", "w", 9), p.Row("w", "y", last=False)), (p.Value("y", (1000,)),))
    assert "of RAM" in checking.check_core(program_of(window), CORES["cortex-m0"], folder, tmp_path).remark


def test_a_model_that_computes_something_else_is_found(plan: p.Plan, folder: Path, tmp_path: Path) -> None:
    copied = tmp_path / "copied"
    subprocess.run(["cp", "-r", str(folder), str(copied)], check=True)
    source = copied / "wake.c"
    source.write_text(source.read_text().replace("gatelet_f_softmax(", "gatelet_f_sigmoid("))
    with pytest.raises(ExportError, match="must be what the plan computes"):
        checking.check_host(program_of(plan, "wake"), copied)


def test_no_compiler(plan: p.Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda tool: None)
    with pytest.raises(ExportError, match="needs a C compiler"):
        gatelet.export(plan, "c", tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["", "9lives", "Wake", "a" * 40, 3])
def test_names(plan: p.Plan, tmp_path: Path, name: object) -> None:
    with pytest.raises(ExportError, match="must be a-z"):
        gatelet.export(plan, "c", tmp_path / "out", name=name)
