"""The semantically controlled GRU against its NumPy equations: outputs, plans and every gradient."""

import numpy as np
import pytest
import torch

from gatelet.nn.sc_gru import SCGRU, plan_cost
from gatelet.reference import from_names, sc_gru

TOLERANCE = {torch.float64: 1e-11, torch.float32: 2e-5}


def weights_of(layer: SCGRU) -> sc_gru.Weights:
    named = {name: weight.detach().double().numpy() for name, weight in layer.named_parameters()}
    inside = {name.removeprefix("recurrent."): value for name, value in named.items() if "recurrent" in name}
    return sc_gru.Weights(named["read.weight"], named["read.bias"], from_names(inside)[0])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(
    ("steps", "batch", "inputs", "parts", "hidden"), [(1, 1, 1, 1, 1), (7, 3, 15, 17, 63), (5, 15, 17, 1, 65)]
)
def test_outputs_and_gradients_are_those_of_the_equations(
    steps: int, batch: int, inputs: int, parts: int, hidden: int, dtype: torch.dtype
) -> None:
    torch.manual_seed(0)
    layer = SCGRU(inputs, parts, hidden).to(dtype)
    x = torch.randn(batch, steps, inputs, dtype=dtype, requires_grad=True)
    plan = torch.rand(batch, parts, dtype=dtype, requires_grad=True)
    h0 = torch.randn(1, batch, hidden, dtype=dtype, requires_grad=True)
    y, plans, h_n = layer(x, plan, h0)
    dy, dd = torch.randn_like(y), torch.randn_like(plans)
    torch.autograd.backward([y, plans], [dy, dd])

    def array(tensor: torch.Tensor | None) -> np.ndarray:
        assert tensor is not None
        return tensor.detach().double().numpy()

    def turned(tensor: torch.Tensor | None) -> np.ndarray:
        return array(tensor).swapaxes(0, 1)

    weights = weights_of(layer)
    expected_y, expected_d, trace = sc_gru.forward(turned(x), array(h0)[0], array(plan), weights)
    expected = sc_gru.backward(turned(dy), turned(dd), weights, trace)
    pairs = [
        (turned(y), expected_y),
        (turned(plans), expected_d),
        (array(h_n)[0], expected_y[-1]),
        (turned(x.grad), expected.x),
        (array(plan.grad), expected.d0),
        (array(h0.grad)[0], expected.h0),
        (array(layer.read.weight.grad), expected.weights.weight_read),
        (array(layer.read.bias.grad), expected.weights.bias_read),
        (array(layer.recurrent.get_parameter("weight_ih_l0").grad), expected.weights.gru.weight_ih),
        (array(layer.recurrent.get_parameter("weight_hh_l0").grad), expected.weights.gru.weight_hh),
    ]
    for actual, wanted in pairs:
        assert actual.shape == wanted.shape
        assert np.abs(actual - wanted).max() <= TOLERANCE[dtype] * max(1.0, np.abs(wanted).max())


def test_a_sentence_in_pieces_is_the_whole_sentence() -> None:
    torch.manual_seed(0)
    layer = SCGRU(5, 4, 9).double()
    x, plan = torch.randn(2, 7, 5, dtype=torch.float64), torch.rand(2, 4, dtype=torch.float64)
    whole, plans, _ = layer(x, plan)
    h, parts = None, []
    for piece in torch.split(x, [1, 4, 2], 1):
        y, left, h = layer(piece, plan, h)
        plan = left[:, -1]
        parts.append(y)
    torch.testing.assert_close(torch.cat(parts, 1), whole, rtol=0, atol=1e-12)
    torch.testing.assert_close(plan, plans[:, -1], rtol=0, atol=1e-12)


def test_a_wrong_plan_is_refused() -> None:
    weights = weights_of(SCGRU(2, 3, 4))
    with pytest.raises(ValueError, match=r"d0 must have shape \(1, 3\); got \(1, 2\)"):
        sc_gru.forward(np.zeros((1, 1, 2)), np.zeros((1, 4)), np.zeros((1, 2)), weights)


def test_the_cost_of_a_plan_by_hand() -> None:
    plan = torch.tensor([[1.0, 1.0], [1.0, 0.0]])
    plans = torch.tensor([[[1.0, 0.0], [0.0, 0.0]], [[0.5, 0.0], [9.0, 9.0]]])
    mask = torch.tensor([[True, True], [True, False]])
    # all is said at two steps, one part at each: 2 (1e-4 100 + 1e-4); then half a part at once, and half is left
    first, second = 2 * (1e-2 + 1e-4), 0.5 + 1e-4 * 10 + 1e-4
    torch.testing.assert_close(plan_cost(plan, plans, mask), torch.tensor((first + second) / 2), rtol=1e-5, atol=0)
