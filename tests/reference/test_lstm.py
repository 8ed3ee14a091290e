import math

import numpy as np
import pytest

from gatelet.reference import LayerWeights, lstm


@pytest.mark.parametrize("projection", [None, 0.25])
def test_one_step_of_one_unit_worked_by_hand(projection: float | None) -> None:
    column = np.array([[0.3], [-0.2], [0.5], [0.8]])  # rows i, f, g, o
    weights = LayerWeights(
        column,
        2 * column,
        np.array([0.1, 0.2, 0.3, 0.4]),
        np.array([0.5, 0.6, 0.7, 0.8]),
        None if projection is None else np.array([[projection]]),
    )
    x, h, c = 0.7, -0.9, 0.4

    def logistic(a: float) -> float:
        return 1 / (1 + math.exp(-a))

    i = logistic(0.3 * x + 0.1 + 0.6 * h + 0.5)
    f = logistic(-0.2 * x + 0.2 - 0.4 * h + 0.6)
    g = math.tanh(0.5 * x + 0.3 + 1.0 * h + 0.7)
    o = logistic(0.8 * x + 0.4 + 1.6 * h + 0.8)
    c_n = f * c + i * g
    h_n = o * math.tanh(c_n) * (1.0 if projection is None else projection)

    y, last, trace = lstm.forward(np.full((1, 1, 1), x), (np.full((1, 1), h), np.full((1, 1), c)), weights)
    for got, value in (
        (trace.i, i),
        (trace.f, f),
        (trace.g, g),
        (trace.o, o),
        (y, h_n),
        (last[0], h_n),
        (last[1], c_n),
    ):
        assert got.item() == pytest.approx(value, rel=1e-14)


@pytest.mark.parametrize(("h_shape", "c_shape", "name"), [((1, 4), (2, 4), "h0"), ((2, 4), (2, 3), "c0")])
def test_initial_state_of_the_wrong_shape_is_refused(
    h_shape: tuple[int, ...], c_shape: tuple[int, ...], name: str
) -> None:
    weights = LayerWeights(np.zeros((16, 3)), np.zeros((16, 4)), np.zeros(16), np.zeros(16))
    with pytest.raises(ValueError, match=rf"^{name} must have shape \(2, 4\); got "):
        lstm.forward(np.zeros((5, 2, 3)), (np.zeros(h_shape), np.zeros(c_shape)), weights)
