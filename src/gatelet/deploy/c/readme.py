"""The README of an export to C: how to call it, and what it needs."""

from __future__ import annotations

from gatelet.deploy.c.program import Program
from gatelet.deploy.c.writing import step_head
from gatelet.deploy.costs import COSTS
from gatelet.plan.values import spelled


def readme_text(c: Program, places: tuple[str, str] = ("gatelet/", "selftest/")) -> str:
    """`README.md`.

    Args:
        c: the program.
        places: where the runtime and the self-test lie.
    """
    runtime, selftest = places
    rows = [
        f"| {word} | `{port.name}` | {port.type} | {spelled(port.value.shape) if port.value.shape else 'one number'} "
        f"| {port.value.unit} |"
        for word, ports in (("in", c.inputs), ("out", c.outputs))
        for port in ports
    ]
    calls = max(cost.calls for cost in COSTS.values())
    return "\n".join([
        f"# {c.plan.task} in C, written by gatelet",
        "",
        f"`{c.prefix}.h` and `{c.prefix}.c` are the model, `{runtime}` the part of gatelet's runtime that it calls.",
        "No allocation, no global state, nothing from libc but `<stdint.h>` and `<string.h>`; C99 to C++17.",
        "Do not compile with `-ffast-math`.",
        "",
        "```c",
        f"static {c.prefix}_state state;  /* one per stream */",
        f"{c.prefix}_init(&state);",
        f"{step_head(c)};",
        "```",
        "",
        "| | name | type | shape | unit |",
        "|---|---|---|---|---|",
        *rows,
        "",
        *_rows(c),
        "What is missing is NaN, where the model knows of missing numbers. Shapes with two axes lie row by row.",
        "",
        "## Budget",
        "",
        "| | bytes |",
        "|---|---|",
        f"| constants, in flash | {c.flash:,} |",
        f"| state, per stream | {c.state_bytes:,} |",
        f"| stack of a step, at most: {c.work_bytes:,} for its values, {calls} for calls | {c.work_bytes + calls:,} |",
        "| static data | 0 |",
        "",
        f"A step takes {c.plan.macs:,} multiply-adds{', for each row of a text' if c.open else ''}. That is about so",
        "many instructions (AVR: cycles), and so many bytes of code beside the constants, estimated from what was",
        "measured with other models at -O2; `gatelet verify` measures this one under emulators, and its stack.",
        "",
        "| core | instructions | code |",
        "|---|---|---|",
        *(f"| {name} | {cost.step(c.plan):,} | {cost.code(c.plan):,} |" for name, cost in COSTS.items()),
        "",
        "## Self-test",
        "",
        f"`{selftest}` compares the model with golden vectors: compile it with the C files, or, where there is a",
        "Makefile, `make test`. On your own board, answer to its `board.h` as `hosted.c` does. `gatelet verify` does",
        "the same under emulators of Cortex-M, RISC-V, AArch64 and AVR, where they are installed.",
        "",
    ])  # fmt: skip


def _rows(c: Program) -> list[str]:
    """What there is to say of values of any length."""
    if not c.open:
        return []
    names = " and ".join(name for axis, name in c.counts.items() if axis in c.open)
    return [
        f"A step reads a whole text. `{names}` tells how many rows it has, at most {c.most_steps} rows; a step",
        "with more, or with none, does nothing and gives 1, else it gives 0. The values of a step lie in the state,",
        "which keeps nothing of them for the next one. `gatelet export --max-steps` sets the longest.",
        "",
    ]
