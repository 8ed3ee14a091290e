"""The C compiles without a warning, as C99 and as C++17, by every compiler at hand, and keeps no state of its own."""

import shutil
import subprocess
from pathlib import Path

import pytest

from gatelet.deploy.emulate import WARNINGS, code_size
from gatelet.deploy.toolchains import CORES, missing_tools
from gatelet.runtime import source_files

COMPILERS = ("gcc", "clang", "arm-none-eabi-gcc", "avr-gcc", "aarch64-linux-gnu-gcc")
LANGUAGES = {"C99": ("-x", "c", "-std=c99"), "C++17": ("-x", "c++", "-std=c++17")}
SOURCES = [path for path in source_files() if path.suffix == ".c"]


def found(compiler: str) -> str | None:
    """Where a compiler is, by its name or with a version behind it, as Debian has clang: the newest."""
    names = [compiler, *(f"{compiler}-{version}" for version in range(40, 9, -1))]
    return next(filter(None, map(shutil.which, names)), None)


@pytest.mark.parametrize("language", list(LANGUAGES))
@pytest.mark.parametrize("compiler", COMPILERS)
def test_no_warnings(compiler: str, language: str, tmp_path: Path) -> None:
    program = found(compiler)
    if program is None:
        pytest.skip(f"{compiler} is not installed.")
    flags = ("-O2", *WARNINGS, *LANGUAGES[language], *(["-mmcu=atmega1284p"] if compiler == "avr-gcc" else []))
    done = subprocess.run([program, *flags, "-c", *map(str, SOURCES)], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_no_static_data_and_little_code(tmp_path: Path) -> None:
    core = CORES["cortex-m3"]
    if missing_tools(core):
        pytest.skip(f"{core.title} needs {' and '.join(missing_tools(core))}.")
    sizes = code_size(core, SOURCES, tmp_path)
    assert (sizes.data, sizes.bss) == (0, 0)
    step = [path for path in SOURCES if path.stem in ("q_gru", "q_shared")]
    assert code_size(core, step, tmp_path).code < 1024 + 380  # 380 of them are the table of the gates
