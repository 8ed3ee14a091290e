"""Weights as the layers GRU, LSTM and SimpleRNN of Keras have them.

Source: Keras 3, `keras.layers.GRU`, `LSTM` and `SimpleRNN`: kernels are (I, G*H), gates z, r, h and i, f, c, o.
"""

import numpy as np
from numpy.typing import ArrayLike

from gatelet.reference.layer import Array, LayerWeights

__all__ = ["from_keras"]

ORDERS = {"GRU": (1, 0, 2), "LSTM": (0, 1, 2, 3), "SimpleRNN": (0,)}  # PyTorch's gates among Keras's


def from_keras(layer: str, kernel: ArrayLike, recurrent: ArrayLike, bias: ArrayLike | None = None) -> LayerWeights:
    """Bring the weights of one layer into PyTorch's shapes and order of gates.

    Args:
        layer: "GRU", "LSTM" or "SimpleRNN".
        kernel: (I, G*H), of the input.
        recurrent: (H, G*H), of the state.
        bias: (G*H,) of the input; (2, 3H), of the input and of the state, of a GRU with `reset_after`; zero by default.

    Raises:
        ValueError: shapes do not fit.
    """
    order = ORDERS[layer]
    kernel, recurrent = np.asarray(kernel, np.float64), np.asarray(recurrent, np.float64)
    if kernel.ndim != 2 or recurrent.ndim != 2 or recurrent.shape[1] != len(order) * len(recurrent):
        raise ValueError(
            f"The kernels of {layer} must be (I, G*H) and (H, G*H); got {kernel.shape}, {recurrent.shape}."
        )
    width = recurrent.shape[1]
    both = np.zeros((2, width)) if bias is None else np.asarray(bias, np.float64)
    if both.ndim == 1:
        both = np.stack([both, np.zeros(both.shape)])
    if kernel.shape[1] != width or both.shape != (2, width):
        raise ValueError(f"The bias of {layer} must have {width} numbers for each product; got {both.shape}.")

    def ordered(gates: Array) -> Array:  # (G*H, ...)
        parts = np.split(gates, len(order))
        return np.concatenate([parts[gate] for gate in order])

    return LayerWeights(ordered(kernel.T), ordered(recurrent.T), ordered(both[0]), ordered(both[1]))
