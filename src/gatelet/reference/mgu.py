"""The minimal gated unit in NumPy float64: the equations, and their gradients through time.

Source: Zhou, Wu, Zhang, Zhou: Minimal Gated Unit for Recurrent Neural Networks, International Journal of Automation and
Computing 13(3), 2016 (arXiv:1603.09420).
"""

from dataclasses import dataclass

import numpy as np

from gatelet.reference.activations import sigmoid
from gatelet.reference.layer import Array, Gradients, LayerWeights, check_shape

__all__ = ["Trace", "backward", "forward"]


@dataclass(frozen=True)
class Trace:
    """What an MGU layer computed on its way."""

    x: Array  # (T, B, I)
    h: Array  # (T+1, B, H), h[0] is h0 and h[t+1] follows from x[t]
    f: Array  # (T, B, H), the one gate: 0 keeps the old state, 1 takes the candidate
    n: Array  # (T, B, H), candidate state


def forward(x: Array, h0: Array, weights: LayerWeights) -> tuple[Array, Array, Trace]:
    """Run one MGU layer forward in time.

        f  = s(W_if x + b_if + W_hf h + b_hf)
        n  = tanh(W_in x + b_in + W_hn (f * h) + b_hn)
        h' = (1 - f) * h + f * n

    Args:
        x: (T, B, I).
        h0: (B, H).
        weights: of this layer, gates in the order f, n.

    Returns:
        y: (T, B, H), every state; h_n: (B, H), the last one; the trace.

    Raises:
        ValueError: `h0` does not have shape (B, H).
    """
    steps, batch, _ = x.shape
    size = weights.state_size
    check_shape("h0", h0, (batch, size))
    w_if, w_in = np.split(weights.weight_ih, 2)
    w_hf, w_hn = np.split(weights.weight_hh, 2)
    b_f, b_n = np.split(weights.bias_ih + weights.bias_hh, 2)

    h = np.empty((steps + 1, batch, size))
    f, n = np.empty((2, steps, batch, size))
    h[0] = h0
    for t in range(steps):
        f[t] = sigmoid(x[t] @ w_if.T + h[t] @ w_hf.T + b_f)
        n[t] = np.tanh(x[t] @ w_in.T + (f[t] * h[t]) @ w_hn.T + b_n)
        h[t + 1] = (1 - f[t]) * h[t] + f[t] * n[t]
    return h[1:], h[steps], Trace(x, h, f, n)


def backward(dy: Array, dh_n: Array, weights: LayerWeights, trace: Trace) -> Gradients[Array]:
    """Backpropagate through time; `d` before a name is the gradient of the loss for it.

    With `a_f, a_n` for what goes into the sigmoid and the tanh, and `v = f * h`:

        dn = dh' * f                      da_n = dn * (1 - n^2)        dv = W_hn^T da_n
        df = dh' * (n - h) + dv * h       da_f = df * f * (1 - f)
        dh = dh' * (1 - f) + dv * f + W_hf^T da_f

    Args:
        dy: (T, B, H), for every state.
        dh_n: (B, H), for the last state, on top of its share in `dy`.
        weights: as given to `forward`.
        trace: as returned by `forward`.
    """
    w_hf, w_hn = np.split(weights.weight_hh, 2)
    h, f, n = trace.h[:-1], trace.f, trace.n
    da_f, da_n = np.empty((2, *f.shape))
    dh = dh_n
    for t in reversed(range(len(f))):
        dh = dh + dy[t]
        da_n[t] = dh * f[t] * (1 - n[t] ** 2)
        dv = da_n[t] @ w_hn
        da_f[t] = (dh * (n[t] - h[t]) + dv * h[t]) * f[t] * (1 - f[t])
        dh = dh * (1 - f[t]) + dv * f[t] + da_f[t] @ w_hf

    da = np.concatenate([da_f, da_n], axis=-1)  # (T, B, 2H)
    outer = "tbg,tbv->gv"  # sum over time and batch of da v^T
    bias = da.sum(axis=(0, 1))
    gradients = LayerWeights(
        weight_ih=np.einsum(outer, da, trace.x),
        weight_hh=np.concatenate([np.einsum(outer, da_f, h), np.einsum(outer, da_n, f * h)]),
        bias_ih=bias,
        bias_hh=bias,
    )
    return Gradients(da @ weights.weight_ih, dh, gradients)
