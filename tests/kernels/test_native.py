"""The native kernels, each instruction set that this machine has, against PyTorch's layers in float64."""

import os
import subprocess
import sys

import pytest
import torch
from torch import Tensor

from gatelet.kernels import native, operators, unrolled
from gatelet.kernels.cells import CELLS as TABLE
from gatelet.kernels.inputs import Inputs

pytestmark = pytest.mark.skipif(not native.ENABLED, reason="the native kernels are not built or are switched off")

# largest error, as a share of the largest expected value (or of 1, if that is larger); a sum over many rows rounds more
TOLERANCE = 4e-6
GRADIENT_TOLERANCE = 2e-5

CELLS = list(TABLE)
SHAPES = [(1, 1, 1, 1), (3, 2, 15, 17), (2, 17, 1, 63), (7, 33, 65, 65), (40, 1, 5, 128), (3, 300, 17, 15)]


def layer(cell: str, steps: int, batch: int, inputs: int, hidden: int, batch_first: bool = False) -> list[Tensor]:
    """x, the states and four weights, float32."""
    generator = torch.Generator().manual_seed(steps + batch)
    gates = TABLE[cell].gates * hidden
    bias = TABLE[cell].unit_values * hidden or gates
    states = [(batch, hidden)] * (2 if TABLE[cell].has_cell_state else 1)
    x = (batch, steps, inputs) if batch_first else (steps, batch, inputs)
    shapes = [x, *states, (gates, inputs), (gates, hidden), (bias,), (bias,)]
    found = [torch.rand(shape, generator=generator).sub_(0.5) for shape in shapes]
    found[-3].mul_(min(1.0, 4.0 / hidden**0.5))  # a recurrence that amplifies would amplify rounding, too
    return [t.requires_grad_() for t in found]


def forward(
    cell: str, tensors: list[Tensor], batch_first: bool = False, reverse: bool = False, resets: Tensor | None = None
) -> list[Tensor]:
    """y and the last states from the native kernels."""
    found = operators.LAYERS[cell](*inputs(tensors, batch_first, reverse, resets), True)
    return list(found[: len(tensors) - 4])


def inputs(
    tensors: list[Tensor], batch_first: bool = False, reverse: bool = False, resets: Tensor | None = None
) -> Inputs:
    x, h0, *c0, w_ih, w_hh, b_ih, b_hh = tensors
    c0_or_none = c0[0] if c0 else None
    return Inputs(x, h0, c0_or_none, w_ih, w_hh, b_ih, b_hh, resets=resets, batch_first=batch_first, reverse=reverse)


def exact(
    cell: str, tensors: list[Tensor], batch_first: bool = False, reverse: bool = False, resets: Tensor | None = None
) -> tuple[list[Tensor], list[Tensor]]:
    """The same in float64 from the equations, and the float64 inputs."""
    exact = [t.detach().double().requires_grad_() for t in tensors]
    return list(unrolled.run(cell, inputs(exact, batch_first, reverse, resets))), exact


