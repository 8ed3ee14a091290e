"""The plain tanh recurrent network in NumPy float64: the equation, and its gradients through time.

Sources:
    Elman: Finding Structure in Time, Cognitive Science 14(2), 1990.
    PyTorch, `torch.nn.RNN` with `nonlinearity="tanh"`.
"""

from dataclasses import dataclass

import numpy as np

from gatelet.reference.layer import Array, Gradients, LayerWeights, check_shape

__all__ = ["Trace", "backward", "forward"]


@dataclass(frozen=True)
class Trace:
    """What a tanh layer computed on its way."""

    x: Array  # (T, B, I)
    h: Array  # (T+1, B, H), h[0] is h0 and h[t+1] follows from x[t]


def forward(x: Array, h0: Array, weights: LayerWeights) -> tuple[Array, Array, Trace]:
    """Run one tanh layer forward in time.

        h' = tanh(W_ih x + b_ih + W_hh h + b_hh)

    Args:
        x: (T, B, I).
        h0: (B, H).
        weights: of this layer.

    Returns:
        y: (T, B, H), every state; h_n: (B, H), the last one; the trace.

    Raises:
        ValueError: `h0` does not have shape (B, H).
    """
    steps, batch, _ = x.shape
    check_shape("h0", h0, (batch, weights.state_size))
    h = np.empty((steps + 1, batch, weights.state_size))
    h[0] = h0
    for t in range(steps):
        h[t + 1] = np.tanh(x[t] @ weights.weight_ih.T + weights.bias_ih + h[t] @ weights.weight_hh.T + weights.bias_hh)
    return h[1:], h[steps], Trace(x, h)


def backward(dy: Array, dh_n: Array, weights: LayerWeights, trace: Trace) -> Gradients[Array]:
    """Backpropagate through time: `da = dh' * (1 - h'^2)`, and `W_hh^T da` goes on to the state before.

    Args:
        dy: (T, B, H), for every state.
        dh_n: (B, H), for the last state, on top of its share in `dy`.
        weights: as given to `forward`.
        trace: as returned by `forward`.
    """
    h = trace.h
    da = np.empty_like(dy)  # (T, B, H), into the tanh
    dh = dh_n
    for t in reversed(range(len(dy))):
        da[t] = (dh + dy[t]) * (1 - h[t + 1] ** 2)
        dh = da[t] @ weights.weight_hh

    outer = "tbg,tbv->gv"  # sum over time and batch of da v^T
    bias = da.sum(axis=(0, 1))
    gradients = LayerWeights(np.einsum(outer, da, trace.x), np.einsum(outer, da, h[:-1]), bias, bias)
    return Gradients(da @ weights.weight_ih, dh, gradients)
