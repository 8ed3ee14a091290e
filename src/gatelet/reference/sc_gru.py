"""The semantically controlled GRU in NumPy float64: the equations, and their gradients through time.

Beside its state it carries a plan d of what is still to be said. The word just written closes parts of the plan, and
what is left of it goes into all gates of a GRU.

Source: Wen, Gasic, Mrksic, Su, Vandyke, Young: Semantically Conditioned LSTM-based Natural Language Generation for
Spoken Dialogue Systems, EMNLP 2015 (arXiv:1508.01745), there with an LSTM whose reading gate also sees the state.
"""

from dataclasses import dataclass

import numpy as np

from gatelet.reference import gru
from gatelet.reference.activations import sigmoid
from gatelet.reference.layer import Array, LayerWeights, check_shape

__all__ = ["Gradients", "Trace", "Weights", "backward", "forward"]


@dataclass(frozen=True)
class Weights:
    """Weights of the reading gate, and of the GRU behind it."""

    weight_read: Array  # (A, I)
    bias_read: Array  # (A,)
    gru: LayerWeights  # its input has I + A features


@dataclass(frozen=True)
class Trace:
    """What the layer computed on its way."""

    x: Array  # (T, B, I)
    read: Array  # (T, B, A), the reading gate: 1 keeps a part of the plan, 0 has said it
    d: Array  # (T+1, B, A), d[0] is d0 and d[t+1] follows from x[t]
    gru: gru.Trace


@dataclass(frozen=True)
class Gradients:
    """Gradients of a loss for all that went in: each field has the shape of what it is the gradient of."""

    x: Array  # (T, B, I)
    h0: Array  # (B, H)
    d0: Array  # (B, A)
    weights: Weights


def forward(x: Array, h0: Array, d0: Array, weights: Weights) -> tuple[Array, Array, Trace]:
    """Run the layer forward in time.

        k_t = s(W_k x_t + b_k)
        d_t = k_t * d_{t-1}
        h_t = GRU([x_t; d_t], h_{t-1})

    Args:
        x: (T, B, I).
        h0: (B, H).
        d0: (B, A), what is to be said.
        weights: of the layer.

    Returns:
        y: (T, B, H), every state; d: (T, B, A), what is left to be said after each step; the trace.

    Raises:
        ValueError: `h0` or `d0` does not have its shape.
    """
    steps, batch, _ = x.shape
    check_shape("d0", d0, (batch, len(weights.weight_read)))
    read = sigmoid(x @ weights.weight_read.T + weights.bias_read)
    d = np.empty((steps + 1, *d0.shape))
    d[0] = d0
    for t in range(steps):
        d[t + 1] = read[t] * d[t]
    y, _, trace = gru.forward(np.concatenate([x, d[1:]], axis=2), h0, weights.gru)
    return y, d[1:], Trace(x, read, d, trace)


def backward(dy: Array, dd: Array, weights: Weights, trace: Trace) -> Gradients:
    """Backpropagate through time: `dk = dd * d_{t-1}`, `da = dk * k (1 - k)`, and `k * dd` goes on to the step before.

    Args:
        dy: (T, B, H), for every state.
        dd: (T, B, A), for what is left after every step.
        weights: as given to `forward`.
        trace: as returned by `forward`.
    """
    inside = gru.backward(dy, np.zeros_like(trace.gru.h[0]), weights.gru, trace.gru)
    size = trace.x.shape[2]
    dx, dd = inside.x[..., :size], dd + inside.x[..., size:]
    da = np.empty_like(trace.read)
    left = np.zeros_like(trace.d[0])
    for t in reversed(range(len(da))):
        left = left + dd[t]
        da[t] = left * trace.d[t] * trace.read[t] * (1 - trace.read[t])
        left = left * trace.read[t]
    gate = Weights(np.einsum("tba,tbi->ai", da, trace.x), da.sum(axis=(0, 1)), inside.weights)
    return Gradients(dx + da @ weights.weight_read, inside.h0, left, gate)
