"""MinGRU and MinLSTM as layers: weights, layouts, and what PyTorch does with a layer."""

import copy
import warnings
from typing import Any

import pytest
import torch

from gatelet import nn

GATES = {"MinGRU": 2, "MinLSTM": 3}

pytestmark = pytest.mark.parametrize("cell", list(GATES))


@pytest.mark.parametrize("bias", [False, True])
def test_there_are_weights_for_the_input_alone(cell: str, bias: bool) -> None:
    layer = getattr(nn, cell)(3, 5, 2, bias=bias, bidirectional=True)
    rows = GATES[cell] * 5
    expected: dict[str, tuple[int, ...]] = {}
    for ending, inputs in (("l0", 3), ("l0_reverse", 3), ("l1", 10), ("l1_reverse", 10)):
        expected[f"weight_ih_{ending}"] = (rows, inputs)
        if bias:
            expected[f"bias_ih_{ending}"] = (rows,)
    assert {name: tuple(weight.shape) for name, weight in layer.named_parameters()} == expected


def test_it_prints_what_is_not_usual(cell: str) -> None:
    assert repr(getattr(nn, cell)(3, 5, 2, False, True, 0.25)) == (
        f"{cell}(3, 5, num_layers=2, bias=False, batch_first=True, dropout=0.25)"
    )


def test_dropout_on_one_layer_warns_at_the_line_that_asks_for_it(cell: str) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        getattr(nn, cell)(5, 4, dropout=0.5)
    assert [warning.filename for warning in caught] == [__file__]


def test_chunks_of_a_stream_are_the_whole(cell: str) -> None:
    layer = getattr(nn, cell)(3, 17, 2)
    x = torch.randn(33, 2, 3)
    whole, last = layer(x)
    h, parts = None, []
    for chunk in torch.split(x, [1, 1, 15, 16]):
        y, h = layer(chunk, h)
        parts.append(y)
    torch.testing.assert_close(torch.cat(parts), whole)
    torch.testing.assert_close(h, last)


def test_inputs_of_the_wrong_size_are_refused_as_by_the_gru(cell: str) -> None:
    layer = getattr(nn, cell)(3, 5)
    with pytest.raises(RuntimeError, match=r"^input.size\(-1\) must be equal to input_size. Expected 3, got 4$"):
        layer(torch.zeros(7, 2, 4))
    with pytest.raises(RuntimeError, match=r"^Expected hidden size \(1, 2, 5\), got \[1, 3, 5\]$"):
        layer(torch.zeros(7, 2, 3), torch.zeros(1, 3, 5))
    with pytest.raises(ValueError, match=rf"^{cell}: Expected input to be 2D or 3D, got 4D instead$"):
        layer(torch.zeros(1, 7, 2, 3))


@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf")  # from torch.compile itself
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_it_compiles_into_one_graph(cell: str, dtype: torch.dtype) -> None:
    layer = getattr(nn, cell)(3, 5, 2, bidirectional=True, dtype=dtype)
    x = torch.randn(6, 2, 3, dtype=dtype)
    torch.compiler.reset()
    compiled: Any = torch.compile(layer, backend="aot_eager", fullgraph=True)
    found = []
    for run in (layer, compiled):
        y, h_n = run(x)
        found.append([y, h_n, *torch.autograd.grad([y.square().sum(), h_n.sum()], list(layer.parameters()))])
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other)


def test_autocast_runs_in_bfloat16(cell: str) -> None:
    layer = getattr(nn, cell)(3, 5, 2)
    x = torch.randn(6, 2, 3)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        y, _ = layer(x)
    assert y.dtype == torch.bfloat16
    torch.testing.assert_close(y.float(), layer(x)[0], rtol=0.05, atol=0.05)


def test_a_copy_is_equal_and_separate(cell: str) -> None:
    layer = getattr(nn, cell)(3, 5)
    x = torch.randn(6, 2, 3)
    before, twin = layer(x)[0], copy.deepcopy(layer)
    with torch.no_grad():
        layer.weight_ih_l0.zero_()
    torch.testing.assert_close(twin(x)[0], before, rtol=0, atol=0)
    assert not torch.equal(layer(x)[0], before)
