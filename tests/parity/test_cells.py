"""The torch layers against the NumPy equations: outputs, last states and every gradient."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from gatelet import nn
from gatelet.reference import Extras, fastgrnn, from_names, gru, ligru, lstm, mgu, min_gru, min_lstm, rnn, stacked

# largest error, as a share of the largest expected value (or of 1, if that is larger)
TOLERANCE = {torch.float64: 1e-11, torch.float32: 2e-5}

SIZES = st.sampled_from([1, 2, 15, 17, 63, 65])


@dataclass(frozen=True)
class Case:
    steps: int
    batch: int
    input_size: int
    hidden_size: int
    num_layers: int
    bidirectional: bool
    bias: bool
    batch_first: bool
    lengths: list[int] | None
    packs: bool  # or gives the lengths to the layer
    resets: bool
    layer_norm: bool
    zoneout: float  # as in evaluation; what training draws is compared in tests/parity/test_extras.py
    dtype: torch.dtype
    seed: int


@st.composite
def cases(draw: st.DrawFn, extras: bool = True) -> Case:
    steps, batch = draw(st.integers(1, 6)), draw(st.sampled_from([1, 2, 3, 15]))
    lengths = st.lists(st.integers(1, steps), min_size=batch, max_size=batch)
    return Case(
        steps=steps,
        batch=batch,
        input_size=draw(SIZES),
        hidden_size=draw(SIZES),
        num_layers=draw(st.integers(1, 3)),
        bidirectional=draw(st.booleans()),
        bias=draw(st.booleans()),
        batch_first=draw(st.booleans()),
        lengths=draw(st.none() | lengths),
        packs=draw(st.booleans()),
        resets=extras and draw(st.booleans()),
        layer_norm=extras and draw(st.booleans()),
        zoneout=draw(st.sampled_from([0.0, 0.1])) if extras else 0.0,
        dtype=draw(st.sampled_from([torch.float32, torch.float64])),
        seed=draw(st.integers(0, 2**16)),
    )


def arrays(*tensors: Tensor) -> Any:
    """NumPy float64; one array for one tensor, a tuple for two, as the states of the reference are."""
    converted = tuple(tensor.detach().double().numpy() for tensor in tensors)
    return converted[0] if len(converted) == 1 else converted


def assert_close(actual: Tensor | None, expected: Any, case: Case) -> None:
    assert actual is not None
    assert actual.dtype == case.dtype
    assert actual.shape == expected.shape
    error = np.abs(arrays(actual) - expected).max()
    # LayerNorm divides by the deviation of as few as two values, which may be 1 / 316
    tolerance = TOLERANCE[case.dtype] * (316 if case.layer_norm else 1)
    assert error <= tolerance * max(1.0, np.abs(expected).max())


def run(
    layer: Any, x: Tensor, states: list[Tensor], resets: Tensor | None, case: Case
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """Run a layer on x (T, B, I), through its own layout, and perhaps packed; y is (T, B, D*H)."""
    hx = states[0] if len(states) == 1 else tuple(states)
    given: list[Any] = [None if part is None else part.transpose(0, 1) if case.batch_first else part
                        for part in (x, resets)]  # fmt: skip
    packs = case.packs and case.lengths is not None
    if packs:
        lengths = torch.tensor(case.lengths)
        given = [
            None if part is None else pack_padded_sequence(part, lengths, case.batch_first, enforce_sorted=False)
            for part in given
        ]
    options = {} if packs else {"lengths": case.lengths}
    if resets is not None:
        options["resets"] = given[1].data if packs else given[1]
    y, last = layer(given[0], hx, **options)
    if packs:
        y, _ = pad_packed_sequence(y, case.batch_first, total_length=case.steps)
    return (y.transpose(0, 1) if case.batch_first else y), (last if isinstance(last, tuple) else (last,))


def check(layer: Any, reference: Any, case: Case, **options: bool) -> None:
    """Compare outputs, last states and the gradients of all that went in."""
    x = torch.randn(case.steps, case.batch, case.input_size, dtype=case.dtype)
    for b, length in enumerate(case.lengths or []):
        x[length:, b] = torch.nan  # what lies beyond the end must not be read
    directions = 2 if case.bidirectional else 1
    states = [torch.randn(case.num_layers * directions, case.batch, n, dtype=case.dtype) for n in layer._state_sizes]
    for tensor in (x, *states):
        tensor.requires_grad_()
    resets = torch.rand(case.steps, case.batch) < 0.3 if case.resets else None
    y, last = run(layer.eval(), x, states, resets, case)
    dy, dlast = torch.randn_like(y), [torch.randn_like(state) for state in last]
    torch.autograd.backward([y, *last], [dy, *dlast])

    weights = from_names({name: arrays(weight) for name, weight in layer.named_parameters()})
    cell = partial(reference.forward, **options)
    expected_y, expected_last, trace = stacked.forward(
        cell,
        arrays(x),
        arrays(*states),
        weights,
        bidirectional=case.bidirectional,
        lengths=case.lengths,
        extras=extras_of(case, resets, len(weights)),
    )
    expected = stacked.backward(
        reference.backward, arrays(dy), arrays(*dlast), weights, trace, bidirectional=case.bidirectional
    )
    several = isinstance(expected_last, tuple)
    assert_close(y, expected_y, case)
    assert_close(x.grad, expected.x, case)
    for state, state_0, last_values, grad_0 in zip(
        last,
        states,
        expected_last if several else (expected_last,),
        expected.h0 if several else (expected.h0,),
        strict=True,
    ):
        assert_close(state, last_values, case)
        assert_close(state_0.grad, grad_0, case)
    for names, gradients in zip(layer._all_weights, expected.layers, strict=True):
        for name in names:
            assert_close(getattr(layer, name).grad, getattr(gradients, name.rpartition("_l")[0]), case)


def extras_of(case: Case, resets: Tensor | None, count: int) -> list[Extras] | None:
    if resets is None and case.zoneout == 0.0:
        return None
    keep = np.full((case.steps, case.batch, case.hidden_size), case.zoneout)
    return [Extras(None if resets is None else arrays(resets), None, keep, keep)] * count


def build(layer_type: Any, case: Case, **options: Any) -> Any:
    torch.manual_seed(case.seed)
    return layer_type(
        case.input_size,
        case.hidden_size,
        case.num_layers,
        bias=case.bias,
        batch_first=case.batch_first,
        bidirectional=case.bidirectional,
        dtype=case.dtype,
        **options,
    )


@settings(max_examples=200)
@given(case=cases(), reset_after=st.booleans())
def test_gru(case: Case, reset_after: bool) -> None:
    layer = build(nn.GRU, case, reset_after=reset_after, layer_norm=case.layer_norm, zoneout=case.zoneout)
    check(layer, gru, case, reset_after=reset_after)


@settings(max_examples=120)
@given(case=cases())
def test_lstm(case: Case) -> None:
    check(build(nn.LSTM, case, layer_norm=case.layer_norm, zoneout=case.zoneout), lstm, case)


# torch says so when it projects on a CPU
@pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")
@settings(max_examples=60)
@given(case=cases(extras=False), data=st.data())
def test_lstm_that_projects(case: Case, data: st.DataObject) -> None:
    proj_size = data.draw(st.integers(0, case.hidden_size - 1))
    check(build(nn.LSTM, case, proj_size=proj_size), lstm, case)


@settings(max_examples=80)
@given(case=cases(extras=False))
def test_rnn(case: Case) -> None:
    check(build(nn.RNN, case), rnn, case)


@settings(max_examples=80)
@given(case=cases(extras=False))
def test_min_gru(case: Case) -> None:
    check(build(nn.MinGRU, case), min_gru, case)


@settings(max_examples=80)
@given(case=cases(extras=False))
def test_mgu(case: Case) -> None:
    check(build(nn.MGU, case), mgu, case)


@settings(max_examples=80)
@given(case=cases(extras=False))
def test_min_lstm(case: Case) -> None:
    check(build(nn.MinLSTM, case), min_lstm, case)


@settings(max_examples=80)
@given(case=cases(extras=False))
def test_ligru(case: Case) -> None:
    check(build(nn.LiGRU, case), ligru, case)


@settings(max_examples=80)
@given(case=cases(extras=False))
def test_fastgrnn(case: Case) -> None:
    check(build(nn.FastGRNN, case), fastgrnn, case)
