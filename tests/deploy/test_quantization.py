"""Floats as integers: how close they are, that they stay so, and what is refused."""

from collections.abc import Callable
from dataclasses import replace
from typing import get_args

import numpy as np
import pytest

from gatelet.deploy.quantization import (
    Ranges,
    calibrate,
    drift,
    quantize_cell,
    quantize_dense,
    quantize_stack,
    quantize_table,
)
from gatelet.reference import LayerWeights, integer
from gatelet.runtime import DenseLayer, Kind, embed

Layers = tuple[LayerWeights, ...]
KINDS = get_args(Kind)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("inputs", "units", "layers"), [(1, 1, 1), (16, 32, 1), (7, 15, 2), (40, 17, 3)])
def test_an_integer_stack_is_close_to_the_floats(
    kind: Kind, inputs: int, units: int, layers: int, draw_layers: Callable[..., Layers]
) -> None:
    weights = draw_layers(kind, inputs, units, layers)
    x = np.random.default_rng(3).normal(size=(300, 1, inputs))
    stack = quantize_stack(kind, weights, calibrate(kind, weights, x))
    found = drift(weights, stack, x[:, 0])
    assert found.largest.max() < 0.012  # of states within -1 ... 1, from 8-bit weights


@pytest.mark.parametrize("kind", KINDS)
def test_no_drift_over_ten_thousand_steps(kind: Kind, draw_layers: Callable[..., Layers]) -> None:
    weights = draw_layers(kind, 3, 16, 2, scale=2.0)
    rng = np.random.default_rng(5)
    x = np.cumsum(rng.normal(size=(10_000, 3)), axis=0) * 0.02 + rng.normal(size=(10_000, 3))  # wanders
    stack = quantize_stack(kind, weights, calibrate(kind, weights, x[:, None]))
    found = drift(weights, stack, x)
    assert not found.grows
    assert np.abs(found.mean).max() < 2e-3


def test_calibration_sees_what_only_long_sequences_show(draw_layers: Callable[..., Layers]) -> None:
    (layer,) = draw_layers("lstm", 2, 5, 1)
    bias = layer.bias_ih.copy()
    bias[5:10] += 8.0  # forget gates all but open: c sums its inputs up
    layers = (LayerWeights(layer.weight_ih, layer.weight_hh, bias, layer.bias_hh),)
    x = np.ones((1000, 1, 2))
    short, long = calibrate("lstm", layers, x[:10]), calibrate("lstm", layers, x)
    assert long.states[0] > 3 * short.states[0]
    assert long.exponent("lstm", 0) > short.exponent("lstm", 0)
    stack = quantize_stack("lstm", layers, long)
    assert drift(layers, stack, x[:, 0]).largest[-1] < 0.002  # nothing was clamped


def test_multipliers_cost_no_precision(draw_layers: Callable[..., Layers]) -> None:
    (layer,) = draw_layers("gru", 16, 32, 1)
    cell = quantize_cell("gru", layer, 2.0**-13)
    back = cell.weight_hh * (cell.multiplier_hh[:, None] / 2.0 ** (20 + cell.shift) / 2.0**-15)
    step = np.abs(layer.weight_hh).max(axis=1) / 127
    assert (np.abs(back - layer.weight_hh).max(axis=1) < 0.503 * step).all()


def test_a_dense_layer_and_a_table(draw_layers: Callable[..., Layers]) -> None:
    rng = np.random.default_rng(0)
    weight, bias, x = rng.normal(size=(5, 33)), rng.normal(size=5), rng.integers(-(2**15), 2**15, (9, 33))
    x_unit, y_unit = 2.0**-15, 2.0**-10
    y = DenseLayer(quantize_dense(weight, bias, x_unit, y_unit)).run(x.astype(np.int16))
    assert np.abs(y * y_unit - (x * x_unit @ weight.T + bias)).max() < 0.06
    vectors = rng.normal(size=(11, 7)) * np.geomspace(0.01, 10, 11)[:, None]
    table = quantize_table(vectors)
    for row in range(11):
        found = embed(row, table.table, table.multiplier, table.shift) * table.unit
        assert np.abs(found - vectors[row]).max() < np.abs(vectors[row]).max() / 200 + table.unit


def test_what_integers_cannot_hold_is_refused(draw_layers: Callable[..., Layers]) -> None:
    (layer,) = draw_layers("gru", 4, 8, 1)
    with pytest.raises(ValueError, match=r"must stay below 65536; got up to"):
        quantize_cell("gru", replace(layer, weight_ih=layer.weight_ih * 1e6), 1.0)
    with pytest.raises(ValueError, match="must have neither LayerNorm nor a projection"):
        quantize_cell("gru", replace(layer, layer_norm_ih=np.ones(24)), 1.0)
    assert Ranges(0.0, (0.0,)).exponent("lstm", 0) == 0
    assert isinstance(quantize_cell("gru", layer, 1e-9), integer.IntegerCell)
