"""Time one step of the C runtime on this machine, beside how long reading its weights takes.

    python benchmarks/edge/host.py [--record]

One program in C runs GRU layers of 16 inputs and 32 or 128 units, in floats and in integers, dense and with 90% of the
blocks of both matrices left out, and between them reads as many bytes as each has weights: a loop of wide loads, from
the cache that they fit in. All take turns; a figure is the least of many rounds, the reading that of either program.
Before anything is timed, the states after 50 steps must be those of the NumPy models: integers to the bit, floats to
1e-5. Compiled by `cc -O2`, for any machine of this kind, and by `cc -O3 -march=native` for this one.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from instructions import X_UNIT, Case, case, float_layer
from numpy.typing import NDArray

from gatelet.deploy.quantization import quantize_cell
from gatelet.reference import gru
from gatelet.reference.integer import gru as integer_gru
from gatelet.runtime import source_folder

RESULTS = Path(__file__).parent / "results"
INPUTS, CHECKED = 16, 50
FLAGS = {"-O2": ("-O2",), "-O3 -march=native": ("-O3", "-march=native")}

HEAD = """#define _POSIX_C_SOURCE 199309L
#include <stdio.h>
#include <time.h>
#include "gatelet.h"

typedef uint64_t wide __attribute__((vector_size(64), aligned(4), may_alias));

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return 1e9 * (double)t.tv_sec + (double)t.tv_nsec;
}

/* Reads so many bytes and makes something of each, so that the loads stay. */
static uint64_t read_all(const char *from, size_t bytes) {
    wide a = {0}, b = a, c = a, d = a;
    size_t k = 0;
    __asm__ volatile("" : "+r"(from) : : "memory"); /* every time anew */
    for (; k + 256 <= bytes; k += 256) {
        a ^= *(const wide *)(from + k), b ^= *(const wide *)(from + k + 64);
        c ^= *(const wide *)(from + k + 128), d ^= *(const wide *)(from + k + 192);
    }
    a ^= b ^ c ^ d;
    return a[0] ^ a[1] ^ a[2] ^ a[3] ^ a[4] ^ a[5] ^ a[6] ^ a[7];
}

static volatile uint64_t kept;

"""


def timed(one: Case, steps: int) -> str:
    """Functions that check a cell, time its steps, and time reading its weights."""
    name = one.name
    number, form, drawn = ("float", "%.9g", "* 0.2f") if one.floats else ("int16_t", "%d", "* 1000")
    scratch = f"{'float' if one.floats else 'gatelet_four'} scratch_{name}[512]"
    step = one.call.replace(" x,", f" x_{name},").replace("scratch)", f"scratch_{name})")
    loop = f"for (int t = 0; t < {steps}; t++)"
    return f"""{one.constants}
static {number} h_{name}[{one.units}], x_{name}[{INPUTS}];
static {scratch};

static void check_{name}(void) {{
    for (int t = 0; t < {CHECKED}; t++) {{
        for (int k = 0; k < {INPUTS}; k++) x_{name}[k] = ({number})(((t * 7 + k * 3) % 11 - 5) {drawn});
        {step};
    }}
    printf("{name} state");
    for (int k = 0; k < {one.units}; k++) printf(" {form}", h_{name}[k]);
    printf("\\n");
}}

static double step_{name}(void) {{
    double begin = now();
    {loop} {step};
    return (now() - begin) / {steps};
}}

static double read_{name}(void) {{
    double begin = now();
    {loop} kept += read_all((const char *){name}_weights, sizeof {name}_weights);
    return (now() - begin) / {steps};
}}

