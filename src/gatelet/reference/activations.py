"""The squashing functions of gated cells."""

import numpy as np

from gatelet.reference.layer import Array

__all__ = ["positive", "positive_slope", "sigmoid"]


def sigmoid(a: Array) -> Array:
    """Logistic function, `1 / (1 + exp(-a)) = (1 + tanh(a / 2)) / 2`.

    The right-hand form is used because it cannot overflow.
    """
    return 0.5 * (1.0 + np.tanh(0.5 * a))


def positive(a: Array) -> Array:
    """The `g` of Feng et al. 2024 (arXiv:2410.01201): `a + 1/2` where `a >= 0`, else `s(a)`; never below zero."""
    return np.where(a >= 0, a + 0.5, sigmoid(a))


def positive_slope(a: Array) -> Array:
    """The derivative of `positive`: 1 where `a >= 0`, else `s(a) (1 - s(a))`."""
    return np.where(a >= 0, 1.0, sigmoid(a) * (1.0 - sigmoid(a)))
