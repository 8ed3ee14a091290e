"""The files of an export to C."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

from gatelet.deploy.c.checking import check_cores, check_host, host_compilers
from gatelet.deploy.c.golden import Golden, golden_steps, golden_text, main_text, make_golden
from gatelet.deploy.c.program import Program
from gatelet.deploy.c.readme import readme_text
from gatelet.deploy.c.runtime_files import needed_files
from gatelet.deploy.c.writing import header_text, program_of, source_text
from gatelet.deploy.comparison import Verified
from gatelet.errors import ExportError
from gatelet.plan import EncoderDecoder, Plan
from gatelet.runtime import board_file

NAME = re.compile(r"[a-z][a-z0-9_]{0,30}")
LANGUAGE = "C"


def write_c(folder: Path, model: Plan | EncoderDecoder, settings: dict[str, Any]) -> None:
    """Write the model, the runtime that it needs, golden vectors, a self-test, and files for make and CMake."""
    host_compilers()
    c = program_for(model, settings)
    write_program(c, folder)
    write_selftest(c, folder / "selftest", make_golden(c, golden_steps(c)))
    (folder / "Makefile").write_text(MAKEFILE.replace("@NAME@", c.prefix), encoding="utf-8")
    (folder / "CMakeLists.txt").write_text(CMAKE.replace("@NAME@", c.prefix), encoding="utf-8")
    (folder / "README.md").write_text(readme_text(c), encoding="utf-8")


def write_program(c: Program, folder: Path) -> None:
    """Write the model, and the runtime that it needs."""
    text = source_text(c)
    (folder / f"{c.prefix}.h").write_text(header_text(c), encoding="utf-8")
    (folder / f"{c.prefix}.c").write_text(text, encoding="utf-8")
    (folder / "gatelet").mkdir()
    for file in needed_files(text):
        shutil.copyfile(file, folder / "gatelet" / file.name)


def write_selftest(c: Program, folder: Path, golden: Golden) -> None:
    """Write golden vectors, the program that compares them, and the board that is this machine."""
    folder.mkdir()
    (folder / "golden.h").write_text(golden_text(c, golden), encoding="utf-8")
    (folder / "main.c").write_text(main_text(c, golden), encoding="utf-8")
    for name in ("board.h", "hosted.c", "stack.h"):
        shutil.copyfile(board_file(name), folder / name)


def check_c(folder: Path, model: Plan | EncoderDecoder, settings: dict[str, Any]) -> dict[str, float]:
    """Compile and run the files here, beside the plan; see `check_host`."""
    return check_host(program_for(model, settings), folder)


def verify_c(folder: Path, model: Plan | EncoderDecoder, settings: dict[str, Any]) -> Verified:
    """The same, and on every core whose tools are there: what there is to say of each, and what was measured."""
    return everywhere(program_for(model, settings), folder)


def everywhere(c: Program, folder: Path) -> Verified:
    """Compare here, with new frames, and on every core, with the golden ones."""
    shares, remarks, measured = check_host(c, folder), {}, {}
    for found in check_cores(c, folder):
        if found.share is not None:
            shares[found.core.title] = found.share
        if found.remark:
            remarks[found.core.title] = found.remark
        if found.measured:
            measured[found.core.title] = found.measured
    return Verified(shares, remarks, measured)


def program_for(model: Plan | EncoderDecoder, settings: dict[str, Any]) -> Program:
    """A plan on its way into C, by the settings of an export.

    Raises:
        ExportError: settings are not those of C, or something cannot be exported exactly.
    """
    name, most_steps = settings.setdefault("name", "model"), settings.get("max_steps", 0)
    if not {"name"} <= set(settings) <= {"name", "max_steps"}:
        raise ExportError(f"C takes the settings name and max_steps; got {', '.join(settings)}.")
    need_steps(settings)
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise ExportError(
            f"The name of a model in C must be a-z, 0-9 and _, and begin with a letter; got {name!r:.80}."
        )
    if isinstance(model, EncoderDecoder):
        raise ExportError(
            "A model that reads a whole text of any length cannot be exported to C; this is a translator."
        )
    return program_of(model, name, most_steps=most_steps)


def need_steps(settings: dict[str, Any]) -> None:
    """Raise ExportError unless the longest text is a whole number that 16 bits hold, or is not said."""
    most = settings.get("max_steps", 1)
    if type(most) is not int or not 1 <= most <= 65535:
        raise ExportError(f"max_steps must be a whole number from 1 to 65535; got {most!r:.80}.")


MAKEFILE = """# make: the library; make test: the comparison with golden vectors
CFLAGS ?= -O2 -Wall -Wextra
# no -ffast-math: it forgets what is missing (NaN)
OWN = -std=c99 -I. -Igatelet -Iselftest
SOURCES = @NAME@.c $(wildcard gatelet/*.c)

lib@NAME@.a: $(SOURCES:.c=.o)
	$(AR) rcs $@ $^

%.o: %.c
	$(CC) $(OWN) $(CFLAGS) -c $< -o $@

selftest/selftest: selftest/main.o selftest/hosted.o lib@NAME@.a
	$(CC) $(CFLAGS) $^ -o $@

test: selftest/selftest
	./selftest/selftest

clean:
	rm -f *.o gatelet/*.o selftest/*.o lib@NAME@.a selftest/selftest

.PHONY: test clean
"""

CMAKE = """cmake_minimum_required(VERSION 3.10)
project(@NAME@ C)
set(CMAKE_C_STANDARD 99)

file(GLOB GATELET gatelet/*.c)
add_library(@NAME@ STATIC @NAME@.c ${GATELET})
target_include_directories(@NAME@ PUBLIC ${CMAKE_CURRENT_SOURCE_DIR} PRIVATE gatelet)

enable_testing()
add_executable(@NAME@_selftest selftest/main.c selftest/hosted.c)
target_include_directories(@NAME@_selftest PRIVATE selftest gatelet)
target_link_libraries(@NAME@_selftest @NAME@)
add_test(NAME golden COMMAND @NAME@_selftest)
"""
