"""The native kernels as PyTorch operators: the compiler, higher derivatives, and what callers may leave out."""

import pytest
import torch
from torch import Tensor

from gatelet import nn
from gatelet.kernels import native, operators

pytestmark = pytest.mark.skipif(not native.ENABLED, reason="the native kernels are not built or are switched off")

LAYERS = [nn.GRU, nn.LSTM]


def operator_inputs(cell: str, packed: bool) -> tuple[object, ...]:
    torch.manual_seed(0)
    made = nn.GRU(5, 7) if cell == "gru" else nn.LSTM(5, 7)
    states = [torch.rand(3, 7, requires_grad=True) for _ in range(1 if cell == "gru" else 2)]
    x = torch.rand((6, 5) if packed else (4, 3, 5), requires_grad=True)
    offsets = torch.tensor([0, 3, 5, 6]) if packed else None
    extras = (None, None, None, None)
    given = (x, *(states if cell == "lstm" else [*states, None]), *made.parameters())
    return (*given, *extras, offsets, None, 0.0, False, packed, True)


@pytest.mark.parametrize("cell", ["gru", "lstm"])
@pytest.mark.parametrize("packed", [False, True])
def test_operator_is_registered_soundly(cell: str, packed: bool) -> None:
    torch.library.opcheck(operators.LAYERS[cell], operator_inputs(cell, packed))


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("batch_first", [False, True])
def test_compiles_into_one_graph(layer: type[nn.GRU] | type[nn.LSTM], batch_first: bool) -> None:
    torch.manual_seed(0)
    eager = layer(5, 7, num_layers=2, bidirectional=True, batch_first=batch_first)
    compiled = torch.compile(eager, fullgraph=True, backend="aot_eager")
    x = torch.rand(4, 3, 5)
    gradients = []
    for run in (eager, compiled):
        eager.zero_grad()
        y = run(x)[0]
        y.sum().backward()
        gradients.append([y.detach(), *(p.grad for p in eager.parameters())])
    assert all(torch.equal(a, b) for a, b in zip(*gradients, strict=True))


@pytest.mark.parametrize("layer", LAYERS)
def test_second_derivative(layer: type[nn.GRU] | type[nn.LSTM]) -> None:
    torch.manual_seed(0)
    fast = layer(3, 4)
    exact = layer(3, 4, dtype=torch.float64)
    exact.load_state_dict(fast.state_dict())
    x = torch.rand(5, 2, 3)
    found: list[list[Tensor]] = []
    for run, dtype in ((fast, torch.float32), (exact, torch.float64)):
        given = x.to(dtype, copy=True).requires_grad_()
        (slope,) = torch.autograd.grad(run(given)[0].square().sum(), given, create_graph=True)
        found.append(list(torch.autograd.grad(slope.square().sum(), [given, *run.parameters()])))
    for got, wanted in zip(*found, strict=True):
        torch.testing.assert_close(got.double(), wanted, rtol=1e-4, atol=1e-5)


def test_only_the_last_state_is_used() -> None:
    torch.manual_seed(0)
    ours, peer = nn.GRU(3, 4, bias=False), torch.nn.GRU(3, 4, bias=False)
    peer.load_state_dict(ours.state_dict())
    x = torch.rand(5, 2, 3)
    found = [torch.autograd.grad(run(x)[1].sum(), list(run.parameters())) for run in (ours, peer)]
    for got, wanted in zip(*found, strict=True):
        torch.testing.assert_close(got, wanted)


def test_frozen_weights_and_a_gradient_of_the_input_alone() -> None:
    layer = nn.GRU(3, 4).requires_grad_(False)
    x = torch.rand(5, 2, 3, requires_grad=True)
    layer(x)[0].sum().backward()
    assert x.grad is not None
    assert all(p.grad is None for p in layer.parameters())


def test_backward_twice_through_one_graph() -> None:
    layer = nn.LSTM(3, 4)
    y = layer(torch.rand(5, 2, 3))[0].sum()
    first = torch.autograd.grad(y, list(layer.parameters()), retain_graph=True)
    second = torch.autograd.grad(y, list(layer.parameters()))
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


def test_nothing_is_saved_without_gradients() -> None:
    inputs = operator_inputs("gru", False)
    with torch.no_grad():
        gates = operators.LAYERS["gru"](*inputs[:-1], False)[3]
    assert gates.numel() == 0


def test_float64_runs_on_pytorch() -> None:
    y = nn.GRU(3, 4, dtype=torch.float64)(torch.rand(5, 2, 3, dtype=torch.float64))[0]
    assert y.dtype == torch.float64
