"""The minimal GRU without recurrent products in NumPy float64: the equations, and their gradients through time.

The gates see the input alone, so that the state obeys a linear recurrence, which can be computed in parallel over time.

Source: Feng, Tung, Ahmed, Bengio, Hajimirsadeghi: Were RNNs All We Needed?, 2024 (arXiv:2410.01201), minGRU with the
activation `g` of its appendix B. There a log-space scan asks for a positive `h0`; here any will do.
"""

from dataclasses import dataclass

import numpy as np

from gatelet.reference.activations import positive, positive_slope, sigmoid
from gatelet.reference.extras import NOTHING, Extras
from gatelet.reference.layer import Array, Gradients, LayerWeights, check_shape

__all__ = ["Trace", "backward", "forward"]


@dataclass(frozen=True)
class Trace:
    """What a minGRU layer computed on its way."""

    x: Array  # (T, B, I)
    before: Array  # (T, B, H), the state that step t starts from: h0, the state of step t - 1, or zero after a reset
    z: Array  # (T, B, H), update gate: 1 takes the candidate, 0 keeps the old state (a GRU's z means the opposite)
    a_n: Array  # (T, B, H), what goes into g
    kept: Array  # (T, B, 1), 0 where the state was reset before the step, else 1


def forward(x: Array, h0: Array, weights: LayerWeights, *, extras: Extras = NOTHING) -> tuple[Array, Array, Trace]:
    """Run one minGRU layer forward in time.

        z  = s(W_z x + b_z)
        n  = g(W_n x + b_n)          g(a) = a + 1/2 where a >= 0, else s(a)
        h' = (1 - z) * h + z * n

    Args:
        x: (T, B, I).
        h0: (B, H).
        weights: of this layer, gates in the order z, n; there are no `weight_hh` and `bias_hh`.
        extras: resets; the others have no place here.

    Returns:
        y: (T, B, H), every state; h_n: (B, H), the last one; the trace.

    Raises:
        ValueError: `h0` does not have shape (B, H).
    """
    steps, batch, _ = x.shape
    size = len(weights.weight_ih) // 2
    check_shape("h0", h0, (batch, size))
    a_z, a_n = np.split(x @ weights.weight_ih.T + weights.bias_ih, 2, axis=-1)
    z, n = sigmoid(a_z), positive(a_n)
    kept = np.ones((steps, batch, 1)) if extras.resets is None else 1.0 * (extras.resets[..., None] == 0)

    before, y = np.empty((2, steps, batch, size))
    h = h0
    for t in range(steps):
        before[t] = kept[t] * h
        h = y[t] = (1 - z[t]) * before[t] + z[t] * n[t]
    return y, h, Trace(x, before, z, a_n, kept)


def backward(dy: Array, dh_n: Array, weights: LayerWeights, trace: Trace) -> Gradients[Array]:
    """Backpropagate through time; `d` before a name is the gradient of the loss for it.

        dz = dh' * (n - h)       da_z = dz * z * (1 - z)
        dn = dh' * z             da_n = dn * g'(a_n)          dh = dh' * (1 - z)

    Args:
        dy: (T, B, H), for every state.
        dh_n: (B, H), for the last state, on top of its share in `dy`.
        weights: as given to `forward`.
        trace: as returned by `forward`.
    """
    z, n = trace.z, positive(trace.a_n)
    dhs = np.empty_like(dy)  # (T, B, H), whole gradient of each state
    dh = dh_n
    for t in reversed(range(len(dy))):
        dhs[t] = dh + dy[t]
        dh = dhs[t] * (1 - z[t]) * trace.kept[t]
    da_z = dhs * (n - trace.before) * z * (1 - z)
    da_n = dhs * z * positive_slope(trace.a_n)
    da = np.concatenate([da_z, da_n], axis=-1)  # (T, B, 2H)
    gradients = LayerWeights(
        weight_ih=np.einsum("tbg,tbv->gv", da, trace.x),
        weight_hh=np.zeros_like(weights.weight_hh),
        bias_ih=da.sum(axis=(0, 1)),
        bias_hh=np.zeros_like(weights.bias_hh),
    )
    return Gradients(da @ weights.weight_ih, dh, gradients)
