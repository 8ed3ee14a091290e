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


@pytest.mark.parametrize("name", [name for name, core in CORES.items() if core.per_tick])
def test_no_static_data_and_little_code(name: str, tmp_path: Path) -> None:
    core = CORES[name]
    if missing_tools(core):
        pytest.skip(f"{core.title} needs {' and '.join(missing_tools(core))}.")
    shared, *steps = (code_size(core, [source(each)], tmp_path) for each in ("q_shared", "q_gru", "q_gru_sparse"))
    for step in steps:
        assert step.data + step.bss + shared.data + shared.bss == 0
        # the table of the gates takes 380; a core of 8 bits takes four instructions for one of others
        assert step.code + shared.code - 380 < (2048 if name == "avr" else 1024)


def test_no_file_keeps_static_data(tmp_path: Path) -> None:
    core = CORES["cortex-m3"]
    if missing_tools(core):
        pytest.skip(f"{core.title} needs {' and '.join(missing_tools(core))}.")
    sizes = code_size(core, SOURCES, tmp_path)
    assert (sizes.data, sizes.bss) == (0, 0)


def source(stem: str) -> Path:
    """A file of the runtime."""
    return next(path for path in SOURCES if path.stem == stem)
