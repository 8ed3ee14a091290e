"""An Arduino library: its layout, and an emulated board that runs its example."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import small_plans

import gatelet
from gatelet import plan as p
from gatelet.stream import Session


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("cc") is None:
        pytest.skip("C needs a compiler, cc.")
    plan = small_plans.text(np.random.default_rng(0), "mean")
    return gatelet.export(plan, "arduino", tmp_path_factory.mktemp("arduino") / "library", name="mood").folder


def test_the_layout_of_a_library(folder: Path) -> None:
    properties = dict(line.split("=", 1) for line in (folder / "library.properties").read_text().splitlines())
    assert {"name", "version", "author", "maintainer", "sentence", "paragraph", "category", "architectures"} <= set(
        properties
    )
    assert (folder / "src" / properties["includes"]).is_file()
    assert "mood_step\tKEYWORD2" in (folder / "keywords.txt").read_text().splitlines()
    assert (folder / "examples" / "Step" / "Step.ino").is_file()
    assert not list((folder / "src").glob("main.c"))


def test_a_board_runs_the_example(folder: Path, tmp_path: Path) -> None:
    if missing := [tool for tool in ("arduino-builder", "simavr") if shutil.which(tool) is None]:
        pytest.skip(f"{' and '.join(missing)} must be installed.")
    sketch = built(folder, tmp_path)
    words = ["simavr", "-m", "atmega2560", "-f", "16000000", str(sketch)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as board:
        assert board.stdout is not None
        said = next((found for line in board.stdout if (found := re.search(r"(\d+) us, (-?\d+\.\d+)", line))), None)
        board.kill()
    assert said is not None and int(said[1]) > 0
    expected = Session(p.load_plan(folder)).push({"token": 0, "spelling": []})["y"][0]
    assert float(said[2]) == pytest.approx(expected, abs=2e-6)


def test_a_board_with_too_little_ram_is_refused(tmp_path: Path) -> None:
    if shutil.which("arduino-builder") is None:
        pytest.skip("arduino-builder is not installed.")
    window = (p.Window("x", "rows", 1000), p.Row("rows", "y"))
    wide = p.Plan("Test", (p.Value("x", (2,)),), window, (p.Value("y", (2,)),))
    folder = gatelet.export(wide, "arduino", tmp_path / "library", name="mood").folder
    with pytest.raises(AssertionError, match="The model needs more RAM than this board has"):
        built(folder, tmp_path)


def built(folder: Path, work: Path) -> Path:
    """The example, as the Arduino IDE 1.8 builds it for a Mega 2560 out of a folder of libraries, without a warning."""
    libraries, hardware, out = work / "libraries", work / "hardware", work / "build"
    for made in (libraries, hardware, out):
        made.mkdir()
    library = shutil.copytree(folder, libraries / "mood")
    (hardware / "arduino").symlink_to("/usr/share/arduino/hardware/arduino")  # of Debian's arduino-core-avr
    shutil.copyfile("/usr/share/arduino-builder/platform.txt", hardware / "platform.txt")
    options = {
        "-hardware": hardware, "-tools": "/usr/bin", "-libraries": libraries, "-build-path": out,
        "-fqbn": "arduino:avr:mega:cpu=atmega2560", "-ide-version": 10819, "-warnings": "all",
        "-prefs": "compiler.cpp.extra_flags=-DDECIMAL_DIG=__DECIMAL_DIG__",  # which the core takes from a newer GCC
    }  # fmt: skip
    words = [str(word) for option in options.items() for word in option]
    sketch = library / "examples" / "Step" / "Step.ino"
    done = subprocess.run(["arduino-builder", "-compile", *words, str(sketch)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert not re.search(rf"{library}.*warning", done.stdout + done.stderr), done.stderr
    return out / "Step.ino.elf"
