"""MGU, LiGRU and FastGRNN: what they share with the GRU, and what they have of their own."""

import copy
import io
import warnings
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from gatelet import nn

CELLS = ["MGU", "LiGRU", "FastGRNN"]
GATES = {"MGU": 2, "LiGRU": 2, "FastGRNN": 1}


def build(cell: str, *args: Any, **kwargs: Any) -> Any:
    torch.manual_seed(0)
    return getattr(nn, cell)(*args, **kwargs)


@pytest.mark.parametrize("cell", ["MGU", "LiGRU"])
def test_weights_have_the_names_of_a_gru_and_fewer_rows(cell: str) -> None:
    layer, gru = build(cell, 5, 4, 2, bidirectional=True), nn.GRU(5, 4, 2, bidirectional=True)
    assert list(layer.state_dict()) == list(gru.state_dict())
    for name, weight in gru.named_parameters():
        assert getattr(layer, name).shape == (2 * 4, *weight.shape[1:])


@pytest.mark.parametrize("bias", [True, False])
def test_weights_of_a_fastgrnn(bias: bool) -> None:
    layer = nn.FastGRNN(5, 4, 2, bias=bias, bidirectional=True, rank_hh=3)
    shapes = {name: tuple(weight.shape) for name, weight in layer.named_parameters() if name.endswith("l1_reverse")}
    biases = {"bias_ih_l1_reverse": (8,)} if bias else {}
    assert shapes == {
        "weight_ih_l1_reverse": (4, 8),
        "weight_hh_left_l1_reverse": (4, 3),
        "weight_hh_right_l1_reverse": (3, 4),
        **biases,
        "scales_l1_reverse": (2,),
    }
    assert dict(layer.named_parameters())["scales_l0"].tolist() == [1.0, -4.0]


@pytest.mark.parametrize("cell", CELLS)
def test_first_values_are_small(cell: str) -> None:
    layer = build(cell, 5, 16)
    drawn = [weight for name, weight in layer.named_parameters() if not name.startswith("scales")]
    assert all(0 < weight.abs().max() <= 1 / 4 for weight in drawn)


@pytest.mark.parametrize("arguments", [{"input_size": 0}, {"num_layers": 0}, {"bias": 1}, {"dropout": 2}], ids=str)
@pytest.mark.parametrize("cell", CELLS)
def test_constructor_errors_are_those_of_the_gru(cell: str, arguments: dict[str, Any]) -> None:
    arguments = {"input_size": 5, "hidden_size": 4} | arguments
    with pytest.raises((TypeError, ValueError)) as expected:
        torch.nn.GRU(**arguments)
    with pytest.raises(expected.type) as found:
        build(cell, **arguments)
    assert str(found.value) == str(expected.value)


@pytest.mark.parametrize("cell", CELLS)
def test_dropout_on_one_layer_warns_at_the_line_that_asks_for_it(cell: str) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        getattr(nn, cell)(5, 4, dropout=0.5)
    assert caught[0].filename == __file__


def test_ranks_must_be_positive() -> None:
    with pytest.raises(ValueError, match=r"^rank_hh must be greater than zero, or None for full rank; got 0\.$"):
        nn.FastGRNN(5, 4, rank_hh=0)


@pytest.mark.parametrize(
    ("x", "message"),
    [((5,), "Expected input to be 2D or 3D, got 1D instead"), ((7, 3, 6), r"Expected 5, got 6"),
     ((0, 3, 5), "^Expected sequence length to be larger than 0 in RNN$")],
)  # fmt: skip
@pytest.mark.parametrize("cell", CELLS)
def test_call_errors(cell: str, x: tuple[int, ...], message: str) -> None:
    with pytest.raises((ValueError, RuntimeError), match=message):
        build(cell, 5, 4)(torch.zeros(x))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("cell", CELLS)
def test_packed_unbatched_and_batch_first_agree(cell: str, dtype: torch.dtype) -> None:
    layer = build(cell, 5, 17, 2, bidirectional=True, dtype=dtype)
    x, h0 = torch.randn(7, 3, 5, dtype=dtype), torch.randn(4, 3, 17, dtype=dtype)
    lengths = torch.tensor([2, 7, 4])
    packed, h_n = layer(pack_padded_sequence(x, lengths, enforce_sorted=False), h0)
    y, _ = pad_packed_sequence(packed)
    by_lengths, h_of_lengths = layer(x, h0, lengths=lengths)
    torch.testing.assert_close(by_lengths, y)
    torch.testing.assert_close(h_of_lengths, h_n)
    for b, length in enumerate(lengths):
        alone, h_alone = layer(x[:length, b], h0[:, b])
        torch.testing.assert_close(y[:length, b], alone)
        torch.testing.assert_close(h_n[:, b], h_alone)
    other = copy.deepcopy(layer)
    other.batch_first = True
    torch.testing.assert_close(other(x.transpose(0, 1), h0)[0].transpose(0, 1), layer(x, h0)[0])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("cell", CELLS)
