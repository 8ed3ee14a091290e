"""The float cells of the C runtime beside the float64 reference."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, get_args

import numpy as np
import pytest

from gatelet import runtime
from gatelet.reference import LayerWeights, fastgrnn, gru, ligru, lstm, mgu, min_gru, min_lstm, rnn
from gatelet.reference.integer import IntegerCell
from gatelet.runtime import FloatKind, FloatLayer, _runtime
from gatelet.runtime.float_packing import GATES

FORWARD: dict[str, Callable[..., Any]] = {
    "gru": gru.forward,
    "gru_before": partial(gru.forward, reset_after=False),
    "lstm": lstm.forward,
    "fastgrnn": fastgrnn.forward,
    "rnn": rnn.forward,
    "ligru": ligru.forward,
    "mgu": mgu.forward,
    "min_gru": min_gru.forward,
    "min_lstm": min_lstm.forward,
}
TOLERANCE = 2e-6  # over 40 steps of float32


def weights(kind: str, inputs: int, units: int, rng: np.random.Generator) -> LayerWeights:
    """Weights as float32 holds them."""
    gates = GATES[kind]

    def draw(*shape: int) -> Any:
        return (rng.uniform(-1, 1, shape) / np.sqrt(units + inputs)).astype(np.float32).astype(np.float64)

    scan = kind.startswith("min_")
    return LayerWeights(
        weight_ih=draw(gates * units, inputs),
        weight_hh=np.zeros((0, units)) if scan else draw(gates * units, units),
        bias_ih=draw(max(gates, 2) * units if kind == "fastgrnn" else gates * units),
        bias_hh=np.zeros(gates * units) if scan else draw(gates * units),
        scales=np.array([0.7, -3.0]) if kind == "fastgrnn" else None,
    )


@pytest.mark.parametrize("kind", get_args(FloatKind))
@pytest.mark.parametrize(("inputs", "units"), [(1, 1), (3, 5), (17, 15), (8, 63), (65, 16)])
def test_a_cell_is_its_reference(kind: FloatKind, inputs: int, units: int) -> None:
    rng = np.random.default_rng(inputs + units)
    layer_weights = weights(kind, inputs, units, rng)
    layer = FloatLayer(kind, layer_weights)
    x = rng.normal(size=(40, inputs)).astype(np.float32)
    state = tuple(rng.normal(size=units).astype(np.float32) for _ in layer.initial_state())
    y, last = layer.run(x, state)
    wide = [part.astype(np.float64)[None] for part in state]
    expected, last_expected, _ = FORWARD[kind](
        x.astype(np.float64)[:, None], tuple(wide) if kind == "lstm" else wide[0], layer_weights
    )
    assert np.abs(y - expected[:, 0]).max() < TOLERANCE
    for part, part_expected in zip(last, last_expected if kind == "lstm" else [last_expected], strict=True):
        assert np.abs(part - part_expected[0]).max() < TOLERANCE


def cut_blocks(matrix: Any, gates: int, density: float, rng: np.random.Generator) -> Any:
    """Zeros in blocks of one unit's gates and four columns."""
    rows, columns = matrix.shape
    there = rng.random((rows // gates, -(-columns // 4))) < density
    return matrix * np.tile(np.repeat(there, 4, axis=1)[:, :columns], (gates, 1))


@pytest.mark.parametrize("kind", ["gru", "lstm"])
@pytest.mark.parametrize("density", [0.0, 0.1, 1.0])
def test_blocks_of_zeros_may_be_left_out(kind: Any, density: float) -> None:
    rng, gates = np.random.default_rng(4), GATES[kind]
    layer = weights(kind, 10, 17, rng)
    ih, hh = (cut_blocks(matrix, gates, density, rng) for matrix in (layer.weight_ih, layer.weight_hh))
    layer = LayerWeights(ih, hh, layer.bias_ih, layer.bias_hh)
    x = rng.normal(size=(30, 10)).astype(np.float32)
    whole, sparse = FloatLayer(kind, layer), FloatLayer(kind, layer, sparse=True)
    np.testing.assert_array_equal(sparse.run(x, whole.initial_state())[0], whole.run(x, whole.initial_state())[0])
    if density < 1:
        assert sparse.weights.size < 0.4 * whole.weights.size

    q_ih, q_hh = (np.rint(matrix * 200).astype(np.int8) for matrix in (ih, hh))
    multipliers = np.full(17 * gates, 900, np.int16)
    cell = IntegerCell(q_ih, q_hh, multipliers, multipliers, np.zeros(68, np.int32), 13, 2 if kind == "lstm" else 0)
    drawn = rng.integers(-(2**15), 2**15, (30, 10)).astype(np.int16)
    exact, short = runtime.RecurrentLayer(kind, cell), runtime.RecurrentLayer(kind, cell, sparse=True)
    for one, other in zip(
        exact.run(drawn, exact.initial_state()), short.run(drawn, exact.initial_state()), strict=True
    ):
        np.testing.assert_array_equal(np.array(other), np.array(one))


def test_only_a_gru_or_an_lstm_may_be_sparse_or_of_low_rank() -> None:
    layer, right = weights("rnn", 3, 4, np.random.default_rng(0)), np.zeros((2, 4), np.float32)
    for options in ({"sparse": True}, {"right": right}):
        with pytest.raises(ValueError, match="must be of kind gru or lstm; got rnn"):
            FloatLayer("rnn", layer, **options)


@pytest.mark.parametrize("kind", ["gru", "lstm"])
@pytest.mark.parametrize(("inputs", "units", "rank"), [(3, 5, 1), (10, 17, 4), (8, 63, 15), (65, 16, 5)])
def test_recurrent_weights_may_be_two_factors(kind: Any, inputs: int, units: int, rank: int) -> None:
    rng = np.random.default_rng(rank)
    plain = weights(kind, inputs, units, rng)
    left, right = plain.weight_hh[:, :rank], rng.uniform(-1, 1, (rank, units)).astype(np.float32)
    product = left @ right.astype(np.float64)
    layer = FloatLayer(kind, replace(plain, weight_hh=left), right=right)
    whole = FloatLayer(kind, replace(plain, weight_hh=product))
    x = rng.normal(size=(40, inputs)).astype(np.float32)
    np.testing.assert_allclose(
        layer.run(x, layer.initial_state())[0], whole.run(x, layer.initial_state())[0], atol=TOLERANCE
    )
    assert layer.nbytes < whole.nbytes
    with pytest.raises(ValueError, match="low rank must have all its blocks"):
        FloatLayer(kind, plain, sparse=True, right=right)


def mapped(function: Callable[[int, int], None], x: Any) -> Any:
    y = x.astype(np.float32)
    function(y.ctypes.data, len(y))
    return y.astype(np.float64)


def test_gates_and_layers_around() -> None:
    x = np.concatenate([np.linspace(-100, 100, 20001), np.linspace(-1, 1, 20001)]).astype(np.float32).astype(np.float64)
    tanh, sigmoid = mapped(_runtime.float_tanh, x), mapped(_runtime.float_sigmoid, x)
    assert np.abs(tanh - np.tanh(x)).max() < 2**-22
    assert np.abs(sigmoid - 1 / (1 + np.exp(-np.clip(x, -87, 88)))).max() < 2**-22
    near = np.abs(x) < 0.6
    assert (np.abs(tanh - np.tanh(x))[near] <= 2**-22 * np.abs(x)[near]).all()  # relative where it is small
    values = np.random.default_rng(0).normal(size=33) * 20
    share = np.exp(values.astype(np.float32).astype(np.float64))
    assert np.abs(mapped(_runtime.float_softmax, values) - share / share.sum()).max() < 2**-21

    gains, biases, row = (np.random.default_rng(1).normal(size=(3, 15)) * 3).astype(np.float32)
    centered = row.astype(np.float64) - row.mean(dtype=np.float64)
    expected = centered / np.sqrt((centered**2).mean() + 1e-5) * gains + biases
    _runtime.float_layer_norm(gains.ctypes.data, biases.ctypes.data, 1e-5, 15, row.ctypes.data)
    assert np.abs(row - expected).max() < 1e-5
