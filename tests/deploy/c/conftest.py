"""The runtime, compiled once for all models that tests write in C."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from gatelet.deploy.c import Program, golden_text, header_text, main_text, make_golden, outcome, source_text
from gatelet.deploy.emulate import WARNINGS
from gatelet.runtime import board_file, source_folder

COMPILERS = {
    "gcc, C99": ("gcc", "-std=c99"),
    "gcc, C++17": ("g++", "-x", "c++", "-std=c++17"),
    "clang, C99": ("clang-14", "-std=c99"),
    "clang, C++17": ("clang++-14", "-x", "c++", "-std=c++17"),
}


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The runtime and the board that is this machine, as objects."""
    if shutil.which("cc") is None:
        pytest.skip("C needs a compiler, cc.")
    folder = tmp_path_factory.mktemp("runtime")
    sources = [*source_folder().glob("*.c"), board_file("hosted.c")]
    subprocess.run(
        ["cc", "-std=c99", "-O1", "-c", "-I", str(source_folder()), *map(str, sources)], cwd=folder, check=True
    )
    return folder


@pytest.fixture
def share(library: Path, tmp_path: Path) -> Callable[..., float]:
    """Write a program, compile it without a warning, run it: the largest difference, as a share of what is allowed."""

    def measured(c: Program, steps: int = 12) -> float:
        golden = make_golden(c, steps, seed=1)
        texts = {
            f"{c.prefix}.h": header_text(c),
            f"{c.prefix}.c": source_text(c),
            "golden.h": golden_text(c, golden),
            "main.c": main_text(c, golden),
        }
        for name, text in texts.items():
            (tmp_path / name).write_text(text)
        for compiler in COMPILERS.values():
            if shutil.which(compiler[0]):
                subprocess.run(
                    [*compiler, *flags(tmp_path), "-fsyntax-only", f"{c.prefix}.c"], cwd=tmp_path, check=True
                )
        objects = map(str, library.glob("*.o"))
        command = ["cc", "-std=c99", "-O1", *flags(tmp_path), "main.c", f"{c.prefix}.c", *objects, "-o", "selftest"]
        subprocess.run(command, cwd=tmp_path, check=True)
        done = subprocess.run([tmp_path / "selftest"], capture_output=True, text=True)
        found = outcome(done.stdout)
        assert found is not None
        assert (done.returncode == 0) == (found.share <= 1.0)
        return found.share

    return measured


def flags(folder: Path) -> tuple[str, ...]:
    """Warnings as errors, and where headers are."""
    return (*WARNINGS, "-I", str(folder), "-I", str(source_folder()), "-I", str(source_folder() / "boards"))
