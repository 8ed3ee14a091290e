"""Golden vectors: what goes into a model in C, and what its plan makes of it; and the program that compares."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatelet import plan as p
from gatelet.deploy.c.program import Port, Program, times
from gatelet.deploy.c_arrays import array_text
from gatelet.deploy.comparison import allowed
from gatelet.deploy.examples import frames
from gatelet.plan import interpret

DTYPES = {"float": np.float32, "double": np.float64, "int32_t": np.int32, "int16_t": np.int16}
# a float between two integers becomes the one or the other, and all that follows differs by a unit
AT_EDGES = 10.0
LONGEST = 8  # of golden texts: as many rows
BEYOND = 4096  # bytes of stack that are looked at, beside the values of a step
BYTES, LEAST, MOST = 12_000, 4, 24  # of golden vectors: they must fit beside the model on a small board


@dataclass(frozen=True)
class Golden:
    """Frames and what the plan gives for them, as C holds them.

    Attributes:
        given: (steps, numbers) of each input, filled up where one has any length.
        counts: (steps,) of each argument that tells a length.
        wanted: (steps, numbers) of each output, likewise filled up.
        allowed: the largest difference of each output; 0 for whole numbers, less than half a unit for what they stand
            for.
        passes: how often the frames are run, one after the other; the outputs are those of the last time.
    """

    given: dict[str, NDArray[Any]]
    counts: dict[str, NDArray[np.uint16]]
    wanted: dict[str, NDArray[Any]]
    allowed: dict[str, float]
    passes: int = 1

    @property
    def steps(self) -> int:
        """How many frames there are."""
        return len(next(iter(self.wanted.values())))


def make_golden(c: Program, steps: int, seed: int = 0, passes: int = 1, longest: int = LONGEST) -> Golden:
    """Made-up frames, rounded as the inputs of a step are, and the outputs of the plan's interpreter.

    Args:
        c: the program.
        steps: how many frames.
        seed: of the numbers.
        passes: how often the frames are run.
        longest: of the lengths of values of any length, unless the program allows less; the last frame has it.
    """
    rng = np.random.default_rng(seed)
    rows: list[dict[str, Any]] = []
    lengths: dict[str, list[int]] = {axis: [] for axis in c.counts}
    for step in range(steps):
        for axis, found in lengths.items():
            most = min(longest, c.most_steps)
            length = rng.integers(1, most + 1) if axis in c.open else rng.integers(0, 5)
            found.append(most if axis in c.open and step == steps - 1 else int(length))
        known = {axis: found[-1] for axis, found in lengths.items()}
        frame = frames(c.plan, 1, 1000 * seed + step, known)[0]
        for port in c.inputs:
            frame[port.value.name] = np.asarray(frame[port.value.name]).astype(DTYPES[port.type])
        rows.append(frame)
    wanted = _outputs(c, rows, passes)
    return Golden(
        {port.name: _filled_up([row[port.value.name] for row in rows]) for port in c.inputs},
        {name: np.array(lengths[axis], np.uint16) for axis, name in c.counts.items()},
        {port.name: _filled_up(wanted[port.value.name]).astype(DTYPES[port.type]) for port in c.outputs},
        {
            port.name: _allowed(c, port, np.concatenate([np.ravel(w) for w in wanted[port.value.name]]))
            for port in c.outputs
        },
        passes,
    )


def _outputs(c: Program, rows: list[dict[str, Any]], passes: int) -> dict[str, list[NDArray[np.float64]]]:
    """What the plan gives in the last pass, step by step."""
    found: dict[str, list[NDArray[np.float64]]] = {port.value.name: [] for port in c.outputs}
    state = interpret.start(c.plan)
    for row in rows * passes:
        written, state = interpret.step(c.plan, row, state)
        for name, each in found.items():
            each.append(written[name])
    return {name: each[-len(rows) :] for name, each in found.items()}


def _filled_up(parts: list[NDArray[Any]]) -> NDArray[Any]:
    """(steps, numbers), zeros at the end of what is shorter."""
    size = max(1, *(part.size for part in parts))
    return np.stack([np.pad(np.ravel(part), (0, size - part.size)) for part in parts])


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
    one = sum(_numbers(c, port) * np.dtype(DTYPES[port.type]).itemsize for port in (*c.inputs, *c.outputs))
    return int(min(max(room // one, LEAST), most))


def _numbers(c: Program, port: Port) -> int:
    """About so many a frame."""
    lengths = (axis if isinstance(axis, int) else LONGEST if axis in c.open else 4 for axis in port.value.shape)
    return prod(lengths)


def golden_text(c: Program, golden: Golden) -> str:
    """`golden.h`."""
    lines = ["/* What goes in, and what the plan gives for it. */", '#include "gatelet.h"', ""]
    lines += [f"#define GOLDEN_STEPS {golden.steps}", f"#define GOLDEN_PASSES {golden.passes}", ""]
    for port in (*c.inputs, *c.outputs):
        values = golden.given[port.name] if port in c.inputs else golden.wanted[port.name]
        lines.append(array_text(f"golden_{port.name}", values))
    lines += [array_text(f"golden_{name}", counts) for name, counts in golden.counts.items()]
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
    run += [f"fetch(&{name}, golden_{name} + t, sizeof {name});" for name in golden.counts]
    arguments = ", ".join(["&state", *(_argument(port) for port in c.inputs), *(f"out_{o.name}" for o in c.outputs)])
    run += [f"board_paint({c.work_bytes + BEYOND}L);", "before = board_ticks();", f"{c.prefix}_step({arguments});"]
    for port in c.outputs:
        judged += [
            f"for (k = 0; k < {_written(c, port)}; k++) {{",
            f"    {port.type} wanted;",
            f"    fetch(&wanted, golden_{port.name} + t * {golden.wanted[port.name].shape[1]} + k, sizeof wanted);",
            f"    share_{port.name} = judge((double)out_{port.name}[k], (double)wanted, ALLOWED_{port.name}, "
            f"share_{port.name});",
            "}",
        ]
    tell = [f'failed |= tell("{port.name}", share_{port.name});' for port in c.outputs]
    counts = [f"    uint16_t {name};" for name in golden.counts]
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
    return ", ".join([f"in_{port.name}", *port.counts])


def _written(c: Program, port: Port) -> int | str:
    """Numbers of an output in this step."""
    name = next((c.counts[axis] for axis in port.value.shape if isinstance(axis, str)), None)
    return port.size if name is None else times(name, port.size // c.most_steps)


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
