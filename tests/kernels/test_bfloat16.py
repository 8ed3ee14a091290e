"""The kernels over bfloat16 arrays, each instruction set that this machine has, against the equations in float64."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from gatelet import nn
from gatelet.kernels import native, stacked, unrolled
from gatelet.kernels.inputs import Inputs
from gatelet.kernels.operators import LAYERS

pytestmark = pytest.mark.skipif(not native.ENABLED, reason="the native kernels are not built or are switched off")

# Largest error as a share of the largest expected value, or of 1 if that is larger. bfloat16 has 8 bits.
TOLERANCE = 0.02
GRADIENT_TOLERANCE = 0.03

CELLS = ["gru", "lstm"]
SHAPES = [(1, 1, 1, 1), (3, 2, 15, 17), (2, 17, 1, 63), (7, 33, 65, 65), (40, 1, 5, 128), (3, 300, 17, 15)]


def layer(cell: str, steps: int, batch: int, inputs: int, hidden: int, batch_first: bool = False) -> Inputs:
    """One direction of one layer in bfloat16, every tensor a leaf."""
    generator = torch.Generator().manual_seed(steps + batch)
    gates = (3 if cell == "gru" else 4) * hidden
    x = (batch, steps, inputs) if batch_first else (steps, batch, inputs)
    shapes = [x, (batch, hidden), (batch, hidden), (gates, inputs), (gates, hidden), (gates,), (gates,)]
    found: list[Tensor | None] = []
    for shape in shapes:
        values = torch.rand(shape, generator=generator).sub_(0.5) * min(1.0, 4.0 / shape[-1] ** 0.5)
        found.append(values.bfloat16().requires_grad_())
    if cell == "gru":
        found[2] = None
    return Inputs._make([*found, *[None] * 6, 0.0, batch_first, False])


def leaves(given: Inputs) -> list[Tensor]:
    return [t for t in given.tensors[:7] if t is not None]


def forward(cell: str, given: Inputs) -> list[Tensor]:
    """y and the last states from the native kernels."""
    return list(LAYERS[cell](*given, True)[: 2 if cell == "gru" else 3])


def exact(cell: str, given: Inputs) -> tuple[list[Tensor], Inputs]:
    """The same in float64 from the equations, and the float64 inputs."""
    doubles: list[Tensor | None] = [
        None if t is None else t.detach().double().requires_grad_() for t in given.tensors[:7]
    ]
    inputs = Inputs._make([*doubles, *given[7:]])
    if given.dropout_mask is not None:
        inputs = inputs._replace(dropout_mask=given.dropout_mask.double())
    return list(unrolled.run(cell, inputs))[: 2 if cell == "gru" else 3], inputs


def upstream(outputs: list[Tensor]) -> list[Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [torch.rand(y.shape, generator=generator).sub_(0.5).bfloat16().to(y.dtype) for y in outputs]


def assert_close(given: list[Tensor], expected: list[Tensor], tolerance: float) -> None:
    for got, wanted in zip(given, expected, strict=True):
        assert got.dtype == torch.bfloat16
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
    given = layer(cell, *shape, batch_first=batch_first)._replace(reverse=reverse)
    outputs = forward(cell, given)
    expected, inputs = exact(cell, given)
    assert_close(outputs, expected, TOLERANCE)
    gradients = torch.autograd.grad(outputs, leaves(given), upstream(outputs))
    wanted = torch.autograd.grad(expected, leaves(inputs), upstream(expected))
    assert_close(list(gradients), list(wanted), GRADIENT_TOLERANCE)


@pytest.mark.usefixtures("poisoned")
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("packed", [False, True])
def test_resets_and_lengths(isa: str, cell: str, packed: bool) -> None:
    given = layer(cell, 9, 5, 3, 17)
    if packed:
        sizes = torch.tensor([5, 5, 4, 4, 2, 1, 1, 1, 1])
        x = given.x.detach().reshape(-1, 3)[: int(sizes.sum())].clone().requires_grad_()
        given = given._replace(x=x, offsets=torch.nn.functional.pad(sizes.cumsum(0), (1, 0)))
    rows = given.x.shape[:-1]
    resets = (torch.rand(rows, generator=torch.Generator().manual_seed(1)) < 0.3).to(torch.uint8)
    given = given._replace(resets=resets)
    outputs = forward(cell, given)
    expected, inputs = exact(cell, given)
    assert_close(outputs, expected, TOLERANCE)
    gradients = torch.autograd.grad(outputs, leaves(given), upstream(outputs))
    wanted = torch.autograd.grad(expected, leaves(inputs), upstream(expected))
    assert_close(list(gradients), list(wanted), GRADIENT_TOLERANCE)


def with_extras(given: Inputs, *, draws: bool) -> Inputs:
    """Recurrent dropout, zoneout and resets."""
    generator = torch.Generator().manual_seed(2)
    return given._replace(
        dropout_mask=(torch.rand(given.h0.shape, generator=generator) < 0.5).bfloat16() * 2,
        zoneout_seed=torch.tensor([7]) if draws else None,
        zoneout=0.25,
        resets=(torch.rand(given.x.shape[:-1], generator=generator) < 0.2).to(torch.uint8),
    )


@pytest.mark.usefixtures("poisoned")
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("shape", [(6, 1, 4, 160), (3, 33, 65, 65), (5, 3, 1, 15)], ids=str)
@pytest.mark.parametrize("draws", [False, True])
def test_zoneout_and_recurrent_dropout(isa: str, cell: str, shape: tuple[int, int, int, int], draws: bool) -> None:
    given = with_extras(layer(cell, *shape)._replace(reverse=draws), draws=draws)
    outputs = forward(cell, given)
    expected, inputs = exact(cell, given)
    assert_close(outputs, expected, TOLERANCE)
    gradients = torch.autograd.grad(outputs, leaves(given), upstream(outputs))
    wanted = torch.autograd.grad(expected, leaves(inputs), upstream(expected))
    assert_close(list(gradients), list(wanted), GRADIENT_TOLERANCE)


@pytest.mark.usefixtures("threads")
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("extras", [False, True])
@pytest.mark.parametrize("shape", [(20, 1, 4, 160), (5, 33, 3, 20)], ids=str)
def test_bits_do_not_depend_on_threads(isa: str, cell: str, shape: tuple[int, int, int, int], extras: bool) -> None:
    given = layer(cell, *shape)
    if extras:
        given = with_extras(given, draws=True)
    runs = []
    for count in (1, 2, 3):
        torch.set_num_threads(count)
        outputs = forward(cell, given)
        runs.append([*outputs, *torch.autograd.grad(outputs, leaves(given), upstream(outputs))])
    for other in runs[1:]:
        assert all(torch.equal(a, b) for a, b in zip(runs[0], other, strict=True))


@pytest.mark.parametrize("cell", CELLS)
def test_a_row_does_not_depend_on_its_batch(isa: str, cell: str) -> None:
    given = layer(cell, 6, 37, 5, 41)
    together = forward(cell, given)
    for rows in (slice(0, 1), slice(3, 5), slice(30, 37)):
        c0 = None if given.c0 is None else given.c0[rows]
        alone = forward(cell, given._replace(x=given.x[:, rows], h0=given.h0[rows], c0=c0))
        assert torch.equal(alone[0], together[0][:, rows])


@pytest.mark.parametrize("cell", CELLS)
def test_inference_gives_the_same_bits_as_training(isa: str, cell: str) -> None:
    given = layer(cell, 6, 9, 5, 33)
    with torch.no_grad():
        found = LAYERS[cell](*given, False)
    for got, wanted in zip(found, forward(cell, given), strict=False):
        assert torch.equal(got, wanted)


def test_the_state_between_steps_is_not_rounded(isa: str) -> None:
    """With z near 1 the state moves by less than half a unit of bfloat16 per step, and must arrive all the same."""
    hidden, steps = 16, 200
    w_ih, w_hh = torch.zeros(3 * hidden, 1).bfloat16(), torch.zeros(3 * hidden, hidden).bfloat16()
    bias = torch.cat([torch.zeros(hidden), torch.full((hidden,), 7.0), torch.full((hidden,), 3.0)]).bfloat16()
    x, h0 = torch.zeros(steps, 1, 1).bfloat16(), torch.full((1, hidden), 0.5).bfloat16()
    given = Inputs(x, h0, None, w_ih, w_hh, bias, torch.zeros_like(bias))
    z, n = torch.sigmoid(torch.tensor(7.0)), torch.tanh(torch.tensor(3.0))
    wanted = z**steps * 0.5 + (1 - z**steps) * n
    assert (forward("gru", given)[1].float() - wanted).abs().max() <= 2**-8


@pytest.mark.parametrize("module", [nn.GRU, nn.LSTM])
def test_layers_run_on_the_kernels(module: type[nn.GRU] | type[nn.LSTM]) -> None:
    torch.manual_seed(0)
    ours = module(5, 17, num_layers=2, bidirectional=True).bfloat16()
    x = torch.rand(6, 3, 5).bfloat16()
    assert stacked.handles(x, (x,), list(ours.parameters()))
    exact_layer = module(5, 17, num_layers=2, bidirectional=True).double()
    exact_layer.load_state_dict({name: value.double() for name, value in ours.state_dict().items()})
    assert (ours(x)[0].double() - exact_layer(x.double())[0]).abs().max() <= TOLERANCE


@pytest.mark.parametrize(
    "make",
    [
        lambda: nn.GRU(5, 17, num_layers=2, bidirectional=True, layer_norm=True),
        lambda: nn.LSTM(5, 17, layer_norm=True),
        lambda: nn.GRU(5, 17, reset_after=False),
        lambda: nn.MGU(5, 17),
    ],
    ids=["normalised GRU", "normalised LSTM", "GRU that resets before", "MGU"],
)
def test_what_has_no_narrow_kernel_is_widened_for_the_wide_one(make: Callable[[], nn.GRU]) -> None:
    torch.manual_seed(0)
    narrow, wide = make().bfloat16(), make()
    wide.load_state_dict({name: value.float() for name, value in narrow.state_dict().items()})
    x = torch.rand(6, 3, 5).bfloat16()
    xs = x.clone().requires_grad_(), x.float().requires_grad_()
    for found, exact in zip(narrow(xs[0]), wide(xs[1]), strict=True):
        found, exact = (one[0] if isinstance(one, tuple) else one for one in (found, exact))
        assert found.dtype == torch.bfloat16 and torch.equal(found, exact.bfloat16())
    for layer_, x_ in zip((narrow, wide), xs, strict=True):
        layer_(x_)[0].float().sum().backward()
    assert torch.equal(xs[0].grad, xs[1].grad.bfloat16())  # type: ignore[union-attr, arg-type]


def test_saved_activations_take_half_the_memory() -> None:
    given = layer("lstm", 4, 3, 5, 16)
    floats = Inputs._make([t.detach().float() if isinstance(t, Tensor) else t for t in given])
    sizes = [sum(t.nbytes for t in LAYERS["lstm"](*inputs, True)) for inputs in (given, floats)]
    assert 2 * sizes[0] == sizes[1]


def test_dtypes_that_do_not_fit() -> None:
    given = layer("gru", 3, 2, 5, 17)
    with pytest.raises(RuntimeError, match="must all be float32 or all bfloat16; got bfloat16, float32"):
        forward("gru", given._replace(h0=given.h0.float()))
    gains = torch.ones(51).bfloat16()
    with pytest.raises(RuntimeError, match="LayerNorm must be float32; got bfloat16"):
        forward("gru", given._replace(layer_norm_ih=gains, layer_norm_hh=gains))
