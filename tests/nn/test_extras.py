"""LayerNorm, zoneout and recurrent dropout as arguments of the layers and cells; their numbers are tested in parity."""

import copy
import pickle
from typing import Any

import pytest
import torch
from torch import Tensor

from gatelet import nn

CELLS = ["GRU", "LSTM"]
EXTRAS: dict[str, Any] = {"layer_norm": True, "zoneout": 0.2, "recurrent_dropout": 0.3}


def parts(result: Any) -> list[Tensor]:
    return [result] if isinstance(result, Tensor) else [tensor for part in result for tensor in parts(part)]


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("cell", CELLS)
def test_gains_stand_after_the_biases_and_begin_at_one(cell: str, bias: bool) -> None:
    torch.manual_seed(0)
    layer = getattr(nn, cell)(5, 4, 2, bias=bias, bidirectional=True, layer_norm=True)
    torch.manual_seed(0)
    plain = getattr(torch.nn, cell)(5, 4, 2, bias=bias, bidirectional=True)
    gates = 3 if cell == "GRU" else 4
    kinds = ["weight_ih", "weight_hh", *(["bias_ih", "bias_hh"] if bias else []), "layer_norm_ih", "layer_norm_hh"]
    endings = ["l0", "l0_reverse", "l1", "l1_reverse"]
    assert list(layer.state_dict()) == [f"{kind}_{ending}" for ending in endings for kind in kinds]
    for name, weight in layer.named_parameters():
        if name.startswith("layer_norm"):
            assert torch.equal(weight, torch.ones(gates * 4))
        else:
            assert torch.equal(weight, plain.get_parameter(name))


@pytest.mark.parametrize("cell", [*CELLS, "GRUCell", "LSTMCell"])
def test_they_print_what_they_are(cell: str) -> None:
    extras = EXTRAS if cell in CELLS else {"layer_norm": True, "zoneout": 0.2}
    shown = ", ".join(f"{name}={value}" for name, value in extras.items())
    assert repr(getattr(nn, cell)(5, 4, **extras)) == f"{cell}(5, 4, {shown})"


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("extra", EXTRAS)
def test_each_has_an_effect_and_every_weight_a_gradient(cell: str, extra: str) -> None:
    torch.manual_seed(0)
    layer = getattr(nn, cell)(5, 7, 2, bidirectional=True, **{extra: EXTRAS[extra]})
    plain = getattr(nn, cell)(5, 7, 2, bidirectional=True)
    plain.load_state_dict(layer.state_dict(), strict=extra != "layer_norm")
    x = torch.randn(9, 3, 5)
    y = layer(x)[0]
    assert not torch.allclose(y, plain(x)[0], atol=1e-4)
    y.square().sum().backward()
    assert all(weight.grad is not None and weight.grad.any() for weight in layer.parameters())


@pytest.mark.parametrize("extra", ["zoneout", "recurrent_dropout"])
@pytest.mark.parametrize("cell", CELLS)
def test_draws_follow_the_seed_and_the_mode(cell: str, extra: str) -> None:
    layer = getattr(nn, cell)(5, 7, **{extra: 0.5})
    x = torch.randn(9, 3, 5)

    def drawn(seed: int) -> Tensor:
        torch.manual_seed(seed)
        y: Tensor = layer(x)[0]
        return y

    assert torch.equal(drawn(1), drawn(1))
    assert not torch.equal(drawn(1), drawn(2))
    layer.eval()
    assert torch.equal(drawn(1), drawn(2))


