"""The C of a model as a WebAssembly module without imports."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from gatelet.deploy.c.program import Program
from gatelet.deploy.c.runtime_files import needed_files
from gatelet.deploy.c.writing import header_text, source_text
from gatelet.errors import ExportError

VERSIONS = ("", *(f"-{number}" for number in range(21, 12, -1)))
FLAGS = ("--target=wasm32", "-nostdlib", "-ffreestanding", "-std=c99", "-O2", "-msimd128", "-Wall", "-Wextra")
LINK = ("--no-entry", "--stack-first", "--strip-all", "--export=__heap_base")
SPARE = 65536  # bytes of stack for calls, beside the values of a step

# what <string.h> is to the runtime, and what a compiler may call of its own accord
STRING_H = """#include <stddef.h>
void *memcpy(void *to, const void *from, size_t size);
void *memset(void *to, int value, size_t size);
"""
MEMORY_C = """#include <stddef.h>
void *memcpy(void *to, const void *from, size_t size) {
    for (size_t k = 0; k < size; k++) ((volatile unsigned char *)to)[k] = ((const unsigned char *)from)[k];
    return to;
}
void *memset(void *to, int value, size_t size) {
    for (size_t k = 0; k < size; k++) ((volatile unsigned char *)to)[k] = (unsigned char)value;
    return to;
}
"""


def need_tools() -> tuple[str, str]:
    """The compiler and the linker.

    Raises:
        ExportError: one of them is missing.
    """
    for version in VERSIONS:
        names = f"clang{version}", f"wasm-ld{version}"
        if all(shutil.which(name) for name in names):
            return names
    raise ExportError(
        "An export to WebAssembly needs clang and wasm-ld; install them with: apt-get install clang-14 lld-14"
    )


def compiled(c: Program) -> bytes:
    """The module: `memory`, and the functions of `model.h`.

    Raises:
        ExportError: a tool is missing, or the model does not compile.
    """
    clang, linker = need_tools()
    source = source_text(c)
    with tempfile.TemporaryDirectory(prefix="gatelet-wasm-") as name:
        folder = Path(name)
        texts = {f"{c.prefix}.h": header_text(c), f"{c.prefix}.c": source}
        for file, text in (texts | {"string.h": STRING_H, "memory.c": MEMORY_C}).items():
            (folder / file).write_text(text, encoding="utf-8")
        for needed in needed_files(source):
            shutil.copyfile(needed, folder / needed.name)
        objects = []
        for unit in sorted(folder.glob("*.c")):
            objects.append(str(unit.with_suffix(".o")))
            _run([clang, *FLAGS, "-isystem", name, "-c", str(unit), "-o", objects[-1]])
        stack = -(-(c.work_bytes + SPARE) // 65536) * 65536
        exports = [f"--export={c.prefix}_{function}" for function in ("state_size", "init", "reset", "step")]
        _run([linker, *LINK, *exports, "-z", f"stack-size={stack}", *objects, "-o", str(folder / "model.wasm")])
        return (folder / "model.wasm").read_bytes()


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = next((line for line in done.stderr.splitlines() if "error" in line), done.stderr)
        raise ExportError(f"The model must compile to WebAssembly; {command[0]} says: {reason.strip():.200}")
