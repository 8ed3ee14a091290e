import math

import numpy as np
import pytest

from gatelet.reference import LayerWeights, mgu


def random_weights(input_size: int, hidden_size: int) -> LayerWeights:
    draw = np.random.default_rng(0).normal
    gates = 2 * hidden_size
    return LayerWeights(
        draw(size=(gates, input_size)), draw(size=(gates, hidden_size)), draw(size=gates), draw(size=gates)
    )


def test_one_step_of_one_unit_worked_by_hand() -> None:
    column = np.array([[0.3], [0.5]])  # rows f, n
    weights = LayerWeights(column, 2 * column, np.array([0.1, 0.3]), np.array([0.4, 0.6]))
    x, h = 0.7, -0.9

    f = 1 / (1 + math.exp(-(0.3 * x + 0.1 + 0.6 * h + 0.4)))
    n = math.tanh(0.5 * x + 0.3 + 1.0 * (f * h) + 0.6)
    expected = (1 - f) * h + f * n

    y, h_n, trace = mgu.forward(np.full((1, 1, 1), x), np.full((1, 1), h), weights)
    for got, value in ((trace.f, f), (trace.n, n), (y, expected), (h_n, expected)):
        assert got.item() == pytest.approx(value, rel=1e-14)


@pytest.mark.parametrize(("bias", "kept"), [(-1e3, True), (1e3, False)])
def test_the_gate_keeps_the_state_or_takes_the_candidate(bias: float, kept: bool) -> None:
    weights = random_weights(3, 4)
    weights.bias_ih[:4] = bias  # f = 0 or 1
    rng = np.random.default_rng(1)
    h0 = rng.normal(size=(2, 4))
    y, _, trace = mgu.forward(rng.normal(size=(5, 2, 3)), h0, weights)
    np.testing.assert_array_equal(y, np.broadcast_to(h0, y.shape) if kept else trace.n)


def test_initial_state_of_the_wrong_shape_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^h0 must have shape \(2, 4\); got \(1, 4\)\.$"):
        mgu.forward(np.zeros((5, 2, 3)), np.zeros((1, 4)), random_weights(3, 4))
