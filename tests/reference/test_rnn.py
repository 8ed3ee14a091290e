import math

import numpy as np
import pytest

from gatelet.reference import LayerWeights, rnn


def test_two_steps_of_one_unit_worked_by_hand() -> None:
    weights = LayerWeights(np.array([[0.3]]), np.array([[-0.6]]), np.array([0.1]), np.array([0.2]))
    first = math.tanh(0.3 * 0.7 + 0.1 - 0.6 * -0.9 + 0.2)
    second = math.tanh(0.3 * 0.5 + 0.1 - 0.6 * first + 0.2)
    y, h_n, _ = rnn.forward(np.array([0.7, 0.5]).reshape(2, 1, 1), np.full((1, 1), -0.9), weights)
    assert y.ravel().tolist() == pytest.approx([first, second], rel=1e-14)
    assert h_n.item() == y[-1].item()


def test_initial_state_of_the_wrong_shape_is_refused() -> None:
    weights = LayerWeights(np.zeros((4, 3)), np.zeros((4, 4)), np.zeros(4), np.zeros(4))
    with pytest.raises(ValueError, match=r"^h0 must have shape \(2, 4\); got \(2, 3\)\.$"):
        rnn.forward(np.zeros((5, 2, 3)), np.zeros((2, 3)), weights)
