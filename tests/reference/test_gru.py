import math
from typing import Any

import numpy as np
import pytest

from gatelet.reference import LayerWeights, gru


def random_weights(input_size: int, hidden_size: int, seed: int = 0) -> LayerWeights:
    draw = np.random.default_rng(seed).normal
    gates = 3 * hidden_size
    return LayerWeights(
        draw(size=(gates, input_size)), draw(size=(gates, hidden_size)), draw(size=gates), draw(size=gates)
    )


@pytest.mark.parametrize("reset_after", [True, False])
def test_one_step_of_one_unit_worked_by_hand(reset_after: bool) -> None:
    column = np.array([[0.3], [-0.2], [0.5]])  # rows r, z, n
    weights = LayerWeights(column, 2 * column, np.array([0.1, 0.2, 0.3]), np.array([0.4, 0.5, 0.6]))
    x, h = 0.7, -0.9

    r = 1 / (1 + math.exp(-(0.3 * x + 0.1 + 0.6 * h + 0.4)))
    z = 1 / (1 + math.exp(-(-0.2 * x + 0.2 - 0.4 * h + 0.5)))
    recurrent = r * (1.0 * h + 0.6) if reset_after else 1.0 * (r * h) + 0.6
    n = math.tanh(0.5 * x + 0.3 + recurrent)
    expected = (1 - z) * n + z * h

    y, h_n, trace = gru.forward(np.full((1, 1, 1), x), np.full((1, 1), h), weights, reset_after=reset_after)
    for got, value in ((trace.r, r), (trace.z, z), (trace.n, n), (y, expected), (h_n, expected)):
        assert got.item() == pytest.approx(value, rel=1e-14)


def test_both_resets_agree_when_nothing_is_reset() -> None:
    weights = random_weights(3, 4)
    weights.bias_ih[:4] = 1e3  # r = 1
    rng = np.random.default_rng(1)
    x, h0 = rng.normal(size=(5, 2, 3)), rng.normal(size=(2, 4))
    after, _, _ = gru.forward(x, h0, weights, reset_after=True)
    before, _, _ = gru.forward(x, h0, weights, reset_after=False)
    np.testing.assert_allclose(after, before, rtol=0, atol=1e-14)


def test_both_resets_differ_otherwise() -> None:
    rng = np.random.default_rng(1)
    x, h0 = rng.normal(size=(5, 2, 3)), rng.normal(size=(2, 4))
    after, _, _ = gru.forward(x, h0, random_weights(3, 4), reset_after=True)
    before, _, _ = gru.forward(x, h0, random_weights(3, 4), reset_after=False)
    assert np.abs(after - before).max() > 0.01


@pytest.mark.parametrize(("bias", "kept"), [(1e3, True), (-1e3, False)])
def test_update_gate_of_one_keeps_the_state(bias: float, kept: bool) -> None:
    weights = random_weights(3, 4)
    weights.bias_ih[4:8] = bias  # z = 1 or 0
    rng = np.random.default_rng(1)
    h0 = rng.normal(size=(2, 4))
    y, _, trace = gru.forward(rng.normal(size=(5, 2, 3)), h0, weights)
    expected: Any = np.broadcast_to(h0, y.shape) if kept else trace.n
    np.testing.assert_array_equal(y, expected)


def test_initial_state_of_the_wrong_shape_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^h0 must have shape \(2, 4\); got \(1, 4\)\.$"):
        gru.forward(np.zeros((5, 2, 3)), np.zeros((1, 4)), random_weights(3, 4))
