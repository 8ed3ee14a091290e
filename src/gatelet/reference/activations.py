"""The squashing functions of gated cells."""

import numpy as np

from gatelet.reference.layer import Array

__all__ = ["sigmoid"]


def sigmoid(a: Array) -> Array:
    """Logistic function, `1 / (1 + exp(-a)) = (1 + tanh(a / 2)) / 2`.

    The right-hand form is used because it cannot overflow.
    """
    return 0.5 * (1.0 + np.tanh(0.5 * a))
