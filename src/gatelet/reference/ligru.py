"""The light gated recurrent unit (Li-GRU) in NumPy float64: the equations, and their gradients through time.

Source: Ravanelli, Brakel, Omologo, Bengio: Light Gated Recurrent Units for Speech Recognition, IEEE Transactions on
Emerging Topics in Computational Intelligence 2(2), 2018 (arXiv:1803.10225). The paper also normalises the products with
the input over the batch; that is left to whoever builds a model, before the layer.
"""

from dataclasses import dataclass

import numpy as np

from gatelet.reference.activations import sigmoid
from gatelet.reference.layer import Array, Gradients, LayerWeights, check_shape

__all__ = ["Trace", "backward", "forward"]


@dataclass(frozen=True)
class Trace:
    """What a Li-GRU layer computed on its way."""

    x: Array  # (T, B, I)
    h: Array  # (T+1, B, H), h[0] is h0 and h[t+1] follows from x[t]
    z: Array  # (T, B, H), update gate: 1 keeps the old state, 0 takes the candidate
    n: Array  # (T, B, H), candidate state, never negative


def forward(x: Array, h0: Array, weights: LayerWeights) -> tuple[Array, Array, Trace]:
    """Run one Li-GRU layer forward in time.

        z  = s(W_iz x + b_iz + W_hz h + b_hz)
        n  = relu(W_in x + b_in + W_hn h + b_hn)
        h' = z * h + (1 - z) * n

    Args:
        x: (T, B, I).
        h0: (B, H).
        weights: of this layer, gates in the order z, n.

    Returns:
        y: (T, B, H), every state; h_n: (B, H), the last one; the trace.

    Raises:
        ValueError: `h0` does not have shape (B, H).
    """
    steps, batch, _ = x.shape
    size = weights.state_size
    check_shape("h0", h0, (batch, size))
    w_iz, w_in = np.split(weights.weight_ih, 2)
    w_hz, w_hn = np.split(weights.weight_hh, 2)
    b_z, b_n = np.split(weights.bias_ih + weights.bias_hh, 2)

    h = np.empty((steps + 1, batch, size))
    z, n = np.empty((2, steps, batch, size))
    h[0] = h0
    for t in range(steps):
        z[t] = sigmoid(x[t] @ w_iz.T + h[t] @ w_hz.T + b_z)
        n[t] = np.maximum(x[t] @ w_in.T + h[t] @ w_hn.T + b_n, 0)
        h[t + 1] = z[t] * h[t] + (1 - z[t]) * n[t]
    return h[1:], h[steps], Trace(x, h, z, n)


def backward(dy: Array, dh_n: Array, weights: LayerWeights, trace: Trace) -> Gradients[Array]:
    """Backpropagate through time; `d` before a name is the gradient of the loss for it.

    With `a_z, a_n` for what goes into the sigmoid and the rectifier:

        dn = dh' * (1 - z)          da_n = dn where n > 0, else 0
        dz = dh' * (h - n)          da_z = dz * z * (1 - z)
        dh = dh' * z + W_hz^T da_z + W_hn^T da_n

    Args:
        dy: (T, B, H), for every state.
        dh_n: (B, H), for the last state, on top of its share in `dy`.
        weights: as given to `forward`.
        trace: as returned by `forward`.
    """
    h, z, n = trace.h[:-1], trace.z, trace.n
    steps, batch, size = z.shape
    da = np.empty((steps, batch, 2 * size))
    dh = dh_n
    for t in reversed(range(steps)):
        dh = dh + dy[t]
        da[t, :, :size] = dh * (h[t] - n[t]) * z[t] * (1 - z[t])
        da[t, :, size:] = dh * (1 - z[t]) * (n[t] > 0)
        dh = dh * z[t] + da[t] @ weights.weight_hh

    outer = "tbg,tbv->gv"  # sum over time and batch of da v^T
    bias = da.sum(axis=(0, 1))
    gradients = LayerWeights(np.einsum(outer, da, trace.x), np.einsum(outer, da, h), bias, bias)
    return Gradients(da @ weights.weight_ih, dh, gradients)
