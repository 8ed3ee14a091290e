import math

import numpy as np
import pytest

from gatelet.reference import LayerWeights, ligru


@pytest.mark.parametrize("x", [0.7, -3.0])  # a candidate above zero, and one that is cut off
def test_one_step_of_one_unit_worked_by_hand(x: float) -> None:
    column = np.array([[-0.2], [0.5]])  # rows z, n
    weights = LayerWeights(column, 2 * column, np.array([0.2, 0.3]), np.array([0.5, 0.6]))
    h = -0.3

    z = 1 / (1 + math.exp(-(-0.2 * x + 0.2 - 0.4 * h + 0.5)))
    n = max(0.0, 0.5 * x + 0.3 + 1.0 * h + 0.6)
    expected = z * h + (1 - z) * n

    y, h_n, trace = ligru.forward(np.full((1, 1, 1), x), np.full((1, 1), h), weights)
    for got, value in ((trace.z, z), (trace.n, n), (y, expected), (h_n, expected)):
        assert got.item() == pytest.approx(value, rel=1e-14)


def test_initial_state_of_the_wrong_shape_is_refused() -> None:
    weights = LayerWeights(np.zeros((8, 3)), np.zeros((8, 4)), np.zeros(8), np.zeros(8))
    with pytest.raises(ValueError, match=r"^h0 must have shape \(2, 4\); got \(1, 4\)\.$"):
        ligru.forward(np.zeros((5, 2, 3)), np.zeros((1, 4)), weights)
