"""A plan as an Arduino library: a folder for the libraries of the IDE or arduino-cli.

Layout: https://arduino.github.io/arduino-cli/latest/library-specification/
"""

from __future__ import annotations

import re
import shutil
import tempfile
from math import prod
from pathlib import Path
from typing import Any

from gatelet.deploy.c.checking import check_host, host_compilers
from gatelet.deploy.c.files import everywhere, program_for, write_selftest
from gatelet.deploy.c.golden import LONGEST, golden_steps, make_golden
from gatelet.deploy.c.program import Port, Program
from gatelet.deploy.c.readme import readme_text
from gatelet.deploy.c.runtime_files import needed_files
from gatelet.deploy.c.writing import header_text, source_text
from gatelet.deploy.comparison import Verified
from gatelet.deploy.costs import COSTS
from gatelet.plan import EncoderDecoder, Plan

VERSION = "1.0.0"


def write_arduino(folder: Path, model: Plan | EncoderDecoder, settings: dict[str, Any]) -> None:
    """Write `library.properties`, `keywords.txt`, `src/`, `examples/Step/Step.ino`, and a self-test in `extras/`."""
    host_compilers()
    c = program_for(model, settings)
    text = source_text(c)
    source = folder / "src"
    example = folder / "examples" / "Step"
    for made in (source, example, folder / "extras"):
        made.mkdir(parents=True)
    (source / f"{c.prefix}.h").write_text(header_text(c), encoding="utf-8")
    (source / f"{c.prefix}.c").write_text(text, encoding="utf-8")
    for file in needed_files(text):
        shutil.copyfile(file, source / file.name)
    write_selftest(c, folder / "extras" / "selftest", make_golden(c, golden_steps(c)))
    (folder / "library.properties").write_text(properties_text(c), encoding="utf-8")
    (folder / "keywords.txt").write_text(keywords_text(c), encoding="utf-8")
    (example / "Step.ino").write_text(sketch_text(c), encoding="utf-8")
    (folder / "README.md").write_text(readme_text(c, ("src/", "extras/selftest/")), encoding="utf-8")


def check_arduino(folder: Path, model: Plan | EncoderDecoder, settings: dict[str, Any]) -> dict[str, float]:
    """Compile and run the files here, beside the plan; see `check_host`."""
    c = program_for(model, settings)
    with tempfile.TemporaryDirectory(prefix="gatelet-c-") as name:
        return check_host(c, _plain(c, folder, Path(name)))


def verify_arduino(folder: Path, model: Plan | EncoderDecoder, settings: dict[str, Any]) -> Verified:
    """The same, and on every core whose tools are there."""
    c = program_for(model, settings)
    with tempfile.TemporaryDirectory(prefix="gatelet-c-") as name:
        return everywhere(c, _plain(c, folder, Path(name)))


def _plain(c: Program, folder: Path, work: Path) -> Path:
    """The same files as an export to C has them."""
    (work / "gatelet").mkdir()
    for file in (folder / "src").iterdir():
        own = file.stem == c.prefix
        shutil.copyfile(file, work / file.name if own else work / "gatelet" / file.name)
    shutil.copytree(folder / "extras" / "selftest", work / "selftest")
    return work


def properties_text(c: Program) -> str:
    """`library.properties`."""
    task = re.sub(r"[^A-Za-z0-9 ]", " ", c.plan.task)
    return "\n".join([
        f"name=gatelet_{c.prefix}",
        f"version={VERSION}",
        "author=gatelet",
        "maintainer=gatelet",
        f"sentence={task}: a recurrent model, step by step.",
        "paragraph=Written by gatelet from a trained model, and compared with it. No allocation, no global state.",
        "category=Data Processing",
        "url=https://pypi.org/project/gatelet",
        "architectures=*",
        f"includes={c.prefix}.h",
        "",
    ])  # fmt: skip


def keywords_text(c: Program) -> str:
    """`keywords.txt`: what the editor colours; columns are divided by tabs."""
    functions = [f"{c.prefix}_{name}\tKEYWORD2" for name in ("init", "reset", "step", "state_size")]
    return "\n".join([f"{c.prefix}_state\tKEYWORD1", *functions, ""])


def sketch_text(c: Program) -> str:
    """`Step.ino`: runs a step with zeros, tells how long it took and the first number that came out.

    Where the core says how much RAM there is, as AVR's does, a board with too little is refused when it is compiled.
    """
    arrays = [f"{port.type} {port.name}[{_room(c, port)}];" for port in (*c.inputs, *c.outputs) if not port.by_value]
    lengths = {name: _length(c, axis) for axis, name in c.counts.items()}
    given = [_argument(port, lengths) for port in c.inputs] + [port.name for port in c.outputs]
    first = c.outputs[0]
    shown = f"(long){first.name}[0]" if "int" in first.type else f"{first.name}[0], 6"
    return "\n".join([
        f"// One step of the model a second. {c.prefix}.h says what goes in and comes out.",
        f"#include <{c.prefix}.h>",
        "",
        f"{c.prefix}_state state;",
        *arrays,
        "",
        "#ifdef RAMEND",
        f"static_assert(sizeof({c.prefix}_state) + {_stack(c)}",
        "                  <= RAMEND - RAMSTART + 1,",
        '              "The model needs more RAM than this board has; README.md says how much.");',
        "#endif",
        "",
        "void setup() {",
        "  Serial.begin(115200);",
        f"  {c.prefix}_init(&state);",
        "}",
        "",
        "void loop() {",
        "  unsigned long before = micros();",
        f"  {c.prefix}_step({', '.join(['&state', *given])});",
        "  unsigned long took = micros() - before;",
        "  Serial.print(took);",
        '  Serial.print(" us, ");',
        f"  Serial.println({shown});",
        "  delay(1000);",
        "}",
        "",
    ])  # fmt: skip


def _stack(c: Program) -> str:
    """What a step takes of the stack, in C, for not everywhere is a double a double."""
    sizes = {f"sizeof({type})": size for type, size in ({} if c.open else c.memory).items()}
    sizes["sizeof(float)"] = sizes.get("sizeof(float)", 0) + c.scratch
    parts = [f"{size} * {one}" for one, size in sizes.items() if size]
    return " + ".join([*parts, str(8 * c.fours + COSTS["avr"].calls)])


def _argument(port: Port, lengths: dict[str, int]) -> str:
    return "0" if port.by_value else ", ".join([port.name, *(str(lengths[name]) for name in port.counts)])


def _length(c: Program, axis: str) -> int:
    """Rows of a text in the sketch; of what may be empty, none."""
    return min(LONGEST, c.most_steps) if axis in c.open else 0


def _room(c: Program, port: Port) -> int:
    sizes = [_length(c, axis) if isinstance(axis, str) else axis for axis in port.value.shape]
    return max(prod(sizes), 1)
