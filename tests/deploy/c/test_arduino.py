"""An Arduino library: its layout, and as much of it as can be compiled without the Arduino core."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import small_plans

import gatelet

# what a sketch calls of the Arduino core
STUB = """#include <stdint.h>
struct Port {
    void begin(long);
    void print(const char *);
    void print(unsigned long);
    void println(long);
    void println(double, int);
};
extern Port Serial;
unsigned long micros(void);
void delay(unsigned long);
"""


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


def test_it_compiles_for_avr(folder: Path, tmp_path: Path) -> None:
    if shutil.which("avr-g++") is None:
        pytest.skip("avr-g++ is not installed.")
    (tmp_path / "Arduino.h").write_text(STUB)
    options = ["-mmcu=atmega328p", "-Os", "-Wall", "-Wextra", "-Werror", "-I", str(folder / "src"), "-c"]
    sketch = ["-x", "c++", "-include", str(tmp_path / "Arduino.h"), str(folder / "examples" / "Step" / "Step.ino")]
    subprocess.run(["avr-g++", "-std=gnu++11", *options, *sketch], cwd=tmp_path, check=True)
    sources = map(str, (folder / "src").glob("*.c"))
    subprocess.run(["avr-gcc", "-std=gnu11", *options, *sources], cwd=tmp_path, check=True)
