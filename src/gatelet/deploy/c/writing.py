"""A plan as the files `model.h` and `model.c`."""

from __future__ import annotations

import re
import textwrap

from gatelet import plan as p
from gatelet.deploy.c.cells import write_cell
from gatelet.deploy.c.integers import INTEGERS, write_integer_cell
from gatelet.deploy.c.operations import OPERATIONS, end_delay
from gatelet.deploy.c.program import Port, Program
from gatelet.deploy.c.rooms import ARRAYS
from gatelet.deploy.c.sound import SOUND
from gatelet.deploy.c.windows import WINDOWS
from gatelet.errors import ExportError
from gatelet.plan.operation import Operation
from gatelet.plan.values import spelled


def program_of(plan: p.Plan, prefix: str = "model", *, draft: bool = False, most_steps: int = 0) -> Program:
    """The statements of a step, its constants and its state.

    Args:
        plan: what is written.
        prefix: begins all public names.
        draft: leave out the text of the constants, where sizes are all that is asked for.
        most_steps: rows that values of any length may have, such as the words of a text; 0 for what is usual.

    Raises:
        ExportError: an operation cannot be said in C, or not exactly.
    """
    c = Program(plan, prefix, draft, most_steps)
    for number, operation in enumerate(plan.operations):
        c.at = number
        c.lines.append(f"/* {_comment(operation)} */")
        _write(c, operation)
    c.lines.append("/* what is handed out, and kept */")
    c.finish()
    delays = [each for each in plan.operations if isinstance(each, p.Delay)]
    if any(each.source == other.target for each in delays for other in delays):
        raise ExportError("A Delay of a Delay cannot be exported to C.")
    for delay in delays:
        end_delay(c, delay)
    if c.lines[-1].startswith("/*"):
        c.lines.pop()
    return c


def _write(c: Program, operation: Operation) -> None:
    if isinstance(operation, p.Recurrent):
        write_cell(c, operation)
        return
    if isinstance(operation, p.IntegerRecurrent):
        write_integer_cell(c, operation)
        return
    write = (INTEGERS | OPERATIONS | SOUND | WINDOWS).get(type(operation))
    if write is None:
        raise ExportError(f"{type(operation).__name__} cannot be exported to C: the runtime has no such function.")
    write(c, operation)


def _comment(operation: Operation) -> str:
    reads = ", ".join(operation.inputs) or getattr(operation, "source", "")
    text = f"{type(operation).__name__}: {reads} -> {', '.join(operation.outputs)}"
    return re.sub(r"[^ -~]|[*/\\?]", "_", text)[:110]


def header_text(c: Program) -> str:
    """`model.h`: the state, and the three functions."""
    guard = f"{c.prefix.upper()}_H"
    fields = [f"    {each.type} {each.name}[{each.size}];" for each in c.fields]
    if c.open:
        fields += [f"    {type} {ARRAYS[type]}[{size}]; /* within a step */" for type, size in sorted(c.memory.items())]
    return "\n".join([
        f"/* {_title(c)}, written by gatelet. */",
        f"#ifndef {guard}",
        f"#define {guard}",
        "",
        "#include <stdint.h>",
        "",
        "#ifdef __cplusplus",
        'extern "C" {',
        "#endif",
        "",
        "/* What one stream remembers. The caller owns it; any number of streams may share the functions. */",
        "typedef struct {",
        *(fields or ["    uint8_t nothing;"]),
        f"}} {c.prefix}_state;",
        "",
        "/* Bytes of the state, for who cannot ask sizeof. */",
        f"uint32_t {c.prefix}_state_size(void);",
        "",
        "/* Before the first step of a stream, and again for a new one: both do the same. */",
        f"void {c.prefix}_init({c.prefix}_state *state);",
        f"void {c.prefix}_reset({c.prefix}_state *state);",
        "",
        *_most(c),
        "/* One step. What comes in and what goes out must not overlap.",
        *(f" * in   {_port_text(port)}" for port in c.inputs),
        *(f" * out  {_port_text(port)}" for port in c.outputs),
        " */",
        f"{step_head(c)};",
        "",
        "#ifdef __cplusplus",
        "}",
        "#endif",
        "",
        "#endif",
        "",
    ])  # fmt: skip


