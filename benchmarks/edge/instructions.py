"""Count what one step costs on emulated cores: instructions, bytes of code, bytes of static data.

    python benchmarks/edge/instructions.py [--core cortex-m4 ...] [--json benchmarks/edge/results/instructions.json]

Deterministic: the emulator counts instructions (simavr: cycles), so the machine's load does not matter. They are not
cycles. Before anything is counted, integer outputs over 200 steps must be those of the NumPy model, to the last bit, on
that core. Weights are random; in the sparse cells, 90% of the blocks of both matrices are zeros, left out by the C, in
those called `hh` of W_hh alone. Beside these stand cells of low rank, with as many multiply-adds in W_hh.
"""

import argparse
import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from gatelet.deploy import emulate, stack_program
from gatelet.deploy.c_arrays import array_text, cell_text, float_cell_text
from gatelet.deploy.quantization import IntegerStack, quantize_cell
from gatelet.deploy.toolchains import CORES, Core, missing_tools
from gatelet.plan import mel_filters
from gatelet.reference import LayerWeights
from gatelet.runtime import Kind, grouped, pack_floats, pack_log_mel, source_folder

GATES = {"gru": 3, "lstm": 4, "fastgrnn": 1}
SMALL, LARGE = (16, 32), (16, 128)  # I, H
RANK = 10  # R (3H + H) = a tenth of 3H H, for the large one
STEPS = 20  # that are counted
GATE_STEPS = 200
X_UNIT = 2.0**-13


@dataclass(frozen=True)
class Case:
    """One cell: its constants as C, and a call of its step."""

    name: str
    constants: str
    call: str
    kind: str
    units: int
    inputs: int
    floats: bool

    @property
    def text(self) -> str:
        """A function that runs steps and prints its name and ticks."""
        number = "float" if self.floats else "int16_t"
        scratch = f"{'float' if self.floats else 'gatelet_four'} scratch[{256 if self.floats else 64}]"
        value = "(float)(t + k) * 0.01f" if self.floats else "(int16_t)(100 * (t + k))"
        cell = f"c_{self.name}[{self.units}]" if self.kind == "lstm" else ""
        return (
            f"{self.constants}\nstatic {number} h_{self.name}[{self.units}]{', ' + cell if cell else ''};\n"
            f"static void time_{self.name}(void) {{\n    static {scratch};\n    {number} x[{self.inputs}];\n"
            f"    uint32_t ticks;\n    int t, k;\n"
            f"    for (t = 0; t < 3; t++) {{\n        for (k = 0; k < {self.inputs}; k++) x[k] = {value};\n"
            f"        {self.call};\n    }}\n"
            f"    ticks = board_ticks();\n    for (t = 0; t < {STEPS}; t++) {self.call};\n"
            f'    tell("{self.name}", board_ticks() - ticks);\n}}\n\n'
        )


@dataclass(frozen=True)
class Frame:
    """One log-mel frame of 16 kHz sound: a hop of 160 samples, 400 of 512 points, 40 bands."""

    name: str = "f_log_mel"

    @property
    def text(self) -> str:
        """A function that makes frames and prints its name and ticks."""
        packed = pack_log_mel(mel_filters(16000.0, 512, 40, low=20.0), 160, 400, 1e-8)
        arrays = "".join(array_text(f"{self.name}_{part}", values) for part, values in packed.arrays.items())
        sizes = f"{packed.hop}, {packed.length}, {packed.half}, {packed.odd}, {packed.bands}, {packed.floor}f"
        places = ", ".join(f"{self.name}_{part}" for part in packed.arrays)
        return (
            f"{arrays}static const gatelet_f_log_mel {self.name} = {{{sizes}, {places}}};\n"
            f"static void time_{self.name}(void) {{\n"
            f"    static float x[{packed.hop}], samples[{packed.length - packed.hop}], y[{packed.bands}];\n"
            f"    static float scratch[{packed.scratch}];\n"
            f"    uint32_t ticks;\n    int t, k;\n"
            f"    for (k = 0; k < {packed.hop}; k++) x[k] = (float)(k * 37 % 101 - 50) * 0.01f;\n"
            f"    for (t = 0; t < 3; t++) gatelet_f_log_mel_step(&{self.name}, x, samples, y, scratch);\n"
            f"    ticks = board_ticks();\n    for (t = 0; t < {STEPS}; t++) "
            f"gatelet_f_log_mel_step(&{self.name}, x, samples, y, scratch);\n"
            f'    tell("{self.name}", board_ticks() - ticks);\n}}\n\n'
        )


