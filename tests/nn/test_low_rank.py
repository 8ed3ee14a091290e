"""Recurrent matrices as a product of two factors: the layer is that of the product, and starts as the nearest one."""

import copy
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from gatelet import nn, plan
from gatelet.nn.low_rank import lower
from gatelet.nn.planning import recurrent
from gatelet.plan import interpret
from gatelet.reference import from_names

CELLS = ["GRU", "LSTM"]
# of outputs and gradients of sums over 6 steps
TOLERANCE = {torch.float32: 2e-5, torch.float64: 1e-11}


def made(cell: str, hidden: int, dtype: torch.dtype = torch.float64, **options: Any) -> Any:
    with torch.random.fork_rng():
        torch.manual_seed(hidden)
        return getattr(nn, cell)(5, hidden, dtype=dtype, **options)


def with_product(layer: Any) -> Any:
    """The layer of full rank that computes the same."""
    options = {name: getattr(layer, name) for name in ("num_layers", "bias", "batch_first", "bidirectional")}
    dtype = layer.weight_ih_l0.dtype
    whole = getattr(nn, type(layer).__name__)(5, layer.hidden_size, dtype=dtype, **options)
    whole.load_state_dict(layer.whole_weights())
    return whole


def parts(result: Any) -> list[Tensor]:
    return [result] if isinstance(result, Tensor) else [tensor for part in result for tensor in parts(part)]


@pytest.mark.parametrize("dtype", list(TOLERANCE), ids=str)
@pytest.mark.parametrize(("hidden", "rank"), [(1, 1), (7, 2), (17, 15), (65, 3)])
@pytest.mark.parametrize("cell", CELLS)
def test_outputs_and_gradients_are_those_of_the_product(cell: str, hidden: int, rank: int, dtype: torch.dtype) -> None:
    layer = made(cell, hidden, dtype, num_layers=2, bidirectional=True, rank_hh=rank)
    whole = with_product(layer)
    x = torch.randn(6, 3, 5, dtype=dtype, generator=torch.Generator().manual_seed(0))
    found, expected = parts(layer(x)), parts(whole(x))
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=TOLERANCE[dtype])
    for result in (found, expected):
        torch.autograd.backward(result[0].sum())
    for ending in ("l0", "l0_reverse", "l1", "l1_reverse"):
        left, right = (getattr(layer, f"weight_hh_{side}_{ending}") for side in ("left", "right"))
        assert left.shape == (layer._gates * hidden, rank) and right.shape == (rank, hidden)
        upstream = getattr(whole, f"weight_hh_{ending}").grad
        torch.testing.assert_close(left.grad, upstream @ right.T, rtol=0, atol=hidden * TOLERANCE[dtype])
        torch.testing.assert_close(right.grad, left.T @ upstream, rtol=0, atol=hidden * TOLERANCE[dtype])


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("rank", [1, 4, 9])
def test_it_starts_as_the_nearest_matrix(cell: str, rank: int) -> None:
    layer = made(cell, 9, bidirectional=True)
    before = {name: weight.detach().clone() for name, weight in layer.whole_weights().items()}
    lower(layer, rank)
    assert layer.rank_hh == rank and f"rank_hh={rank}" in repr(layer)
    assert layer.state_dict().keys() == made(cell, 9, bidirectional=True, rank_hh=rank).state_dict().keys()
    for name, weight in layer.whole_weights().items():
        if not name.startswith("weight_hh"):
            assert torch.equal(weight, before[name])
            continue
        sizes = torch.linalg.svdvals(before[name])
        off = torch.linalg.matrix_norm(weight.detach() - before[name]) ** 2
        assert off == pytest.approx(float(sizes[rank:].square().sum()), abs=1e-12)
    left, right = layer.weight_hh_left_l0, layer.weight_hh_right_l0
    assert float(left.detach().norm()) == pytest.approx(float(right.detach().norm()))
    assert left.is_contiguous() and right.is_contiguous()


def test_a_lower_rank_follows_from_the_product() -> None:
    once, twice = made("GRU", 9), made("GRU", 9)
    lower(twice, 5)
    for layer in (once, twice):
        lower(layer, 2)
    torch.testing.assert_close(once.whole_weights()["weight_hh_l0"], twice.whole_weights()["weight_hh_l0"])
    with torch.device("meta"):
        shapes = nn.GRU(5, 9)
        lower(shapes, 2)
    assert {name: weight.shape for name, weight in shapes.named_parameters()} == {
        name: weight.shape for name, weight in once.named_parameters()
    }


def test_what_else_a_layer_does() -> None:
    layer = made("GRU", 7, rank_hh=3, weight_drop=0.5)
    whole = with_product(layer)
    x = torch.randn(6, 3, 5, dtype=torch.float64)
    gates = nn.gate_activations(layer, x)
    torch.testing.assert_close(gates.hidden, whole(x)[0])
    whole.weight_drop = 0.5
    drawn = []
    for each in (layer, whole):
        torch.manual_seed(0)
        drawn.append(each.train()(x)[0])
    torch.testing.assert_close(*drawn)  # weights are dropped of the product
    assert torch.equal(copy.deepcopy(layer).eval()(x)[0], layer.eval()(x)[0])
    with torch.autocast("cpu", torch.bfloat16):
        single = layer.float()(x.float())[0]
    torch.testing.assert_close(single.double(), whole.eval()(x)[0], rtol=0, atol=0.05)
    with pytest.raises(ValueError, match=r"^rank_hh must be greater than zero, or None for full rank; got 0\.$"):
        nn.LSTM(5, 7, rank_hh=0)


def test_the_reference_reads_the_product() -> None:
    layer = made("LSTM", 7, rank_hh=2)
    (weights,) = from_names({name: weight.detach().numpy() for name, weight in layer.whole_weights().items()})
    assert weights.weight_hh.shape == (28, 7) and np.linalg.matrix_rank(weights.weight_hh) == 2


@pytest.mark.parametrize("cell", CELLS)
def test_a_plan_has_the_factors_or_their_product(cell: str) -> None:
    layer = made(cell, 9, torch.float32, num_layers=2, bidirectional=True, rank_hh=2)
    x = torch.randn(6, 5, generator=torch.Generator().manual_seed(1))
    operations = recurrent(layer, "x", "h", over="rows")
    low = [each for each in operations if isinstance(each, plan.GRU | plan.LSTM)]
    assert len(low) == 4 and all(each.right is not None and each.right.shape == (2, 9) for each in low)
    whole = plan.Plan("T", (plan.Value("x", ("time", 5)),), tuple(operations), (plan.Value("h", ("time", 18)),))
    found, _ = interpret.step(whole, {"x": x.numpy()}, interpret.start(whole))
    np.testing.assert_allclose(found["h"], layer(x)[0].detach().numpy(), rtol=0, atol=1e-5)
    for options in ({"layer_norm": True}, {"reset_after": False} if cell == "GRU" else {"layer_norm": True}):
        (product,) = recurrent(made(cell, 9, torch.float32, rank_hh=2, **options), "x", "h")
        assert isinstance(product, plan.GRU | plan.LSTM)
        assert product.right is None and product.weight_hh.shape == (len(product.weight_ih), 9)
