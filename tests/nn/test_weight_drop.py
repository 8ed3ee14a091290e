"""Weight drop: one mask of W_hh per call, and all else as if the masked matrix were the weight."""

import copy
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from gatelet import nn
from gatelet.nn.dropout import dropout
from gatelet.reference import LayerWeights, gru, lstm

CELLS = ["GRU", "LSTM"]
REFERENCES: dict[str, Any] = {"GRU": (lambda zero: zero, gru), "LSTM": (lambda zero: (zero, zero), lstm)}
RATE = 0.375  # a whole number of 65536ths, to which the layer rounds
SHAPES = [(1, 1), (3, 7), (17, 65)]
# outputs and gradients of sums over 6 steps, relative to the largest value
TOLERANCE = {torch.float32: 2e-5, torch.float64: 1e-11}


def parts(result: Any) -> list[Tensor]:
    return [result] if isinstance(result, Tensor) else [tensor for part in result for tensor in parts(part)]


def array(tensor: Tensor) -> Any:
    return tensor.detach().double().numpy()


def masked(layer: Any, seed: int) -> Any:
    """A twin without weight drop whose recurrent weights are those that the layer draws after this seed."""
    twin = copy.deepcopy(layer)
    twin.weight_drop = 0.0
    torch.manual_seed(seed)
    with torch.no_grad():
        for name, weight in twin.named_parameters():
            if name.startswith("weight_hh"):
                weight.copy_(dropout(weight, RATE))
    return twin


@pytest.mark.parametrize("dtype", list(TOLERANCE), ids=str)
@pytest.mark.parametrize(("batch", "hidden"), SHAPES)
@pytest.mark.parametrize("cell", CELLS)
def test_outputs_and_gradients_are_those_of_the_masked_matrix(
    cell: str, batch: int, hidden: int, dtype: torch.dtype
) -> None:
    torch.manual_seed(1)
    layer = getattr(nn, cell)(5, hidden, weight_drop=RATE, dtype=dtype)
    x = torch.randn(6, batch, 5, dtype=dtype, requires_grad=True)
    upstream = torch.randn(6, batch, hidden, dtype=dtype)
    drawn = masked(layer, 3)
    torch.manual_seed(3)
    y = layer(x)[0]
    y.backward(upstream)
    mask = array(drawn.weight_hh_l0 != 0) / (1.0 - RATE)
    if mask.size > 1000:
        assert abs((mask == 0).mean() - RATE) < 0.05
    w = LayerWeights(
        *(array(getattr(drawn, f"{name}_l0")) for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))
    )
    zero = np.zeros((batch, hidden))
    state, reference = REFERENCES[cell]
    expected, _, trace = reference.forward(array(x), state(zero), w)
    found = reference.backward(array(upstream), state(zero), w, trace)
    pairs = [(y, expected), (x.grad, found.x), (layer.weight_hh_l0.grad, found.weights.weight_hh * mask)]
    pairs += [(getattr(layer, f"{name}_l0").grad, getattr(found.weights, name))
              for name in ("weight_ih", "bias_ih", "bias_hh")]  # fmt: skip
    for got, wanted in pairs:
        assert np.abs(array(got) - wanted).max() <= TOLERANCE[dtype] * max(1.0, np.abs(wanted).max())


@pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")  # from torch itself
@pytest.mark.parametrize(
    ("cell", "options"),
    [
        *((cell, {"num_layers": 2, "bidirectional": True, "bias": False}) for cell in CELLS),
        *((cell, {"layer_norm": True, "batch_first": True}) for cell in CELLS),
        *((cell, {"dtype": torch.bfloat16}) for cell in CELLS),
        ("GRU", {"reset_after": False}),
        ("LSTM", {"proj_size": 3}),
    ],
    ids=str,
)
def test_with_the_other_arguments(cell: str, options: dict[str, Any]) -> None:
    layer = getattr(nn, cell)(5, 7, weight_drop=RATE, **options)
    x = torch.randn(6, 3, 5, dtype=options.get("dtype"))
    twin = masked(layer, 2)
    torch.manual_seed(2)
    for found, expected in zip(parts(layer(x)), parts(twin(x)), strict=True):
        torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("cell", CELLS)
def test_with_resets_zoneout_and_recurrent_dropout(cell: str) -> None:
    layer = getattr(nn, cell)(5, 7, weight_drop=RATE, zoneout=0.1, recurrent_dropout=0.2)
    x, resets = torch.randn(6, 3, 5), torch.rand(6, 3) < 0.3

    def drawn(seed: int) -> Tensor:
        torch.manual_seed(seed)
        y: Tensor = layer(x, resets=resets)[0]
        return y

    assert torch.equal(drawn(1), drawn(1)) and not torch.equal(drawn(1), drawn(2))
    torch.autograd.backward(drawn(1).square().sum())
    assert 0 < (layer.weight_hh_l0.grad == 0).double().mean() < 1


@pytest.mark.parametrize("cell", CELLS)
def test_nothing_is_dropped_in_evaluation_and_nothing_else_is_saved(cell: str) -> None:
    layer, plain = getattr(nn, cell)(5, 7, weight_drop=RATE), getattr(torch.nn, cell)(5, 7)
    plain.load_state_dict(layer.state_dict())
    x = torch.randn(6, 3, 5)
    for found, expected in zip(parts(layer.eval()(x)), parts(plain(x)), strict=True):
        torch.testing.assert_close(found, expected)
    assert repr(layer) == f"{cell}(5, 7, weight_drop=0.375)"


def test_of_all_weights_leaves_the_input_alone() -> None:
    layer = nn.GRU(5, 7, bias=False, weight_drop=1.0)
    x = torch.randn(1, 3, 5).expand(2, 3, 5)
    _, x_z, x_n = (x[0] @ layer.get_parameter("weight_ih_l0").T).chunk(3, -1)
    z, n = torch.sigmoid(x_z), torch.tanh(x_n)
    torch.testing.assert_close(layer(x)[0][1], (1 - z) * n + z * (1 - z) * n)


@pytest.mark.parametrize("cell", CELLS)
def test_compiles_in_one_graph(cell: str) -> None:
    layer = getattr(nn, cell)(5, 7, weight_drop=RATE)
    x = torch.randn(6, 3, 5)
    torch.compiler.reset()
    compiled: Any = torch.compile(layer, backend="aot_eager", fullgraph=True)
    found = []
    for function in (layer, compiled):
        torch.manual_seed(0)
        layer.zero_grad()
        y = function(x)[0]
        y.square().sum().backward()
        found.append([y, *(weight.grad.clone() for weight in layer.parameters())])
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("rate", [1.5, -0.1, True, "0"])
def test_a_share_that_is_none(rate: Any) -> None:
    with pytest.raises(ValueError, match=r"^weight_drop must be a number between 0 and 1; got"):
        nn.LSTM(5, 7, weight_drop=rate)