def test_a_reset_starts_a_new_sequence(cell: str, dtype: torch.dtype) -> None:
    layer = build(cell, 5, 17, dtype=dtype)
    x, h0 = torch.randn(7, 3, 5, dtype=dtype), torch.randn(1, 3, 17, dtype=dtype)
    resets = torch.zeros(7, 3, dtype=torch.bool)
    resets[4] = True
    y, h_n = layer(x, h0, resets=resets)
    second, h_second = layer(x[4:])
    torch.testing.assert_close(y, torch.cat([layer(x[:4], h0)[0], second]))
    torch.testing.assert_close(h_n, h_second)


@pytest.mark.parametrize("cell", CELLS)
def test_dropout_lies_between_layers_in_training_only(cell: str) -> None:
    both = build(cell, 5, 4, 2, dropout=0.5)
    lower, upper = build(cell, 5, 4), build(cell, 4, 4)
    for single, k in ((lower, 0), (upper, 1)):
        names = [name for name, _ in single.named_parameters()]
        single.load_state_dict({name: getattr(both, name.replace("l0", f"l{k}")) for name in names})
    x = torch.randn(7, 3, 5)
    for training in (True, False):
        both.train(training)
        torch.manual_seed(0)
        y, _ = both(x)
        torch.manual_seed(0)
        torch.testing.assert_close(y, upper(F.dropout(lower(x)[0], 0.5, training))[0])


@pytest.mark.parametrize("ranks", [{"rank_ih": 2}, {"rank_hh": 3}, {"rank_ih": 2, "rank_hh": 3}], ids=str)
def test_a_low_rank_is_a_product_of_two_matrices(ranks: dict[str, int]) -> None:
    low, full = build("FastGRNN", 5, 4, 2, **ranks), build("FastGRNN", 5, 4, 2)
    weights: dict[str, Tensor] = {}
    for name in full.state_dict():
        kind, layer = name.rsplit("_", 1)
        whole = f"{kind}_left_{layer}" not in low.state_dict()
        weights[name] = (
            getattr(low, name)
            if whole
            else getattr(low, f"{kind}_left_{layer}") @ getattr(low, f"{kind}_right_{layer}")
        )
    full.load_state_dict(weights)
    x = torch.randn(7, 3, 5)
    torch.testing.assert_close(low(x), full(x))
    low(x)[0].square().sum().backward()
    assert all(weight.grad is not None and weight.grad.abs().max() > 0 for weight in low.parameters())
    assert repr(low) == f"FastGRNN(5, 4, num_layers=2, {', '.join(f'{k}={v}' for k, v in ranks.items())})"


@pytest.mark.parametrize("cell", CELLS)
def test_first_and_second_derivatives(cell: str) -> None:
    layer = build(cell, 2, 3, dtype=torch.float64)
    x = torch.randn(3, 2, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: layer(x)[0], (x,))
    assert torch.autograd.gradgradcheck(lambda x: layer(x)[0], (x,))


@pytest.mark.parametrize("cell", [*CELLS, "RNN"])
def test_compiles_into_one_graph(cell: str) -> None:
    eager = build(cell, 5, 7, 2, bidirectional=True)
    torch.compiler.reset()
    compiled: Any = torch.compile(eager, fullgraph=True, backend="aot_eager")
    x = torch.randn(7, 3, 5)
    gradients = []
    for run in (eager, compiled):
        eager.zero_grad()
        y = run(x)[0]
        y.square().sum().backward()
        gradients.append([y.detach(), *(weight.grad for weight in eager.parameters())])
    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("cell", CELLS)
def test_copies_and_files(cell: str) -> None:
    layer = build(cell, 5, 4)
    x = torch.randn(7, 3, 5)
    file = io.BytesIO()
    torch.save(layer.state_dict(), file)
    file.seek(0)
    twin = build(cell, 5, 4)
    twin.load_state_dict(torch.load(file, weights_only=True))
    for other in (copy.deepcopy(layer), twin):
        torch.testing.assert_close(other(x), layer(x), rtol=0, atol=0)
    assert repr(layer) == f"{cell}(5, 4)"
