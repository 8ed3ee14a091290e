"""Somebody's model computes the same after the swap, and trains the same weights."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from gatelet.nn import GRU, LSTM, RNN, replace


class Tagger(nn.Module):
    """Somebody's model: a shared recurrent layer, a nested one, and a head."""

    def __init__(self, kind: type[nn.GRU] | type[nn.LSTM]) -> None:
        super().__init__()
        self.first = kind(5, 7, num_layers=2, batch_first=True, dropout=0.5, bidirectional=True)
        self.again = self.first
        self.rest = nn.ModuleDict({"second": kind(14, 3, bias=False), "head": nn.Linear(3, 2)})

    def forward(self, x: Tensor) -> Tensor:
        y, _ = self.first(x)
        z, _ = self.rest["second"](y.transpose(0, 1))
        scores: Tensor = self.rest["head"](z)
        return scores


@pytest.mark.parametrize(("kind", "ours"), [(nn.GRU, GRU), (nn.LSTM, LSTM)])
def test_replaced_model_computes_and_trains_as_before(
    kind: type[nn.GRU] | type[nn.LSTM], ours: type[GRU] | type[LSTM]
) -> None:
    torch.manual_seed(0)
    model = Tagger(kind).eval()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    names, weights = list(model.state_dict()), [weight.data_ptr() for weight in model.parameters()]
    x = torch.randn(4, 9, 5)
    before = model(x)

    assert replace(model) is model
    assert isinstance(model.first, ours) and model.again is model.first and isinstance(model.rest["second"], ours)
    assert list(model.state_dict()) == names
    assert [weight.data_ptr() for weight in model.parameters()] == weights
    assert not model.first.training and model.first.dropout == 0.5
    torch.testing.assert_close(model(x), before, rtol=1e-5, atol=1e-6)

    model(x).square().mean().backward()
    optimizer.step()
    assert not torch.allclose(model(x), before)


@pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")
def test_projection_and_a_bare_layer() -> None:
    layer = nn.LSTM(4, 6, proj_size=2)
    x = torch.randn(3, 2, 4)
    swapped = replace(layer)
    assert isinstance(swapped, LSTM) and swapped.weight_hr_l0 is layer.weight_hr_l0
    torch.testing.assert_close(swapped(x)[0], layer(x)[0], rtol=1e-5, atol=1e-6)


def test_a_tanh_network() -> None:
    layers = nn.ModuleList([nn.RNN(3, 4), nn.RNN(3, 4, nonlinearity="relu")])
    x = torch.randn(5, 2, 3)
    expected = layers[0](x)[0]
    assert [type(layer) for layer in replace(layers).children()] == [RNN, nn.RNN]
    torch.testing.assert_close(layers[0](x)[0], expected)


def test_weights_under_two_names() -> None:
    layer, other = nn.GRU(4, 4, 2), nn.GRU(4, 4)
    layer.weight_ih_l1 = layer.weight_ih_l0
    other.weight_hh_l0 = layer.weight_hh_l1
    model = nn.ModuleList([layer, other])
    x = torch.randn(5, 2, 4)
    expected = [layer(x)[0], other(x)[0]]
    replace(model)
    for swapped, y in zip(model, expected, strict=True):
        assert isinstance(swapped, GRU)
        torch.testing.assert_close(swapped(x)[0], y, rtol=1e-5, atol=1e-6)
    assert model[0].weight_ih_l1 is model[0].weight_ih_l0
    assert model[1].weight_hh_l0 is model[0].weight_hh_l1


def test_what_carries_more_than_weights_is_left_alone() -> None:
    class Own(nn.GRU):
        pass

    hooked, normed = nn.GRU(3, 4), nn.utils.parametrizations.weight_norm(nn.GRU(3, 4), "weight_hh_l0")
    hooked.register_forward_hook(lambda *_: None)
    model = nn.ModuleList([Own(3, 4), hooked, normed])
    kept = list(model)
    replace(model)
    assert all(after is before for after, before in zip(model, kept, strict=True))
