"""Weights as the operators GRU, LSTM and RNN of ONNX have them.

Source: ONNX, Operator Schemas, GRU-14, LSTM-14 and RNN-14.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gatelet.reference.layer import LayerWeights

__all__ = ["exchanged", "from_onnx"]

ORDERS = {"GRU": (1, 0, 2), "LSTM": (0, 2, 3, 1), "RNN": (0,)}  # PyTorch's gates among ONNX's z r h, i o f c


def exchanged(operator: str, gates: NDArray[Any], *, back: bool = False) -> NDArray[Any]:
    """Gates along the first axis, (G*H, ...), from ONNX's order to PyTorch's, or `back` to ONNX's."""
    order = np.array(ORDERS[operator])
    parts = np.split(gates, len(order))
    return np.concatenate([parts[gate] for gate in (np.argsort(order) if back else order)])


def from_onnx(operator: str, w: ArrayLike, r: ArrayLike, b: ArrayLike | None = None) -> tuple[LayerWeights, ...]:
    """Bring the weights of one ONNX node into PyTorch's order of gates, one item per direction.

    Args:
        operator: "GRU", "LSTM" or "RNN".
        w: (D, G*H, I), of the input.
        r: (D, G*H, H), of the state.
        b: (D, 2*G*H), the input's biases and then the state's; zero by default.
    """
    w, r = np.asarray(w, np.float64), np.asarray(r, np.float64)
    directions, rows, _ = w.shape
    b = np.zeros((directions, 2 * rows)) if b is None else np.asarray(b, np.float64)
    return tuple(
        LayerWeights(*(exchanged(operator, part) for part in (w[d], r[d], *np.split(b[d], 2))))
        for d in range(directions)
    )
