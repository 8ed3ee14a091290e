"""Padded batches of unequal sequences: what `lengths=` computes is what each sequence gives on its own."""

from typing import Any

import pytest
import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from gatelet import nn

CELLS = ["GRU", "LSTM", "RNN", "MinGRU", "MinLSTM"]
LENGTHS = [3, 7, 1, 7, 4]


def states(result: Any) -> tuple[torch.Tensor, ...]:
    return result[1] if isinstance(result[1], tuple) else (result[1],)


@pytest.mark.parametrize("kind", [list, torch.tensor, lambda ints: torch.tensor(ints, dtype=torch.int32)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_each_sequence_is_as_on_its_own(cell: str, batch_first: bool, dtype: torch.dtype, kind: Any) -> None:
    layer = getattr(nn, cell)(3, 5, 2, batch_first=batch_first, bidirectional=True, dtype=dtype)
    x = torch.randn(5, 8, 3, dtype=dtype)  # a step longer than the longest
    h = torch.randn(4, 5, 5, dtype=dtype)
    for b, length in enumerate(LENGTHS):
        x[b, length:] = torch.nan
    found = layer(x if batch_first else x.transpose(0, 1), (h, h) if cell == "LSTM" else h, lengths=kind(LENGTHS))
    y = found[0] if batch_first else found[0].transpose(0, 1)
    assert y.shape == (5, 8, 10)
    for b, length in enumerate(LENGTHS):
        one = x[b, :length]
        alone = layer(one, (h[:, b], h[:, b]) if cell == "LSTM" else h[:, b])
        torch.testing.assert_close(y[b, :length], alone[0])
        assert not y[b, length:].any()
        for state, expected in zip(states(found), states(alone), strict=True):
            torch.testing.assert_close(state[:, b], expected)


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_lengths_are_the_same_as_packing(cell: str, batch_first: bool) -> None:
    layer = getattr(nn, cell)(3, 5, batch_first=batch_first)
    x = torch.randn(5, 7, 3) if batch_first else torch.randn(7, 5, 3)
    outcomes = []
    for packs in (True, False):
        given = x.clone().requires_grad_()
        if packs:
            packed, last = layer(pack_padded_sequence(given, torch.tensor(LENGTHS), batch_first, enforce_sorted=False))
            y, _ = pad_packed_sequence(packed, batch_first)
        else:
            y, last = layer(given, lengths=LENGTHS)
        kept = [y, *(last if isinstance(last, tuple) else [last])]
        loss = sum((part * part).sum() for part in kept)
        outcomes.append([*kept, *torch.autograd.grad(loss, [given, *layer.parameters()])])
    for one, other in zip(*outcomes, strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize(
    ("lengths", "words"),
    [
        ([3, 4], r"^lengths must have shape \(3,\); got \(2,\)\.$"),
        (4, r"^lengths must have shape \(3,\); got \(\)\.$"),
        ([3, 0, 4], r"^lengths must be between 1 and the 7 steps of the input; got 0\.$"),
        ([3, 8, 4], r"^lengths must be between 1 and the 7 steps of the input; got 8\.$"),
        ([3.0, 2.0, 4.0], r"^lengths must be integers; got torch\.float32\.$"),
        ([True, True, True], r"^lengths must be integers; got torch\.bool\.$"),
    ],
    ids=str,
)
def test_lengths_that_do_not_fit(lengths: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        nn.GRU(3, 5)(torch.zeros(7, 3, 3), lengths=lengths)


def test_lengths_are_for_padded_batches() -> None:
    layer = nn.GRU(3, 5)
    packed = pack_padded_sequence(torch.zeros(7, 1, 3), torch.tensor([7]))
    with pytest.raises(ValueError, match=r"^lengths are for a padded batch; a PackedSequence has its own\.$"):
        layer(packed, lengths=[7])
    with pytest.raises(ValueError, match=r"^lengths are for a batch of sequences; got an input without a batch\.$"):
        layer(torch.zeros(7, 3), lengths=[7])


def test_no_sequences() -> None:
    y, h_n = nn.GRU(3, 5)(torch.zeros(7, 0, 3), lengths=[])
    assert y.shape == (7, 0, 5)
    assert h_n.shape == (1, 0, 5)
