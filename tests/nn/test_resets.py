"""Resets in the sequence: every layout says the same, and an episode does not know of the one before it."""

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence

from gatelet import nn

CELLS = ["GRU", "LSTM", "MinGRU", "MinLSTM"]


def output(layer: Any, *args: Any, **options: Any) -> Tensor:
    y = layer(*args, **options)[0]
    return y.data if isinstance(y, PackedSequence) else y


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("cell", CELLS)
def test_every_layout_says_the_same(cell: str, dtype: torch.dtype) -> None:
    layer = getattr(nn, cell)(3, 5, 2, bidirectional=True, dtype=dtype)
    batch_first = getattr(nn, cell)(3, 5, 2, bidirectional=True, batch_first=True, dtype=dtype)
    batch_first.load_state_dict(layer.state_dict())
    x, resets = torch.randn(7, 4, 3, dtype=dtype), torch.rand(7, 4) < 0.3
    y = output(layer, x, resets=resets)
    assert not torch.allclose(y, output(layer, x))
    torch.testing.assert_close(output(batch_first, x.transpose(0, 1), resets=resets.T), y.transpose(0, 1))
    for b in range(4):
        torch.testing.assert_close(output(layer, x[:, b], resets=resets[:, b]), y[:, b])
        torch.testing.assert_close(output(batch_first, x[:, b], resets=resets[:, b]), y[:, b])

    lengths = torch.tensor([4, 7, 1, 6])
    ragged = output(layer, x, lengths=lengths, resets=resets)
    packed = pack_padded_sequence(x, lengths, enforce_sorted=False)
    rows = pack_padded_sequence(resets, lengths, enforce_sorted=False).data
    expected = pack_padded_sequence(ragged, lengths, enforce_sorted=False).data
    torch.testing.assert_close(output(layer, packed, resets=rows), expected)
    for b, length in enumerate(lengths.tolist()):
        alone = output(layer, x[:length, b], resets=resets[:length, b])
        torch.testing.assert_close(ragged[:length, b], alone)


@pytest.mark.parametrize("cell", CELLS)
def test_an_episode_does_not_know_of_the_one_before(cell: str) -> None:
    layer = getattr(nn, cell)(3, 5, 2)
    x = torch.randn(9, 2, 3)
    resets = torch.zeros(9, 2, dtype=torch.bool)
    resets[4] = True
    y = output(layer, x, resets=resets)
    torch.testing.assert_close(y, torch.cat([output(layer, x[:4]), output(layer, x[4:])]))


@pytest.mark.parametrize(
    ("resets", "words"),
    [
        (torch.zeros(3, 7, dtype=torch.bool), r"^resets must be torch\.bool of shape \(7, 3\), as the input; got "
         r"torch\.bool of shape \(3, 7\)\.$"),
        (torch.zeros(7, 3), r"^resets must be torch\.bool of shape \(7, 3\), as the input; got torch\.float32 of shape "
         r"\(7, 3\)\.$"),
    ],
    ids=["shape", "dtype"],
)  # fmt: skip
def test_resets_that_do_not_fit(resets: Tensor, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        nn.GRU(3, 5)(torch.zeros(7, 3, 3), resets=resets)


def test_packed_resets_that_do_not_fit() -> None:
    packed = pack_padded_sequence(torch.zeros(7, 2, 3), torch.tensor([7, 4]))
    with pytest.raises(ValueError, match=r"^resets must be torch\.bool of shape \(11,\), as the input; got "):
        nn.GRU(3, 5)(packed, resets=torch.zeros(7, 2, dtype=torch.bool))
