"""What each kind of work in a step costs on emulated cores, and how well that tells what whole models cost.

    python benchmarks/edge/step_costs.py [--core cortex-m4 ...] [--json benchmarks/edge/results/step_costs.json]

Plans of single layers and whole models are written as C and run; the instructions (simavr: cycles) of their steps are
counted, which does not depend on the machine's load, and a cost for each of `gatelet.deploy.work.KINDS` is fitted to
them, none below zero; that of whole models counts three times as much. Printed are the lines of `gatelet.deploy.costs`,
and how far the estimate is off for each plan, the worst first.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import nnls

from gatelet import plan as p
from gatelet.deploy import emulate
from gatelet.deploy.c import files, program_of
from gatelet.deploy.c.program import Program
from gatelet.deploy.costs import COSTS
from gatelet.deploy.quantization import convert
from gatelet.deploy.toolchains import CORES, Core, missing_tools
from gatelet.deploy.work import KINDS, work_of

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "plan"))
import small_plans  # noqa: E402  the small plans of the tests

STEPS, TOGETHER = 8, 6  # that are counted; plans in a program
WIDE = 24
WHOLE, ROUNDS = 3.0, 25  # how much more the error of a whole model counts

HEAD = """#include "board.h"
static uint32_t seed = 1;
static double drawn(void) {
    seed = seed * (uint32_t)1664525 + (uint32_t)1013904223;
    return (double)(int32_t)(seed >> 8) / 8388608.0 - 1.0;
}
"""


def layer(name: str, *operations: p.Operation, size: int = WIDE, out: int = WIDE) -> p.Plan:
    """A plan of one layer or two, from x to y."""
    return p.Plan(name, (p.Value("x", (size,)),), operations, (p.Value("y", (out,)),))


def layers() -> dict[str, p.Plan]:
    """Plans of single layers."""
    rng, weights = np.random.default_rng(0), small_plans.weights
    ones = np.ones(WIDE, np.float32)
    found = {
        "dense": layer("dense", p.Dense("x", "y", weights(rng, WIDE, WIDE), weights(rng, WIDE))),
        "dense_1": layer("dense_1", p.Dense("x", "y", weights(rng, 1, WIDE), weights(rng, 1)), out=1),
        "dense_tanh": layer("dense_tanh", p.Dense("x", "y", weights(rng, WIDE, 4), weights(rng, WIDE), "tanh"), size=4),
        "softmax": layer("softmax", p.Softmax("x", "y")),
        "log_softmax": layer("log_softmax", p.Softmax("x", "y", logarithm=True)),
        "sigmoid": layer("sigmoid", p.Activation("x", "y", "sigmoid")),
        "relu": layer("relu", p.Activation("x", "y", "relu")),
        "standardize": layer("standardize", p.Standardize("x", "y", ones, 2 * ones)),
        "layer_norm": layer("layer_norm", p.LayerNorm("x", "y", ones, ones)),
        "filled": layer("filled", p.Filled("x", "y")),
        "add": layer("add", p.Filled("x", "z"), p.Add(("x", "z"), "y", ones)),
        "mean": layer("mean", p.Pool("x", "y", "mean")),
        "quantize": layer("quantize", p.Quantize("x", "z", 1e-3), p.Dequantize("z", "y", 1e-3)),
    }
    token = (p.Value("x", (), "int"),)
    table = p.Embedding("x", "y", weights(rng, 8, WIDE))
    pair = (p.Pairs("x", "z", 8), p.Embedding("z", "y", table.table))
    found["embedding"] = p.Plan("embedding", token, (table,), (p.Value("y", (WIDE,)),))
    found["pair"] = p.Plan("pair", token, pair, (p.Value("y", (WIDE,)),))
    return found


def models() -> dict[str, p.Plan]:
    """Plans of whole models, small and large, in floats and, with q in front, in integers."""
    rng = np.random.default_rng(1)
    shapes = {"": (5, 7), "_32": (16, 32)}
    found = {
        f"{name}{at}": small_plans.stacked(rng, name, inputs=shape[0], hidden=shape[1])
        for at, shape in shapes.items()
        for name in (("gru", "lstm", "fastgrnn") if at else small_plans.CELLS)
    }
    found["gru_64"] = small_plans.stacked(rng, "gru", inputs=16, hidden=64)
    found |= {f"text_{pooling}": small_plans.text(rng, pooling) for pooling in ("max", "mean", "attention")}
    found |= {f"window_{head}": small_plans.window(rng, head) for head in ("quantiles", "student_t")}
    whole = [name for name in found if name.split("_")[0] in ("gru", "lstm", "fastgrnn") and "norm" not in name]
    for name in [*(each for each in whole if "before" not in each), "window_quantiles"]:
        found[f"q_{name}"] = convert(found[name], defaultdict(lambda: 2.0)).plan
    return found


def plans() -> dict[str, p.Plan]:
    """All of them."""
    return layers() | models()


def timed(name: str, c: Program) -> str:
    """A function that draws inputs, runs steps, and tells their ticks."""
    lines = [
        f"static void run_{name}(void) {{",
        f"    static {c.prefix}_state state;",
        "    uint32_t ticks = 0, before;",
    ]
    lines += [f"    static {port.type} {port.name}[{port.size or 3}];" for port in (*c.inputs, *c.outputs)]
    lines += ["    int t, k;", f"    {c.prefix}_init(&state);", f"    for (t = 0; t < {STEPS}; t++) {{"]
    for port in c.inputs:
        value = f"({port.type})(8 * drawn() < 0 ? 1 : 5 * drawn() * drawn() + 2)" if port.type == "int32_t" else ""
        value = value or f"({port.type})(1.7 * drawn())"
        lines.append(f"        for (k = 0; k < {port.size or 3}; k++) {port.name}[k] = {value};")
    given = [
        f"{port.name}[0]" if port.by_value else ", ".join([port.name, *(["3"] * len(port.counts))]) for port in c.inputs
    ]
    call = ", ".join(["&state", *given, *(port.name for port in c.outputs)])
    lines += ["        before = board_ticks();", f"        {c.prefix}_step({call});"]
    lines += ["        ticks += (board_ticks() - before) & board_span;", "    }", f'    board_text("{name} ");']
    return "\n".join([*lines, "    board_number(ticks);", "    board_put('\\n');", "}", ""])


def measured(core: Core, named: dict[str, p.Plan], work: Path) -> dict[str, float]:
    """Instructions of a step of each plan."""
    programs = {name: program_of(plan, f"m_{name}") for name, plan in named.items()}
    for c in programs.values():
        folder = work / c.prefix
        folder.mkdir()
        files.write_program(c, folder)
    text = HEAD + "".join(f'#include "{c.prefix}/{c.prefix}.h"\n' for c in programs.values())
    text += "".join(timed(name, c) for name, c in programs.items())
    calls = "".join(f"    run_{name}();\n" for name in programs)
    (work / "main.c").write_text(f"{text}int main(void) {{\n{calls}    board_exit(0);\n    return 0;\n}}\n")
    sources = [work / "main.c", *(work / c.prefix / f"{c.prefix}.c" for c in programs.values())]
    program = emulate.build(core, sources, work, extra=("-I", str(work)))
    words = [line.split() for line in emulate.run(core, program).splitlines()]
    return {each[0]: int(each[1]) * core.per_tick / STEPS for each in words if len(each) == 2 and each[1].isdigit()}


def counted(core: Core) -> dict[str, float]:
    """Instructions of all plans that the core has room for."""
    room = core.flash // 4
    named = {name: plan for name, plan in plans().items() if program_of(plan, draft=True).flash <= room}
    found: dict[str, float] = {}
    names = list(named)
    together = TOGETHER if core.name != "avr" else 1
    for begin in range(0, len(names), together):
        with tempfile.TemporaryDirectory() as folder:
            part = {name: named[name] for name in names[begin : begin + together]}
            found |= measured(core, part, Path(folder))
    return found


def fitted(instructions: dict[str, float]) -> np.ndarray[Any, Any]:
    """Costs of all kinds of work, by the least relative error; what is estimated worst counts more and more."""
    known, whole = plans(), models()
    rows = np.array([[work_of(known[name])[kind] / number for kind in KINDS] for name, number in instructions.items()])
    weights = np.array([WHOLE if name in whole else 1.0 for name in instructions])
    for _ in range(ROUNDS):
        found: np.ndarray[Any, Any] = nnls(rows * weights[:, None], weights)[0]
        off = np.abs(rows @ found - 1.0)
        weights *= np.where([name in whole for name in instructions], 1.0 + 3.0 * off, 1.0)
    return found


def main() -> None:
    """Count, fit, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--core", nargs="+", default=list(COSTS), choices=list(COSTS))
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    found: dict[str, dict[str, float]] = {}
    for name in given.core:
        if missing := missing_tools(CORES[name]):
            print(f"{name}: skipped, {' and '.join(missing)} not found")
            continue
        found[name] = counted(CORES[name])
        costs = fitted(found[name])
        known = plans()
        off = {
            plan: sum(costs[at] * work_of(known[plan])[kind] for at, kind in enumerate(KINDS)) / number - 1
            for plan, number in found[name].items()
        }
        print(f'    "{name}": ({", ".join(f"{cost:.3g}" for cost in costs)}),')
        worst = sorted(off, key=lambda plan: -abs(off[plan]))
        print(f"        # {', '.join(f'{plan} {100 * off[plan]:+.0f}%' for plan in worst)}")
    if given.json:
        given.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