def float_layer(kind: str, inputs: int, units: int, density: float = 1.0, of_x: float | None = None) -> LayerWeights:
    """Random weights, of which a share of blocks (the gates of a unit, four columns) is not zero; of W_ih, another."""
    rng, gates = np.random.default_rng(inputs + units), GATES[kind]

    def draw(rows: int, columns: int, density: float) -> NDArray[np.float64]:
        matrix: NDArray[np.float64] = rng.uniform(-1, 1, (rows, columns)) / np.sqrt(units)
        there = rng.random((units, -(-columns // 4))) < density
        return matrix * np.tile(np.repeat(there, 4, axis=1)[:, :columns], (gates, 1))

    bias = rng.uniform(-0.1, 0.1, max(gates, 2) * units)
    scales = np.array([1.0, -4.0]) if kind == "fastgrnn" else None
    of_both = draw(gates * units, inputs, density if of_x is None else of_x), draw(gates * units, units, density)
    return LayerWeights(*of_both, bias, bias, scales=scales)


def case(
    name: str, kind: Kind, shape: tuple[int, int], *, floats: bool, density: float = 1.0, of_x: float | None = None
) -> Case:
    """One cell, sparse where its density is less than 1."""
    inputs, units = shape
    layer, sparse = float_layer(kind, inputs, units, density, of_x), density < 1
    if floats:
        constants = float_cell_text(name, pack_floats(kind, layer), sparse=sparse)
    else:
        cell = quantize_cell(kind, layer, X_UNIT, exponent=0 if kind == "gru" else 2)
        constants = cell_text(name, cell, sparse=sparse)
    step = f"gatelet_{'f' if floats else 'q'}_{kind}{'_sparse' if sparse else ''}_step"
    blocks = f"{name}_blocks, " if sparse else ""
    state = f"h_{name}, c_{name}" if kind == "lstm" else f"h_{name}"
    return Case(name, constants, f"{step}(&{name}, {blocks}x, {state}, scratch)", kind, units, inputs, floats)


def low_rank(name: str, shape: tuple[int, int], rank: int, *, floats: bool) -> Case:
    """A GRU whose W_hh has two factors."""
    inputs, units = shape
    whole = float_layer("gru", inputs, units)
    layer, right = replace(whole, weight_hh=whole.weight_hh[:, :rank]), whole.weight_hh[:rank]
    if floats:
        arranged = array_text(f"{name}_right", grouped(right.astype(np.float32)))
        constants, factor = float_cell_text(name, pack_floats("gru", layer)) + arranged, f"{name}_right, {rank}"
    else:
        constants, factor = cell_text(name, quantize_cell("gru", layer, X_UNIT, right=right)), f"&{name}_right"
    call = f"gatelet_{'f' if floats else 'q'}_gru_low_rank_step(&{name}, {factor}, x, h_{name}, scratch)"
    return Case(name, constants, call, "gru", units, inputs, floats)


def programs(core: Core) -> list[Sequence[Case | Frame]]:
    """What runs together; the large float cells fit neither an M0 nor an AVR."""
    small = [case(f"q_{kind}", kind, SMALL, floats=False) for kind in get_args(Kind)]
    small += [case(f"f_{kind}", kind, SMALL, floats=True) for kind in get_args(Kind)]
    large = [
        case("q_dense_128", "gru", LARGE, floats=False),
        case("q_sparse_128", "gru", LARGE, floats=False, density=0.1),
        case("q_sparse_hh_128", "gru", LARGE, floats=False, density=0.1, of_x=1.0),
        low_rank("q_low_rank_128", LARGE, RANK, floats=False),
    ]
    sound = [Frame()]
    if core.name == "avr":
        return [small, sound]
    if core.name == "cortex-m0":
        return [small, large, sound]
    large += [
        case("f_dense_128", "gru", LARGE, floats=True),
        case("f_sparse_128", "gru", LARGE, floats=True, density=0.1),
        case("f_sparse_hh_128", "gru", LARGE, floats=True, density=0.1, of_x=1.0),
        low_rank("f_low_rank_128", LARGE, RANK, floats=True),
    ]
    return [small, large, sound]


HEAD = """#include "board.h"
#include "gatelet.h"

static void tell(const char *name, uint32_t ticks) {
    board_text(name);
    board_text(" 0 ");
    board_number(ticks & board_span);
    board_put('\\n');
}

"""


def count(core: Core, cases: Sequence[Case | Frame], optimize: str, folder: Path) -> dict[str, float]:
    """Instructions per step of each case."""
    calls = "".join(f"    time_{one.name}();\n" for one in cases)
    source = folder / "main.c"
    main = f"int main(void) {{\n{calls}    board_exit(0);\n    return 0;\n}}\n"
    source.write_text(HEAD + "".join(one.text for one in cases) + main)
    output = emulate.run(core, emulate.build(core, [source], folder, optimize=optimize))
    found = stack_program.outcomes(output)
    if set(found) != {one.name for one in cases}:
        raise SystemExit(f"{core.title} must tell of every case; it said: {output}")
    return {name: ticks * stack_program.TIMED_STEPS * core.per_tick / STEPS for name, (_, ticks) in found.items()}


def check(core: Core, optimize: str, folder: Path) -> None:
    """Stop unless the integer cells give the bits of the NumPy model on this core."""
    stacks = {}
    for kind in get_args(Kind):
        cell = quantize_cell(kind, float_layer(kind, *SMALL), X_UNIT, exponent=0 if kind == "gru" else 2)
        stacks[kind] = IntegerStack(kind, (cell,), X_UNIT)
    source = folder / "check.c"
    source.write_text(stack_program.program_text(stacks, GATE_STEPS))
    found = stack_program.outcomes(emulate.run(core, emulate.build(core, [source], folder, optimize=optimize)))
    for name, stack in stacks.items():
        if found[name][0] != stack_program.expected(stack, GATE_STEPS):
            raise SystemExit(f"{core.title} must give the bits of the model for {name}; it gave others.")


def measure(core: Core, optimize: str) -> dict[str, Any]:
    """One row of the table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        check(core, optimize, folder)
        counts: dict[str, float] = {}
        for cases in programs(core):
            counts |= count(core, cases, optimize, folder)
        sizes = {}
        for step in (
            "q_gru",
            "q_shared",
            "q_gru_sparse",
            "q_gru_low_rank",
            "q_dense",
            "q_lstm",
            "q_fastgrnn",
            "f_gru",
            "f_gru_low_rank",
            "f_shared",
            "f_log_mel",
        ):
            size = emulate.code_size(core, [source_folder() / f"{step}.c"], folder, optimize=optimize)
            sizes[step] = {"code": size.code, "static": size.data + size.bss}
    return {"core": core.name, "counts": core.counts, "optimize": optimize, "per_step": counts, "bytes": sizes}


def table(rows: list[dict[str, Any]]) -> str:
    """A Markdown table: one line per core and flag."""
    names = list(dict.fromkeys(name for row in rows for name in row["per_step"]))
    lines = ["| core | flag | " + " | ".join(names) + " | bytes of GRU step, table and all | static |"]
    lines.append("|---" * (len(names) + 4) + "|")
    for row in rows:
        counts = [f"{row['per_step'][name]:,.0f}" if name in row["per_step"] else "-" for name in names]
        parts = [row["bytes"][name] for name in ("q_gru", "q_shared")]
        code, static = (sum(part[key] for part in parts) for key in ("code", "static"))
        title = row["core"] + (" (cycles)" if row["counts"] == "cycles" else "")
        lines.append(f"| {title} | {row['optimize']} | " + " | ".join(counts) + f" | {code} | {static} |")
    return "\n".join(lines)


def main() -> None:
    """Measure the cores that are asked for, or all that this machine has tools for."""
    timed = [name for name, core in CORES.items() if core.per_tick]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--core", nargs="+", choices=timed, default=timed)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    rows = []
    for name in given.core:
        missing = missing_tools(CORES[name])
        if missing:
            print(f"{name}: skipped, for it needs {' and '.join(missing)}.")
            continue
        rows += [measure(CORES[name], optimize) for optimize in ("-O2", "-Os")]
    print(table(rows))
    if given.json:
        given.json.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
