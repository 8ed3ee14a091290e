"""A program that runs integer stacks and tells what came out as one number: the same number on every machine."""

from collections.abc import Collection, Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from gatelet.deploy.c_arrays import cell_text
from gatelet.deploy.quantization import IntegerStack
from gatelet.reference.integer import Integers, fastgrnn, gru, lstm

__all__ = ["Outcome", "checksum", "expected", "inputs", "outcomes", "program_text"]

Outcome = tuple[int, float]  # checksum of all outputs, ticks per step

TIMED_STEPS = 20  # whose ticks are counted

_HEAD = """#include "board.h"
#include "gatelet.h"

/* Inputs from a linear congruence, outputs into a checksum (FNV-1a over 16 bits). */
static uint32_t seed, sum;

static void draw(int16_t *x, uint16_t size) {
    for (uint16_t k = 0; k < size; k++) {
        seed = seed * (uint32_t)1664525 + (uint32_t)1013904223;
        x[k] = (int16_t)((int32_t)(seed >> 16) - (int32_t)32768);
    }
}

static void add(const int16_t *y, uint16_t size) {
    for (uint16_t k = 0; k < size; k++) sum = (sum ^ (uint16_t)y[k]) * (uint32_t)16777619;
}

static void tell(const char *name, uint32_t ticks) {
    board_text(name);
    board_put(' ');
    board_number(sum);
    board_put(' ');
    board_number(ticks & board_span);
    board_put('\\n');
}

"""


def program_text(stacks: Mapping[str, IntegerStack], steps: int, *, sparse: Collection[str] = ()) -> str:
    """Write a `main.c` that runs each stack over `steps` steps, and prints its name, checksum and ticks.

    Blocks of zeros are left out of the stacks that `sparse` names, of a GRU or an LSTM.
    """
    parts = [_stack_text(name, stack, steps, name in sparse) for name, stack in stacks.items()]
    calls = "".join(f"    run_{name}();\n" for name in stacks)
    return _HEAD + "".join(parts) + f"int main(void) {{\n{calls}    board_exit(0);\n    return 0;\n}}\n"


def _stack_text(name: str, stack: IntegerStack, steps: int, sparse: bool) -> str:
    cells = [f"{name}_{k}" for k in range(len(stack.cells))]
    sizes = [(cell.weight_ih.shape[1], cell.size) for cell in stack.cells]
    ranks = [0 if cell.right is None else len(cell.right.weight) for cell in stack.cells]
    scratch = max(
        -(-inputs // 4) - (-units // 4) + 2 * -(-rank // 4) for (inputs, units), rank in zip(sizes, ranks, strict=True)
    )
    state, calls, below = [], [], "x"
    for cell, (_, units), rank in zip(cells, sizes, ranks, strict=True):
        state.append(f"static int16_t {cell}_h[{units}];\n")
        own = f"{cell}_h"
        if stack.kind == "lstm":
            state.append(f"static int16_t {cell}_c[{units}];\n")
            own += f", {cell}_c"
        step = f"gatelet_q_{stack.kind}_step(&{cell}"
        if rank:
            step = f"gatelet_q_{stack.kind}_low_rank_step(&{cell}, &{cell}_right"
        elif sparse:
            step = f"gatelet_q_{stack.kind}_sparse_step(&{cell}, {cell}_blocks"
        calls.append(f"    {step}, {below}, {own}, scratch);\n")
        below = f"{cell}_h"
    inputs, units = sizes[0][0], sizes[-1][1]
    return (
        "".join(cell_text(cell, each, sparse=sparse) for cell, each in zip(cells, stack.cells, strict=True))
        + "".join(state)
        + f"\nstatic void step_{name}(const int16_t *x) {{\n    static gatelet_four scratch[{scratch}];\n"
        + "".join(calls)
        + f"}}\n\nstatic void run_{name}(void) {{\n    int16_t x[{inputs}];\n    uint32_t ticks;\n    int t;\n"
        "    seed = 1;\n    sum = (uint32_t)2166136261;\n"
        f"    for (t = 0; t < {steps}; t++) {{\n        draw(x, {inputs});\n        step_{name}(x);\n"
        f"        add({below}, {units});\n    }}\n"
        f"    ticks = board_ticks();\n    for (t = 0; t < {TIMED_STEPS}; t++) step_{name}(x);\n"
        f'    tell("{name}", board_ticks() - ticks);\n}}\n\n'
    )


def outcomes(output: str) -> dict[str, Outcome]:
    """Read what the program wrote."""
    found = {}
    for line in output.splitlines():
        words = line.split()
        if len(words) == 3 and words[1].isdigit() and words[2].isdigit():
            found[words[0]] = (int(words[1]), int(words[2]) / TIMED_STEPS)
    return found


def inputs(steps: int, size: int) -> NDArray[np.int16]:
    """The inputs that the program draws: (steps, size)."""

    def drawn() -> Iterator[int]:
        seed = 1
        for _ in range(steps * size):
            seed = (seed * 1664525 + 1013904223) % 2**32
            yield (seed >> 16) - 2**15

    return np.fromiter(drawn(), np.int16, steps * size).reshape(steps, size)


def checksum(y: NDArray[np.int16]) -> int:
    """FNV-1a over 16 bits at a time."""
    total = 2166136261
    for value in y.astype(np.uint16).reshape(-1).tolist():
        total = ((total ^ value) * 16777619) % 2**32
    return total


def expected(stack: IntegerStack, steps: int) -> int:
    """The checksum by the NumPy model, which knows nothing of C."""
    y: Integers = inputs(steps, stack.cells[0].weight_ih.shape[1]).astype(np.int64)[:, None]
    for cell in stack.cells:
        zeros = np.zeros((1, cell.size), np.int64)
        if stack.kind == "lstm":
            y = lstm.forward(y, (zeros, zeros), cell)[0]
        else:
            y = (gru if stack.kind == "gru" else fastgrnn).forward(y, zeros, cell)[0]
    return checksum(y.astype(np.int16))
