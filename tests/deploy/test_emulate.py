"""The same bits on every core: 2,000 steps of GRU, LSTM, FastGRNN, single, stacked, without blocks, of low rank."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from gatelet.deploy import emulate, stack_program
from gatelet.deploy.quantization import IntegerStack, quantize_dense
from gatelet.deploy.toolchains import CORES, missing_tools
from gatelet.reference.integer import IntegerCell

STEPS = 2000
SHAPES = {
    "gru": (5, 6, 1),
    "lstm": (4, 5, 1),
    "fastgrnn": (3, 7, 1),
    "gru2": (3, 5, 2),
    "lstm2": (1, 4, 2),
    "fastgrnn2": (2, 5, 2),
}


SPARSE = {"gru_sparse": (6, 9, 1), "lstm_sparse": (9, 6, 1)}
LOW = {"gru_low": (3, 9, 2), "lstm_low": (5, 7, 1)}


def pruned(cell: IntegerCell) -> IntegerCell:
    """The cell with zeros in about half of its blocks."""

    def cut(weight: NDArray[np.int8]) -> NDArray[np.int8]:
        units, columns = weight.shape[0] // cell.gates, weight.shape[1]
        there = np.repeat((np.arange(units * -(-columns // 4)) % 5 % 2).reshape(units, -1), 4, axis=1)[:, :columns]
        return weight * np.tile(there, (cell.gates, 1)).astype(np.int8)

    return replace(cell, weight_ih=cut(cell.weight_ih), weight_hh=cut(cell.weight_hh))


def low(stack: IntegerStack, rank: int) -> IntegerStack:
    """The stack with a right factor, for which some of its recurrent weights are the left one."""
    rng, cells = np.random.default_rng(rank), list[IntegerCell]()
    for cell in stack.cells:
        right = quantize_dense(rng.uniform(-1, 1, (rank, cell.size)) / 2, np.zeros(rank), 2.0**-15, 2.0**-15)
        cells.append(replace(cell, weight_hh=cell.weight_hh[:, :rank], right=right))
    return replace(stack, cells=tuple(cells))


@pytest.fixture(scope="module")
def stacks(draw_stack: Callable[..., IntegerStack]) -> dict[str, IntegerStack]:
    dense = {name: draw_stack(name.removesuffix("2"), *shape) for name, shape in SHAPES.items()}
    drawn = {name: draw_stack(name.removesuffix("_sparse"), *shape) for name, shape in SPARSE.items()}
    thin = {name: low(draw_stack(name.removesuffix("_low"), *shape), 3) for name, shape in LOW.items()}
    return dense | thin | {name: replace(stack, cells=tuple(map(pruned, stack.cells))) for name, stack in drawn.items()}


@pytest.fixture(scope="module")
def checksums(stacks: dict[str, IntegerStack]) -> dict[str, int]:
    return {name: stack_program.expected(stack, STEPS) for name, stack in stacks.items()}


@pytest.mark.parametrize("name", list(CORES))
def test_every_core_gives_the_bits_of_the_model(
    name: str, stacks: dict[str, IntegerStack], checksums: dict[str, int], tmp_path: Path
) -> None:
    core = CORES[name]
    missing = missing_tools(core)
    if missing:
        pytest.skip(f"{core.title} needs {' and '.join(missing)}.")
    source = tmp_path / "main.c"
    source.write_text(stack_program.program_text(stacks, STEPS, sparse=SPARSE))
    found = stack_program.outcomes(emulate.run(core, emulate.build(core, [source], tmp_path)))
    assert {stack: outcome[0] for stack, outcome in found.items()} == checksums
    for stack, outcome in found.items():
        work = sum(
            np.count_nonzero(cell.weight_ih)
            + np.count_nonzero(cell.weight_hh)
            + (0 if cell.right is None else np.count_nonzero(cell.right.weight))
            for cell in stacks[stack].cells
        )
        cost = outcome[1] * core.per_tick  # a counter that wrapped would show far less, or far more
        assert core.per_tick == 0 or work < cost < 400 * work
