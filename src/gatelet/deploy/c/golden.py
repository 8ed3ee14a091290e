"""Golden vectors: what goes into a model in C, and what its plan makes of it; and the program that compares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatelet import plan as p
from gatelet.deploy.c.program import Port, Program
from gatelet.deploy.c_arrays import array_text
from gatelet.deploy.comparison import allowed
from gatelet.deploy.examples import frames
from gatelet.plan import interpret

DTYPES = {"float": np.float32, "double": np.float64, "int32_t": np.int32, "int16_t": np.int16}
# a float between two integers becomes the one or the other, and all that follows differs by a unit
AT_EDGES = 10.0
BEYOND = 4096  # bytes of stack that are looked at, beside the values of a step
BYTES, LEAST, MOST = 12_000, 4, 24  # of golden vectors: they must fit beside the model on a small board


@dataclass(frozen=True)
class Golden:
    """Frames and what the plan gives for them, as C holds them.

    Attributes:
        given: (steps, numbers) of each input, filled up where one has any length.
        counts: (steps,) of each input of any length.
        wanted: (steps, numbers) of each output.
        allowed: the largest difference of each output; 0 for whole numbers, less than half a unit for what they stand
            for.
        passes: how often the frames are run, one after the other; the outputs are those of the last time.
    """

    given: dict[str, NDArray[Any]]
    counts: dict[str, NDArray[np.int16]]
    wanted: dict[str, NDArray[Any]]
    allowed: dict[str, float]
    passes: int = 1

    @property
    def steps(self) -> int:
        """How many frames there are."""
        return len(next(iter(self.wanted.values())))


def make_golden(c: Program, steps: int, seed: int = 0, passes: int = 1) -> Golden:
    """Made-up frames, rounded as the inputs of a step are, and the outputs of the plan's interpreter."""
    lengths = np.random.default_rng(seed).integers(0, 5, steps)
    rows: list[dict[str, Any]] = []
    for length, frame in zip(lengths, frames(c.plan, steps, seed), strict=True):
        for port in c.inputs:
            rounded = np.asarray(frame[port.value.name]).astype(DTYPES[port.type])
            frame[port.value.name] = rounded if port.size else np.resize(rounded, length)
        rows.append(frame)
    found = interpret.whole(c.plan, rows * passes)
    wanted = {name: array[-steps:] for name, array in found.items()}
    given: dict[str, NDArray[Any]] = {}
    counts: dict[str, NDArray[np.int16]] = {}
    for port in c.inputs:
        each = [np.reshape(row[port.value.name], -1) for row in rows]
        size = max(1, *(len(part) for part in each))
        given[port.name] = np.stack([np.pad(part, (0, size - len(part))) for part in each])
        if not port.size:
            counts[port.name] = np.array([len(part) for part in each], np.int16)
    return Golden(
        given,
        counts,
        {port.name: wanted[port.value.name].reshape(steps, -1).astype(DTYPES[port.type]) for port in c.outputs},
        {port.name: _allowed(c, port, wanted[port.value.name]) for port in c.outputs},
        passes,
    )


def _allowed(c: Program, port: Port, wanted: NDArray[np.float64]) -> float:
    """Less than half a unit of integers, so that their bits are compared; more where rounded floats become integers."""
    if "int" in port.type:
        return 0.0
    given = {each.value.name for each in c.inputs}
    edges = any(isinstance(each, p.Quantize) and each.source not in given for each in c.plan.operations)
    writes = [each for each in c.plan.operations if port.value.name in each.outputs]
    unit = writes[0].unit if writes and isinstance(writes[0], p.Dequantize) else 0.0
    if edges:
        return max(AT_EDGES * allowed(wanted), 2 * unit)
    return unit / 4 or allowed(wanted)