def upstream(outputs: list[Tensor]) -> list[Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [torch.rand(y.shape, generator=generator).sub_(0.5).to(y.dtype) for y in outputs]


def assert_close(given: list[Tensor], expected: list[Tensor], tolerance: float) -> None:
    for got, wanted in zip(given, expected, strict=True):
        assert torch.isfinite(got).all()
        scale = max(1.0, wanted.abs().max().item())
        assert (got.double() - wanted).abs().max().item() <= tolerance * scale


@pytest.mark.usefixtures("poisoned")
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize(("batch_first", "reverse"), [(False, False), (True, True)])
def test_outputs_and_gradients(
    isa: str, cell: str, shape: tuple[int, int, int, int], batch_first: bool, reverse: bool
) -> None:
    assert native.isa() == isa
    tensors = layer(cell, *shape, batch_first=batch_first)
    outputs = forward(cell, tensors, batch_first, reverse)
    expected, leaves = exact(cell, tensors, batch_first, reverse)
    assert_close(outputs, expected, TOLERANCE)
    gradients = torch.autograd.grad(outputs, tensors, upstream(outputs))
    wanted = torch.autograd.grad(expected, leaves, upstream(expected))
    assert_close(list(gradients), list(wanted), GRADIENT_TOLERANCE)


@pytest.mark.usefixtures("poisoned")
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("reverse", [False, True])
def test_resets_zero_the_state(isa: str, cell: str, reverse: bool) -> None:
    tensors = layer(cell, 9, 5, 3, 17)
    resets = (torch.rand(9, 5, generator=torch.Generator().manual_seed(1)) < 0.3).to(torch.uint8)
    outputs = forward(cell, tensors, reverse=reverse, resets=resets)
    expected, leaves = exact(cell, tensors, reverse=reverse, resets=resets)
    assert_close(outputs, expected, TOLERANCE)
    gradients = torch.autograd.grad(outputs, tensors, upstream(outputs))
    wanted = torch.autograd.grad(expected, leaves, upstream(expected))
    assert_close(list(gradients), list(wanted), GRADIENT_TOLERANCE)


@pytest.mark.usefixtures("threads")
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("shape", [(20, 1, 4, 160), (5, 33, 3, 20)], ids=str)
def test_bits_do_not_depend_on_threads(isa: str, cell: str, shape: tuple[int, int, int, int]) -> None:
    tensors = layer(cell, *shape)
    runs = []
    for count in (1, 2, 3):
        torch.set_num_threads(count)
        outputs = forward(cell, tensors)
        runs.append([*outputs, *torch.autograd.grad(outputs, tensors, upstream(outputs))])
    for other in runs[1:]:
        assert all(torch.equal(a, b) for a, b in zip(runs[0], other, strict=True))


@pytest.mark.parametrize("cell", CELLS)
def test_a_row_does_not_depend_on_its_batch(isa: str, cell: str) -> None:
    x, *rest = layer(cell, 6, 37, 5, 40)
    states, weights = rest[:-4], rest[-4:]
    together = forward(cell, [x, *states, *weights])
    for rows in (slice(0, 1), slice(3, 5), slice(30, 37)):
        alone = forward(cell, [x[:, rows], *(s[rows] for s in states), *weights])
        assert torch.equal(alone[0], together[0][:, rows])


@pytest.mark.parametrize("cell", CELLS)
def test_inference_gives_the_same_bits_as_training(isa: str, cell: str) -> None:
    tensors = layer(cell, 6, 9, 5, 33)
    with torch.no_grad():
        found = operators.LAYERS[cell](*inputs(tensors), False)
    for got, wanted in zip(found, forward(cell, tensors), strict=False):
        assert torch.equal(got, wanted)


@pytest.mark.parametrize("cell", CELLS)
def test_nan_and_large_values_pass_through(isa: str, cell: str) -> None:
    x, *rest = [t.detach() for t in layer(cell, 3, 4, 5, 17)]
    x[1, 2, 0] = float("nan")
    x[0, 3] = 1e30
    y = forward(cell, [x, *rest])[0]
    assert torch.isnan(y[1:, 2]).all()
    assert torch.isfinite(y[:, [0, 1, 3]]).all()


def test_error_over_a_long_sequence_is_that_of_pytorch() -> None:
    x, *rest = [t.detach() for t in layer("gru", 1000, 2, 8, 64)]
    layers = [torch.nn.GRU(8, 64), torch.nn.GRU(8, 64, dtype=torch.float64)]
    for other in layers:
        for parameter, value in zip(other.parameters(), rest[1:], strict=True):
            parameter.data = value.to(parameter.dtype)
    with torch.no_grad():
        peer, wanted = layers[0](x, rest[0][None])[0], layers[1](x.double(), rest[0][None].double())[0]
    ours = forward("gru", [x, *rest])[0]
    assert (ours - wanted).abs().max() <= 2 * (peer - wanted).abs().max()


@pytest.mark.parametrize(
    ("broken", "size", "message"),
    [
        (1, (3, 17), "h0 must have size"),
        (2, (51, 4), "x must have size"),
        (3, (40, 17), "weight_hh must have size"),
        (4, (7,), "bias_ih must have size"),
    ],
)
def test_sizes_that_do_not_fit(broken: int, size: tuple[int, ...], message: str) -> None:
    tensors = layer("gru", 3, 2, 5, 17)
    tensors[broken] = torch.zeros(size)
    if broken == 1:
        tensors[broken] = torch.zeros(2, 16)
    with pytest.raises(RuntimeError, match=message):
        forward("gru", tensors)


def test_batch_sizes_that_rise() -> None:
    _, *rest = layer("gru", 3, 2, 5, 17)
    with pytest.raises(RuntimeError, match="rise"):
        given = inputs([torch.zeros(7, 5), *rest])._replace(offsets=torch.tensor([0, 2, 4, 7]))
        operators.LAYERS["gru"](*given, True)


def test_unknown_isa(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATELET_ISA", "abacus")
    with pytest.raises(ValueError, match=r"GATELET_ISA must be one of .*portable.* on this machine; got abacus\."):
        native.isa()


@pytest.mark.parametrize(("value", "enabled"), [("off", "False"), ("on", "True")])
def test_switching_off(value: str, enabled: str) -> None:
    code = "from gatelet.kernels import native; print(native.ENABLED)"
    environment = os.environ | {"GATELET_KERNELS": value}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == enabled
