"""The layers under `torch.func`, `torch.compile`, `torch.export`, `torch.jit.trace` and autocast."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.func import functional_call, grad, hessian, jacrev, jvp, vjp, vmap

from gatelet import nn

differentiated: Any = torch.autograd.functional
FORMS: list[tuple[str, dict[str, Any]]] = [
    ("GRU", {}),
    ("GRU", {"dtype": torch.float64}),
    ("GRU", {"reset_after": False}),
    ("GRU", {"layer_norm": True}),
    ("LSTM", {"bias": False}),
    ("LSTM", {"dtype": torch.float64}),
    ("RNN", {}),
    ("MGU", {}),
    ("LiGRU", {"bias": False}),
    ("FastGRNN", {"rank_hh": 2}),
]
TOLERANCE = {torch.float32: 2e-4, torch.float64: 1e-9}
in_forward_mode = pytest.mark.filterwarnings("ignore:.*torch.jit.script.* is deprecated")  # which torch then calls
forms = pytest.mark.parametrize(("cell", "form"), FORMS, ids=str)


def made(cell: str, form: dict[str, Any], **more: Any) -> tuple[Any, Tensor]:
    torch.manual_seed(0)
    layer = getattr(nn, cell)(3, 5, 2, batch_first=True, bidirectional=True, **form, **more)
    return layer, torch.randn(4, 6, 3, dtype=form.get("dtype", torch.float32))


def dtypes(results: Any) -> list[torch.dtype]:
    """Of the tensors in nested tuples."""
    return [results.dtype] if isinstance(results, Tensor) else [dtype for part in results for dtype in dtypes(part)]


def assert_close(found: Tensor, expected: Tensor) -> None:
    tolerance = TOLERANCE[found.dtype]
    torch.testing.assert_close(found, expected.to(found.dtype), rtol=tolerance, atol=tolerance)


def loss(layer: Any) -> Callable[[dict[str, Tensor], Tensor], Tensor]:
    def function(weights: dict[str, Tensor], x: Tensor) -> Tensor:
        y: Tensor = functional_call(layer, weights, (x.unsqueeze(0),))[0]
        return y.square().sum()

    return function


@forms
def test_gradients_per_sample(cell: str, form: dict[str, Any]) -> None:
    layer, x = made(cell, form)
    weights = {name: weight.detach() for name, weight in layer.named_parameters()}
    found = vmap(grad(loss(layer)), (None, 0))(weights, x)
    for b in range(len(x)):
        alone = torch.autograd.grad(layer(x[b : b + 1])[0].square().sum(), list(layer.parameters()))
        for name, expected in zip(weights, alone, strict=True):
            assert_close(found[name][b], expected)


@forms
def test_vmap_over_weights(cell: str, form: dict[str, Any]) -> None:
    layer, x = made(cell, form)
    others = copy.deepcopy(layer)
    others.reset_parameters()
    weights = {name: torch.stack([weight, others.get_parameter(name)]) for name, weight in layer.named_parameters()}
    found = vmap(lambda weights: functional_call(layer, weights, (x,))[0])({k: v.detach() for k, v in weights.items()})
    for y, module in zip(found, (layer, others), strict=True):
        assert_close(y, module(x)[0])


@forms
@in_forward_mode
def test_jacobians_and_products(cell: str, form: dict[str, Any]) -> None:
    layer, x = made(cell, form)

    def function(x: Tensor) -> Tensor:
        y: Tensor = layer(x)[0]
        return y.sum((0, 1))

    expected = differentiated.jacobian(function, x)
    assert_close(jacrev(function)(x), expected)
    direction = torch.randn_like(x)
    assert_close(jvp(function, (x,), (direction,))[1], (expected * direction).sum((1, 2, 3)))
    upstream = torch.randn(10, dtype=x.dtype)
    assert_close(vjp(function, x)[1](upstream)[0], (expected * upstream.view(-1, 1, 1, 1)).sum(0))


@forms
@in_forward_mode
def test_second_derivatives_every_way(cell: str, form: dict[str, Any]) -> None:
    layer, x = made(cell, form)
    layer, x = layer.double(), x[:1, :3].double()
    expected = differentiated.hessian(lambda x: layer(x)[0].square().sum(), x)
    assert_close(hessian(lambda x: layer(x)[0].square().sum())(x), expected)

    layer, x = layer.float(), x.float().requires_grad_()
    inner = grad(lambda x: layer(x)[0].square().sum())(x)  # autograd around torch.func around the layer
    (outer,) = torch.autograd.grad(inner.sum(), x)
    assert_close(outer, expected.sum((0, 1, 2)))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("cell", ["GRU", "LSTM"])
def test_autocast_computes_in_bfloat16(cell: str, dtype: torch.dtype) -> None:
    layer, x = made(cell, {})
    theirs = getattr(torch.nn, cell)(3, 5, 2, batch_first=True, bidirectional=True)
    exact = layer(x)[0]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        y, last = layer(x.to(dtype))
        assert dtypes((y, last)) == dtypes(theirs(x.to(dtype)))
    narrow = layer.bfloat16()(x.bfloat16())[0]
    layer.float()
    assert torch.equal(y.float(), narrow.float())
    torch.testing.assert_close(y.float(), exact, rtol=0, atol=1e-2)
    y.sum().backward()
    assert {weight.grad.dtype for weight in layer.parameters()} == {torch.float32}


@pytest.mark.parametrize("cell", ["GRU", "LSTM"])
def test_autocast_of_packed_sequences_gives_the_dtype_of_torch(cell: str) -> None:
    layer, x = made(cell, {})
    with torch.autocast("cpu", dtype=torch.bfloat16):
        packed = torch.nn.utils.rnn.pack_padded_sequence(x, [6, 5, 2, 2], batch_first=True)
        theirs = getattr(torch.nn, cell)(3, 5, 2, bidirectional=True)
        found = [dtypes((y.data, last)) for y, last in (layer(packed), theirs(packed))]
    assert found[0] == found[1]


@pytest.mark.parametrize(("cell", "options"), [("GRU", {"reset_after": False}), ("LSTM", {"layer_norm": True})])
def test_autocast_computes_the_rest_in_float32(cell: str, options: dict[str, Any]) -> None:
    layer, x = made(cell, options)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        y, _ = layer(x)
    assert torch.equal(y, layer(x)[0])


@pytest.mark.parametrize("cell", ["GRU", "LSTM"])
def test_gradients_per_sample_within_autocast(cell: str) -> None:
    layer, x = made(cell, {})
    weights = dict(layer.named_parameters())

    def loss(weights: dict[str, Tensor], sample: Tensor) -> Tensor:
        y, _ = functional_call(layer, weights, (sample.unsqueeze(0),))
        total: Tensor = y.float().square().sum()
        return total

    found = []
    for half in (False, True):
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=half):
            found.append(vmap(grad(loss), in_dims=(None, 0))(weights, x))
    for name, exact in found[0].items():
        assert found[1][name].dtype == torch.float32
        torch.testing.assert_close(found[1][name], exact, rtol=0, atol=0.03 * exact.abs().max().item())


@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf")  # from torch.compile itself
@pytest.mark.parametrize("cell", ["GRU", "LSTM"])
def test_compiles_in_one_graph(cell: str) -> None:
    layer, x = made(cell, {})
    torch.compiler.reset()
    compiled: Any = torch.compile(layer, backend="aot_eager", fullgraph=True)
    x.requires_grad_()
    found = []
    for function in (layer, compiled):
        y, last = function(x, resets=torch.zeros(4, 6, dtype=torch.bool))
        found.append([y, *torch.autograd.grad(y.square().sum(), [x, *layer.parameters()])])
    for one, other in zip(*found, strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("cell", ["GRU", "LSTM"])
def test_exports_with_free_sizes(cell: str) -> None:
    layer, x = made(cell, {})
    sizes = ({0: torch.export.Dim("batch", min=2), 1: torch.export.Dim("steps", min=2)},)
    exported = torch.export.export(layer.eval(), (x,), dynamic_shapes=sizes)
    other = torch.randn(7, 9, 3)
    for found, expected in zip(exported.module()(other), layer(other), strict=True):
        for one, wanted in zip(found, expected, strict=True) if isinstance(found, tuple) else [(found, expected)]:
            assert torch.equal(one, wanted)


@pytest.mark.filterwarnings("ignore:.*torch.jit.* is deprecated:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:.*:torch.jit.TracerWarning")  # sizes that are checked become constants
@pytest.mark.parametrize("cell", ["GRU", "LSTM", "GRUCell", "LSTMCell"])
def test_traces(cell: str) -> None:
    layer = getattr(nn, cell)(3, 5)
    x = torch.randn(4, 3) if cell.endswith("Cell") else torch.randn(6, 4, 3)
    with torch.no_grad():  # with gradients more is computed
        traced: Any = torch.jit.trace(layer, (x,))  # type: ignore[no-untyped-call]
    assert torch.equal(traced(x)[0], layer(x)[0])


@pytest.mark.parametrize("cell", ["GRU", "LSTM"])
def test_replicas_compute_and_train(cell: str) -> None:
    """What DataParallel does with a module: a copy whose weights are plain tensors, no parameters."""
    layer, x = made(cell, {})
    replica = layer._replicate_for_data_parallel()
    for name, weight in layer.named_parameters():
        setattr(replica, name, weight * 1)
    replica(x)[0].sum().backward()
    assert all(weight.grad is not None for weight in layer.parameters())
