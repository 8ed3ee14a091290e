"""The face of the kernels: what is the same whichever way it is computed."""

from typing import Any

import pytest
import torch
from torch import Tensor

from gatelet import nn
from gatelet.kernels import recurrent, stacked


def run(layer: Any, x: Tensor, state: Any, **options: Any) -> list[Tensor]:
    kernel = recurrent.gru if isinstance(layer, nn.GRU) else recurrent.lstm
    found = kernel(
        x,
        state,
        layer._flat_weights,
        num_layers=layer.num_layers,
        bidirectional=layer.bidirectional,
        batch_first=layer.batch_first,
        **options,
    )
    y, last = found
    return [y, *last] if isinstance(last, tuple) else [y, last]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("cell", ["GRU", "LSTM"])
def test_a_reset_starts_a_new_sequence(cell: str, dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    layer = getattr(nn, cell)(3, 5, 2, batch_first=True, dtype=dtype)
    x = torch.rand(2, 9, 3, dtype=dtype)
    zeros = torch.zeros(2, 2, 5, dtype=dtype)
    resets = torch.zeros(2, 9, dtype=torch.bool)
    resets[:, [0, 4]] = True
    first = torch.rand(2, 2, 5, dtype=dtype)
    found = run(layer, x, first if cell == "GRU" else (first, first), resets=resets)
    state = zeros if cell == "GRU" else (zeros, zeros)
    parts = [run(layer, part, state) for part in (x[:, :4], x[:, 4:])]
    torch.testing.assert_close(found[0], torch.cat([part[0] for part in parts], dim=1))
    for got, wanted in zip(found[1:], parts[1][1:], strict=True):
        torch.testing.assert_close(got, wanted)


@pytest.mark.parametrize("cell", ["GRU", "LSTM"])
def test_resets_have_the_same_gradients_both_ways(cell: str) -> None:
    torch.manual_seed(0)
    layer = getattr(nn, cell)(3, 5, 2, bidirectional=True)
    x = torch.rand(7, 2, 3)
    resets = torch.rand(7, 2) < 0.3
    state = torch.rand(4, 2, 5)
    found = []
    for dtype in (torch.float32, torch.float64):
        made = layer.to(dtype)
        given = state.to(dtype)
        y = run(made, x.to(dtype), given if cell == "GRU" else (given, given), resets=resets)[0]
        found.append(torch.autograd.grad(y.square().sum(), list(made.parameters())))
    for got, wanted in zip(*found, strict=True):
        torch.testing.assert_close(got, wanted.float(), rtol=1e-4, atol=1e-5)


def test_what_the_native_kernels_leave_to_others() -> None:
    x, h0, weights = torch.rand(3, 2, 4), torch.rand(1, 2, 5), list(nn.GRU(4, 5).parameters())
    assert not stacked.handles(x.double(), (h0,), weights)
    assert not stacked.handles(x[:0], (h0,), weights)
    assert not stacked.handles(x.to("meta"), (h0,), weights)


@pytest.mark.parametrize("reset_after", [True, False])
def test_no_steps(reset_after: bool) -> None:
    with pytest.raises(RuntimeError, match="Expected sequence length to be larger than 0 in RNN"):
        nn.GRU(3, 4, reset_after=reset_after)(torch.rand(0, 2, 3))
