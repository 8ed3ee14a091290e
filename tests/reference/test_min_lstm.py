import math

import numpy as np
import pytest

from gatelet.reference import Extras, LayerWeights, min_lstm

NONE = (np.zeros((0, 0)), np.zeros(0))


@pytest.mark.parametrize("x", [0.7, -1.9])  # the candidate on either side of zero
def test_one_step_of_one_unit_worked_by_hand(x: float) -> None:
    weights = LayerWeights(np.array([[-0.2], [0.4], [0.5]]), NONE[0], np.array([0.2, 0.1, 0.3]), NONE[1])
    f, i = 1 / (1 + math.exp(-(-0.2 * x + 0.2))), 1 / (1 + math.exp(-(0.4 * x + 0.1)))
    a = 0.5 * x + 0.3
    n = a + 0.5 if a >= 0 else 1 / (1 + math.exp(-a))
    y, h_n, _ = min_lstm.forward(np.full((1, 1, 1), x), np.full((1, 1), -0.9), weights)
    assert y.item() == h_n.item() == pytest.approx((f * -0.9 + i * n) / (f + i), rel=1e-14)


def test_a_reset_starts_again_from_zero() -> None:
    rng = np.random.default_rng(0)
    weights = LayerWeights(rng.normal(size=(12, 3)), NONE[0], rng.normal(size=12), NONE[1])
    x, h0 = rng.normal(size=(5, 2, 3)), rng.normal(size=(2, 4))
    resets = np.zeros((5, 2), bool)
    resets[3, 0] = True
    y, _, trace = min_lstm.forward(x, h0, weights, extras=Extras(resets))
    whole, _, _ = min_lstm.forward(x, h0, weights)
    again, _, _ = min_lstm.forward(x[3:], np.zeros((2, 4)), weights)
    np.testing.assert_array_equal(y[:, 1], whole[:, 1])
    np.testing.assert_array_equal(y[3:, 0], again[:, 0])
    dy = np.zeros((5, 2, 4))
    dy[3:, 0] = 1.0
    gradients = min_lstm.backward(dy, np.zeros((2, 4)), weights, trace)
    np.testing.assert_array_equal(gradients.x[:3], 0)
    np.testing.assert_array_equal(gradients.h0, 0)


def test_initial_state_of_the_wrong_shape_is_refused() -> None:
    weights = LayerWeights(np.zeros((12, 3)), NONE[0], np.zeros(12), NONE[1])
    with pytest.raises(ValueError, match=r"^h0 must have shape \(2, 4\); got \(1, 4\)\.$"):
        min_lstm.forward(np.zeros((5, 2, 3)), np.zeros((1, 4)), weights)