def golden_steps(c: Program, room: int = BYTES, most: int = MOST) -> int:
    """How many steps of golden vectors there is room for; usually on a small board."""
    one = sum((port.size or 4) * np.dtype(DTYPES[port.type]).itemsize for port in (*c.inputs, *c.outputs))
    return int(min(max(room // one, LEAST), most))


def golden_text(c: Program, golden: Golden) -> str:
    """`golden.h`."""
    lines = ["/* What goes in, and what the plan gives for it. */", '#include "gatelet.h"', ""]
    lines += [f"#define GOLDEN_STEPS {golden.steps}", f"#define GOLDEN_PASSES {golden.passes}", ""]
    for port in (*c.inputs, *c.outputs):
        values = golden.given[port.name] if port in c.inputs else golden.wanted[port.name]
        lines.append(array_text(f"golden_{port.name}", values))
        if port.name in golden.counts:
            lines.append(array_text(f"golden_{port.name}_count", golden.counts[port.name]))
    lines += [f"#define ALLOWED_{port.name} {golden.allowed[port.name]!r}" for port in c.outputs]
    return "\n".join([*lines, ""])


def main_text(c: Program, golden: Golden) -> str:
    """`main.c`: a self-test for any board that answers to `board.h`."""
    into = [f"static {port.type} in_{port.name}[{golden.given[port.name].shape[1]}];" for port in c.inputs]
    out = [f"static {port.type} out_{port.name}[{port.size}];" for port in c.outputs]
    shares = [f"static double share_{port.name};" for port in c.outputs]
    run: list[str] = []
    judged = ["ticks += (board_ticks() - before) & board_span;", "depth = board_depth();"]
    judged += ["if (depth > deepest) deepest = depth;"]
    for port in c.inputs:
        size = golden.given[port.name].shape[1]
        run.append(f"fetch(in_{port.name}, golden_{port.name} + t * {size}, sizeof in_{port.name});")
        if not port.size:
            run.append(f"fetch(&count_{port.name}, golden_{port.name}_count + t, sizeof count_{port.name});")
    arguments = ", ".join(["&state", *(_argument(port) for port in c.inputs), *(f"out_{o.name}" for o in c.outputs)])
    run += [f"board_paint({c.work_bytes + BEYOND}L);", "before = board_ticks();", f"{c.prefix}_step({arguments});"]
    for port in c.outputs:
        judged += [
            f"for (k = 0; k < {port.size}; k++) {{",
            f"    {port.type} wanted;",
            f"    fetch(&wanted, golden_{port.name} + t * {port.size} + k, sizeof wanted);",
            f"    share_{port.name} = judge((double)out_{port.name}[k], (double)wanted, ALLOWED_{port.name}, "
            f"share_{port.name});",
            "}",
        ]
    tell = [f'failed |= tell("{port.name}", share_{port.name});' for port in c.outputs]
    counts = [f"    int16_t count_{port.name};" for port in c.inputs if not port.size]
    return "\n".join([
        MAIN_HEAD.replace("@NAME@", c.prefix),
        f"static {c.prefix}_state state;",
        *into,
        *out,
        *shares,
        "",
        "int main(void) {",
        "    uint32_t before, depth, ticks = 0, deepest = 0;",
        "    uint16_t t, k, pass;",
        "    int failed = 0;",
        *counts,
        f"    {c.prefix}_init(&state);",
        "    for (pass = 1; pass <= GOLDEN_PASSES; pass++) {",
        "        for (t = 0; t < GOLDEN_STEPS; t++) {",
        *(f"            {line}" for line in run),
        "            if (pass < GOLDEN_PASSES) continue;",
        *(f"            {line}" for line in judged),
        "        }",
        "    }",
        *(f"    {line}" for line in tell),
        '    board_text("ticks ");',
        "    board_number(ticks / GOLDEN_STEPS);",
        '    board_text("\\nstack ");',
        "    board_number(deepest);",
        '    board_text(failed ? "\\ndifferent\\n" : "\\nsame\\n");',
        "    board_exit(failed);",
        "    return 0;",
        "}",
        "",
    ])  # fmt: skip


def _argument(port: Port) -> str:
    if port.by_value:
        return f"in_{port.name}[0]"
    return f"in_{port.name}" if port.size else f"in_{port.name}, (uint16_t)count_{port.name}"


@dataclass(frozen=True)
class Outcome:
    """What a self-test said.

    Attributes:
        share: the largest difference, as a share of what is allowed.
        ticks: of the board's counter, for one step.
        stack: bytes of it that a step used, with what it calls; 0 for not measured.
    """

    share: float
    ticks: int
    stack: int


def outcome(output: str) -> Outcome | None:
    """Read what the program wrote; None if it did not come to its end."""
    share, counts, ended = 0.0, {"ticks": 0, "stack": 0}, False
    for line in output.splitlines():
        words = line.split()
        if len(words) == 2 and words[1].isdigit():
            if words[0] in counts:
                counts[words[0]] = int(words[1])
            else:
                share = max(share, int(words[1]) / 1e6)
        ended = ended or line.strip() in ("same", "different")
    return Outcome(share, counts["ticks"], counts["stack"]) if ended else None


MAIN_HEAD = """/* Compares the model with golden vectors. Tells for each output the largest difference, in millionths of
 * what is allowed; then the ticks of one step, and the bytes of stack that it used. To run it on your own board, answer
 * to board.h as hosted.c does. */
#include <string.h>

#include "board.h"
#include "golden.h"
#include "stack.h"
#include "@NAME@.h"

static void fetch(void *to, const void *from, uint16_t bytes) {
#ifdef __AVR__
    memcpy_P(to, from, bytes);
#else
    memcpy(to, from, bytes);
#endif
}

static double judge(double found, double wanted, double allowed, double share) {
    double off = found < wanted ? wanted - found : found - wanted;
    if (found == wanted || (found != found && wanted != wanted)) return share;
    off = allowed > 0.0 ? off / allowed : 1000.0;
    return off <= share ? share : off == off ? off : 1000.0;
}

static int tell(const char *name, double share) {
    board_text(name);
    board_put(' ');
    board_number((uint32_t)(share < 1000.0 ? share * 1e6 : 1e9));
    board_put('\\n');
    return share > 1.0;
}
"""
