import math
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import ArrayLike

from gatelet.reference import LayerWeights, fastgrnn, from_names

WEIGHTS = LayerWeights(
    np.array([[0.3]]), np.array([[0.6]]), np.array([0.2, -0.4]), np.zeros(1), scales=np.array([1.0, -4.0])
)


def test_one_step_of_one_unit_worked_by_hand() -> None:
    x, h = 0.7, -0.9

    def sigmoid(a: float) -> float:
        return 1 / (1 + math.exp(-a))

    a = 0.3 * x + 0.6 * h
    z, n = sigmoid(a + 0.2), math.tanh(a - 0.4)
    expected = (sigmoid(1.0) * (1 - z) + sigmoid(-4.0)) * n + z * h

    y, h_n, trace = fastgrnn.forward(np.full((1, 1, 1), x), np.full((1, 1), h), WEIGHTS)
    for got, value in ((trace.z, z), (trace.n, n), (y, expected), (h_n, expected)):
        assert got.item() == pytest.approx(value, rel=1e-14)


def test_absent_biases_are_zero() -> None:
    named: dict[str, ArrayLike] = {"weight_ih_l0": [[0.3]], "weight_hh_l0": [[0.6]], "scales_l0": [1.0, -4.0]}
    (weights,) = from_names(named)
    np.testing.assert_array_equal(weights.bias_ih, np.zeros(2))
    x, h0 = np.ones((2, 1, 1)), np.ones((1, 1))
    expected, _, _ = fastgrnn.forward(x, h0, replace(WEIGHTS, bias_ih=np.zeros(2)))
    np.testing.assert_array_equal(fastgrnn.forward(x, h0, weights)[0], expected)


def test_scales_are_asked_for() -> None:
    x, h0 = np.ones((2, 1, 1)), np.ones((1, 1))
    with pytest.raises(ValueError, match=r"must have scales of shape \(2,\), zeta and nu; got none\.$"):
        fastgrnn.forward(x, h0, replace(WEIGHTS, scales=None))
    with pytest.raises(ValueError, match=r"^scales must have shape \(2,\); got \(1,\)\.$"):
        fastgrnn.forward(x, h0, replace(WEIGHTS, scales=np.ones(1)))
