"""Compiles a program for a core and runs it there."""

import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gatelet.deploy.toolchains import Core, missing_tools
from gatelet.errors import GateletError
from gatelet.runtime import board_file, source_folder

__all__ = ["WARNINGS", "EmulationError", "Sizes", "build", "code_size", "program_size", "run"]

WARNINGS = ("-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror")
SECONDS = 120  # after which a program is taken to hang


class EmulationError(GateletError):
    """A program did not compile, or did not run to its end.

    Attributes:
        output: what it, or the compiler, wrote.
    """

    def __init__(self, message: str, output: str = "") -> None:
        super().__init__(message)
        self.output = output


@dataclass(frozen=True)
class Sizes:
    """Bytes of compiled files."""

    code: int  # instructions and constants
    data: int  # memory with initial values
    bss: int  # memory that begins as zeros


def build(
    core: Core,
    sources: Sequence[Path],
    folder: Path,
    *,
    optimize: str = "-O2",
    extra: Sequence[str] = (),
    runtime: Path | None = None,
) -> Path:
    """Compile C files with the runtime and the board of a core, as C99 and without a warning.

    Args:
        core: what for.
        sources: with a `main` that uses `board.h`.
        folder: where the program is put.
        optimize: a flag.
        extra: more flags.
        runtime: folder with the files of the runtime; None: those installed with gatelet.

    Returns:
        The program.

    Raises:
        EmulationError: a tool is missing, or the compiler complains.
    """
    program = folder / f"{core.name}.elf"
    own = source_folder() if runtime is None else runtime
    script = ("-T", str(board_file(core.script))) if core.script else ()
    _call([
        *_compiler(core, optimize, extra, own),
        *("-I", str(source_folder() / "boards"), "-Wl,--gc-sections", *core.link, *script),
        *map(str, [*sources, *sorted(own.glob("*.c")), board_file(core.board)]),
        *("-lm", "-o", str(program)),
    ])  # fmt: skip
    return program


def run(core: Core, program: Path) -> str:
    """Run a program to its end and give what it wrote.

    Raises:
        EmulationError: it failed, or did not end.
    """
    output = _call([*core.emulator, str(program)])
    if core.name != "avr":
        return output
    plain = re.sub(r"\x1b\[[0-9;]*m", "", output)  # simavr colours what the serial port says, and ends lines with ".."
    return "\n".join(line.removesuffix(".") for line in plain.splitlines())


def code_size(core: Core, sources: Sequence[Path], folder: Path, *, optimize: str = "-O2") -> Sizes:
    """Sum the bytes of C files, compiled each on its own.

    Raises:
        EmulationError: a tool is missing, or the compiler complains.
    """
    objects = [folder / f"{core.name}-{source.stem}.o" for source in sources]
    for source, compiled in zip(sources, objects, strict=True):
        _call([*_compiler(core, optimize, (), source_folder()), "-c", str(source), "-o", str(compiled)])
    lines = _call([f"{core.cpp}size", *map(str, objects)]).splitlines()[1:]
    columns = [[int(value) for value in line.split()[:3]] for line in lines]
    return Sizes(*(sum(column) for column in zip(*columns, strict=True)))


def program_size(core: Core, program: Path) -> Sizes:
    """Bytes of a program.

    Raises:
        EmulationError: a tool is missing.
    """
    words = _call([f"{core.cpp}size", str(program)]).splitlines()[1].split()
    return Sizes(int(words[0]), int(words[1]), int(words[2]))


def _compiler(core: Core, optimize: str, extra: Sequence[str], runtime: Path) -> list[str]:
    missing = missing_tools(core)
    if missing:
        raise EmulationError(f"{core.title} needs {' and '.join(missing)}, which this machine does not have.")
    sections = ("-ffunction-sections", "-fdata-sections")
    return [core.compiler, "-std=c99", optimize, *sections, *WARNINGS, *core.flags, *extra, "-I", str(runtime)]


def _call(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, stdin=subprocess.DEVNULL)
    except FileNotFoundError:
        raise EmulationError(f"{command[0]} must be installed for this; it was not found.") from None
    except subprocess.TimeoutExpired:
        raise EmulationError(f"{command[0]} must end within {SECONDS} seconds; it did not.") from None
    output = done.stdout + done.stderr  # semihosting and simavr speak through the second
    if done.returncode:
        said = output.strip()[-2000:]
        raise EmulationError(f"{command[0]} must end without an error; it said: {said}", output)
    return output