"""


def program(cases: list[Case], rounds: int) -> str:
    """The whole of it."""
    table = ", ".join(f"step_{one.name}, read_{one.name}" for one in cases)
    checks = "\n".join(f"    check_{one.name}();" for one in cases)
    names = ", ".join(f'"{one.name} step", "{one.name} read"' for one in cases)
    return (
        HEAD
        + "".join(timed(one, 200 if one.units > 64 else 1000) for one in cases)
        + f"""int main(void) {{
    double (*const runs[])(void) = {{{table}}};
    const char *const names[] = {{{names}}};
    double best[{2 * len(cases)}];
{checks}
    for (int k = 0; k < {2 * len(cases)}; k++) best[k] = 1e30;
    for (int round = 0; round < {rounds}; round++) {{
        for (int k = 0; k < {2 * len(cases)}; k++) {{
            double took = runs[k]();
            if (took < best[k]) best[k] = took;
        }}
    }}
    for (int k = 0; k < {2 * len(cases)}; k++) printf("%s %.2f\\n", names[k], best[k]);
    return 0;
}}
"""
    )


def cases() -> list[Case]:
    """The layers that are timed."""
    found = []
    for units in (32, 128):
        for floats in (True, False):
            for density in (1.0, 0.1):
                name = f"{'f' if floats else 'q'}_{'dense' if density == 1 else 'sparse'}_{units}"
                found.append(case(name, "gru", (INPUTS, units), floats=floats, density=density))
    return found


def expected(one: Case) -> NDArray[Any]:
    """The state of a layer after the checked steps, by its NumPy model."""
    layer = float_layer("gru", INPUTS, one.units, 0.1 if "sparse" in one.name else 1.0)
    t, k = np.arange(CHECKED)[:, None], np.arange(INPUTS)
    drawn: NDArray[np.int64] = (t * 7 + k * 3) % 11 - 5
    if one.floats:
        x: NDArray[np.float64] = (0.2 * drawn).astype(np.float64)
        state: NDArray[Any] = gru.forward(x[:, None], np.zeros((1, one.units)), layer)[1][0]
        return state
    cell = quantize_cell("gru", layer, X_UNIT)
    state = integer_gru.forward((1000 * drawn)[:, None], np.zeros((1, one.units), np.int64), cell)[1][0]
    return state


def measure(flags: tuple[str, ...], rounds: int) -> dict[str, dict[str, float]]:
    """Nanoseconds of a step and of reading the weights, of each case."""
    chosen = cases()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "main.c").write_text(program(chosen, rounds))
        sources = [str(path) for path in source_folder().glob("*.c")]
        command = ["cc", "-std=c99", *flags, "-I", str(source_folder()), "main.c", *sources, "-o", "host"]
        subprocess.run(command, cwd=folder, check=True)
        output = subprocess.run([str(folder / "host")], capture_output=True, text=True, check=True).stdout
    found: dict[str, dict[str, float]] = {}
    for line in output.splitlines():
        words = line.split()
        if words[1] != "state":
            found.setdefault(words[0], {})[words[1]] = float(words[2])
            continue
        (one,) = (each for each in chosen if each.name == words[0])
        off = float(np.abs(np.array(words[2:], np.float64) - expected(one)).max())
        assert off <= (1e-5 if one.floats else 0), f"{one.name} must be its NumPy model; it is off by {off:g}."
    return found


def table(found: dict[str, dict[str, dict[str, float]]]) -> str:
    """A Markdown table."""
    lines = ["| H | numbers | blocks left | flags | ns a step | ns to read the weights | share |", "|---" * 7 + "|"]
    for one in cases():
        for flags, rows in found.items():
            step, read = rows[one.name]["step"], min(each[one.name]["read"] for each in found.values())
            kind = "floats" if one.floats else "integers"
            left = "10%" if "sparse" in one.name else "all"
            lines.append(
                f"| {one.units} | {kind} | {left} | `{flags}` | {step:.0f} | {read:.0f} | {100 * read / step:.0f}% |"
            )
    return "\n".join(lines)


def main() -> None:
    """Measure, print, and record if that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--record", action="store_true", help="write results/host.json and host.md")
    parser.add_argument("--rounds", type=int, default=300)
    asked = parser.parse_args()
    found = {title: measure(flags, asked.rounds) for title, flags in FLAGS.items()}
    print(table(found))
    if asked.record:
        record: dict[str, Any] = {"machine": platform.machine(), "rounds": asked.rounds, "ns": found}
        (RESULTS / "host.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
        head = "# A step of the C runtime on this machine\n\n`python benchmarks/edge/host.py --record`; "
        text = f"{head}{platform.machine()}, least of {asked.rounds} rounds in turns.\n\n{table(found)}\n"
        (RESULTS / "host.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
