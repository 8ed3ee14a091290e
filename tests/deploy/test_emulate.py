"""The same bits on every core: 2,000 steps of GRU, LSTM and FastGRNN, single and stacked, against the NumPy model."""

from collections.abc import Callable
from pathlib import Path

import pytest

from gatelet.deploy import emulate, stack_program
from gatelet.deploy.quantization import IntegerStack
from gatelet.deploy.toolchains import CORES, missing_tools

STEPS = 2000
SHAPES = {
    "gru": (5, 6, 1),
    "lstm": (4, 5, 1),
    "fastgrnn": (3, 7, 1),
    "gru2": (3, 5, 2),
    "lstm2": (1, 4, 2),
    "fastgrnn2": (2, 5, 2),
}


@pytest.fixture(scope="module")
def stacks(draw_stack: Callable[..., IntegerStack]) -> dict[str, IntegerStack]:
    return {name: draw_stack(name.removesuffix("2"), *shape) for name, shape in SHAPES.items()}


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
    source.write_text(stack_program.program_text(stacks, STEPS))
    found = stack_program.outcomes(emulate.run(core, emulate.build(core, [source], tmp_path)))
    assert {stack: outcome[0] for stack, outcome in found.items()} == checksums
    for stack, outcome in found.items():
        work = sum(cell.weight_ih.size + cell.weight_hh.size for cell in stacks[stack].cells)
        cost = outcome[1] * core.per_tick  # a counter that wrapped would show far less, or far more
        assert core.per_tick == 0 or work < cost < 400 * work