@pytest.mark.parametrize("cell", CELLS)
def test_recurrent_dropout_is_off_in_evaluation(cell: str) -> None:
    layer, plain = getattr(nn, cell)(5, 7, recurrent_dropout=0.5).eval(), getattr(nn, cell)(5, 7)
    plain.load_state_dict(layer.state_dict())
    x = torch.randn(9, 3, 5)
    for one, other in zip(parts(layer(x)), parts(plain(x)), strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("cell", CELLS)
def test_zoneout_of_all_units_keeps_the_first_state(cell: str, training: bool) -> None:
    layer = getattr(nn, cell)(5, 7, zoneout=1.0).train(training)
    h = torch.randn(1, 3, 7)
    y, last = layer(torch.randn(9, 3, 5), (h, h + 1) if cell == "LSTM" else h)
    torch.testing.assert_close(y, h.expand(9, 3, 7))
    for state, expected in zip(parts(last), (h, h + 1), strict=False):
        torch.testing.assert_close(state, expected)


@pytest.mark.parametrize("cell", CELLS)
def test_copies_have_them_too(cell: str) -> None:
    layer = getattr(nn, cell)(5, 7, **EXTRAS)
    x = torch.randn(9, 3, 5)
    for twin in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        for module in (layer, twin):
            torch.manual_seed(0)
            module.found = parts(module(x))
        for one, other in zip(layer.found, twin.found, strict=True):
            assert torch.equal(one, other)


@pytest.mark.parametrize("cell", CELLS)
def test_second_derivatives(cell: str) -> None:
    layer = getattr(nn, cell)(2, 3, **EXTRAS, dtype=torch.float64)
    x = torch.randn(3, 2, 2, dtype=torch.float64, requires_grad=True)

    def function(x: Tensor) -> list[Tensor]:
        torch.manual_seed(0)
        return parts(layer(x))

    assert torch.autograd.gradcheck(function, (x,))
    assert torch.autograd.gradgradcheck(function, (x,))


@pytest.mark.parametrize(
    ("options", "kind", "words"),
    [
        ({"layer_norm": 1}, TypeError, r"^layer_norm should be of type bool, got: int$"),
        ({"zoneout": 1.5}, ValueError, r"^zoneout must be a number between 0 and 1; got 1\.5\.$"),
        ({"zoneout": True}, ValueError, r"^zoneout must be a number between 0 and 1; got True\.$"),
        ({"recurrent_dropout": -1}, ValueError, r"^recurrent_dropout must be a number between 0 and 1; got -1\.$"),
        ({"recurrent_dropout": "0"}, ValueError, r"^recurrent_dropout must be a number between 0 and 1; got '0'\.$"),
    ],
    ids=str,
)
@pytest.mark.parametrize("cell", CELLS)
def test_arguments_that_do_not_fit(cell: str, options: dict[str, Any], kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=words):
        getattr(nn, cell)(5, 4, **options)


@pytest.mark.parametrize("extra", EXTRAS)
def test_a_projection_does_not_go_with_them(extra: str) -> None:
    words = r"^proj_size does not go with layer_norm, zoneout or recurrent_dropout; got both\.$"
    with pytest.raises(ValueError, match=words):
        nn.LSTM(5, 4, proj_size=2, **{extra: EXTRAS[extra]})


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("cell", CELLS)
def test_cells_step_as_their_layers(cell: str, training: bool) -> None:
    # a step of its own: zoneout draws anew at each
    layer = getattr(nn, cell)(5, 7, layer_norm=True, zoneout=0.3).train(training)
    step = getattr(nn, cell + "Cell")(5, 7, layer_norm=True, zoneout=0.3).train(training)
    step.load_state_dict({name.removesuffix("_l0"): weight for name, weight in layer.state_dict().items()})
    x, h = torch.randn(3, 5), torch.randn(3, 7)
    found = []
    for module, given, state in ((layer, x.unsqueeze(0), h.unsqueeze(0)), (step, x, h)):
        torch.manual_seed(0)
        result = module(given, (state, state) if cell == "LSTM" else state)
        found.append([part.reshape(3, 7) for part in parts(result)])
    for one, other in zip(found[0][1:], found[1], strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("extra", EXTRAS)
@pytest.mark.parametrize("cell", CELLS)
def test_without_sequences_or_without_steps(cell: str, extra: str) -> None:
    layer = getattr(nn, cell)(5, 4, 2, bidirectional=True, **{extra: EXTRAS[extra]})
    y, last = layer(torch.zeros(7, 0, 5))
    assert y.shape == (7, 0, 8)
    assert {part.shape for part in parts(last)} == {(4, 0, 4)}
    with pytest.raises(RuntimeError, match=r"^Expected sequence length to be larger than 0 in RNN$"):
        layer(torch.zeros(0, 3, 5))