def source_text(c: Program) -> str:
    """`model.c`."""
    lines = c.lines
    text = re.sub(r"/\*.*?\*/", "", "\n".join(lines))
    counters = [name for name in ("k", "r", "j") if re.search(rf"\b{name}\b", text)]
    used = {port.name for port in c.inputs if re.search(rf"\b{port.name}\b", text)}
    unused = [f"(void){port.name};" for port in c.inputs if port.name not in used]
    refused = [f"if ({name} == 0 || {name} > {c.most_steps}) return 1;" for name in _limited(c)]
    limited = " ".join([text, *refused])
    unused += [f"(void){name};" for port in c.inputs for name in port.counts if not re.search(rf"\b{name}\b", limited)]
    unused += [] if "state->" in text or (c.open and c.rooms) else ["(void)state;"]
    resets = [f"for (k = 0; k < {each.size}; k++) state->{each.name}[k] = {each.first};" for each in c.fields]
    return "\n".join([
        f'#include "{c.prefix}.h"',
        "",
        '#include "gatelet.h"',
        "",
        *c.constants,
        f"uint32_t {c.prefix}_state_size(void) {{ return (uint32_t)sizeof({c.prefix}_state); }}",
        "",
        f"void {c.prefix}_init({c.prefix}_state *state) {{ {c.prefix}_reset(state); }}",
        "",
        f"void {c.prefix}_reset({c.prefix}_state *state) {{",
        *(["    uint16_t k;", *(f"    {line}" for line in resets)] if resets else [f"    {_empty(c)}"]),
        "}",
        "",
        f"{step_head(c)} {{",
        *_places(c),
        *([f"    uint16_t {', '.join(counters)};"] if counters else []),
        *(f"    {line}" for line in (*unused, *refused, *lines)),
        *(["    return 0;"] if c.open else []),
        "}",
        "",
    ])  # fmt: skip


def step_head(c: Program) -> str:
    """The declaration of a step."""
    parts = [f"{c.prefix}_state *state"]
    for port in c.inputs:
        parts.append(f"{port.type} {port.name}" if port.by_value else f"const {port.type} *{port.name}")
        parts += [f"uint16_t {name}" for name in port.counts]
    parts += [f"{port.type} *{port.name}" for port in c.outputs]
    head = f"{'uint8_t' if c.open else 'void'} {c.prefix}_step("
    kept = ", ".join(part.replace(" ", "\0") for part in parts)  # a line ends after a comma
    text = "\n".join(textwrap.wrap(f"{head}{kept})", 118, subsequent_indent=" " * len(head)))
    return text.replace("\0", " ")


def _places(c: Program) -> list[str]:
    """The arrays that values share, and the pointers into them."""
    lengths, at = c.memory, "state->" if c.open else ""
    lines = [] if c.open else [f"    {type} {ARRAYS[type]}[{size}];" for type, size in sorted(lengths.items())]
    lines += [f"    {room.type} *const {room.name} = {at}{ARRAYS[room.type]} + {room.offset};" for room in c.rooms]
    lines += [f"    float scratch[{c.scratch}];"] if c.scratch else []
    lines += [f"    gatelet_four fours[{c.fours}];"] if c.fours else []
    return lines


def _limited(c: Program) -> list[str]:
    """The counts that have a limit."""
    return [name for axis, name in c.counts.items() if axis in c.open]


def _most(c: Program) -> list[str]:
    """What a header says of values of any length."""
    if not c.open:
        return []
    counts = " and ".join(_limited(c))
    return [
        f"/* The most of {counts}: a step with more, or with none, does nothing and gives 1; else it gives 0. */",
        f"#define {c.prefix.upper()}_MOST_STEPS {c.most_steps}",
        "",
    ]


def _empty(c: Program) -> str:
    return "(void)state;" if c.open and c.memory else "state->nothing = 0;"


def _title(c: Program) -> str:
    return re.sub(r"[^A-Za-z0-9 ]", " ", c.plan.task)


def _port_text(port: Port) -> str:
    value = port.value
    unit = re.sub(r"[^ -~]|[*/\\?]", "_", value.unit)
    shape = spelled(value.shape) if value.shape else "one number"
    notes = [port.name, f"{shape} of {port.type}", *([f"in {unit}"] if unit else [])]
    return ", ".join(notes)
