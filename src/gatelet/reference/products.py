"""The products of a cell, plain or normalised, and what they hand back.

LayerNorm acts on each product of each gate on its own: mean and variance run over the H values of one gate, the gain is
applied, and the biases stay outside. Source: Ba, Kiros, Hinton: Layer Normalization, 2016 (arXiv:1607.06450), section
"Layer normalized recurrent neural networks"; there the statistics run over all gates together, per gate is the way of
TensorFlow's `LayerNormBasicLSTMCell`.
"""

import numpy as np

from gatelet.reference.layer import Array

__all__ = ["EPSILON", "backward", "product"]

EPSILON = 1e-5


def product(v: Array, weight: Array, gain: Array | None) -> Array:
    """Give `W v`, or `LN(W v) * gain` where there is a gain; LN(u) = (u - mean) / sqrt(variance + 1e-5).

    Args:
        v: (..., K).
        weight: (H, K), of one gate.
        gain: (H,) or None.

    Returns:
        (..., H).
    """
    u = v @ weight.T
    return u if gain is None else _normalised(u)[0] * gain


def backward(da: Array, v: Array, weight: Array, gain: Array | None) -> tuple[Array, Array, Array]:
    """Give the gradients for v, the weight and the gain; without a gain the last one is zero.

    With `n = LN(u)` and `dn = da * gain`:

        du = (dn - mean(dn) - n * mean(dn * n)) / sqrt(variance + 1e-5)

    Args:
        da: (..., H), for the result of `product`.
        v: (..., K).
        weight: (H, K).
        gain: (H,) or None.
    """
    axes = tuple(range(da.ndim - 1))
    du, dgain = da, np.zeros(len(weight))
    if gain is not None:
        n, scale = _normalised(v @ weight.T)
        dn = da * gain
        du = scale * (dn - dn.mean(-1, keepdims=True) - n * (dn * n).mean(-1, keepdims=True))
        dgain = (da * n).sum(axes)
    return du @ weight, np.tensordot(du, v, (axes, axes)), dgain


def _normalised(u: Array) -> tuple[Array, Array]:
    """LN(u), and what it was multiplied with."""
    scale = 1 / np.sqrt(u.var(-1, keepdims=True) + EPSILON)
    return (u - u.mean(-1, keepdims=True)) * scale, scale
