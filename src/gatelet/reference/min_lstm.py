"""The minimal LSTM without recurrent products in NumPy float64: the equations, and their gradients through time.

It has no output gate and no cell state beside the hidden one. The two gates are divided by their sum, so that the state
is an average of candidates, however many steps have passed.

Source: Feng, Tung, Ahmed, Bengio, Hajimirsadeghi: Were RNNs All We Needed?, 2024 (arXiv:2410.01201), minLSTM with the
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
    """What a minLSTM layer computed on its way."""

    x: Array  # (T, B, I)
    before: Array  # (T, B, H), the state that step t starts from: h0, the state of step t - 1, or zero after a reset
    f: Array  # (T, B, H), forget gate, not yet divided
    i: Array  # (T, B, H), input gate, not yet divided
    a_n: Array  # (T, B, H), what goes into g
    kept: Array  # (T, B, 1), 0 where the state was reset before the step, else 1


def forward(x: Array, h0: Array, weights: LayerWeights, *, extras: Extras = NOTHING) -> tuple[Array, Array, Trace]:
    """Run one minLSTM layer forward in time.

        f  = s(W_f x + b_f)          i = s(W_i x + b_i)
        n  = g(W_n x + b_n)          g(a) = a + 1/2 where a >= 0, else s(a)
        h' = f / (f + i) * h + i / (f + i) * n

    Args:
        x: (T, B, I).
        h0: (B, H).
        weights: of this layer, gates in the order f, i, n; there are no `weight_hh` and `bias_hh`.
        extras: resets; the others have no place here.

    Returns:
        y: (T, B, H), every state; h_n: (B, H), the last one; the trace.

    Raises:
        ValueError: `h0` does not have shape (B, H).
    """
    steps, batch, _ = x.shape
    size = len(weights.weight_ih) // 3
    check_shape("h0", h0, (batch, size))
    a_f, a_i, a_n = np.split(x @ weights.weight_ih.T + weights.bias_ih, 3, axis=-1)
    f, i, n = sigmoid(a_f), sigmoid(a_i), positive(a_n)
    share = f / (f + i)  # of the old state
    kept = np.ones((steps, batch, 1)) if extras.resets is None else 1.0 * (extras.resets[..., None] == 0)

    before, y = np.empty((2, steps, batch, size))
    h = h0
    for t in range(steps):
        before[t] = kept[t] * h
        h = y[t] = share[t] * before[t] + (1 - share[t]) * n[t]
    return y, h, Trace(x, before, f, i, a_n, kept)


def backward(dy: Array, dh_n: Array, weights: LayerWeights, trace: Trace) -> Gradients[Array]:
    """Backpropagate through time; `d` before a name is the gradient of the loss for it.

    With `f' = f / (f + i)` and `i' = i / (f + i) = 1 - f'`:

        df' = dh' * (h - n)          da_f = df' * f' * i' * (1 - f)          da_i = -df' * f' * i' * (1 - i)
        dn  = dh' * i'               da_n = dn * g'(a_n)                     dh   = dh' * f'

    Args:
        dy: (T, B, H), for every state.
        dh_n: (B, H), for the last state, on top of its share in `dy`.
        weights: as given to `forward`.
        trace: as returned by `forward`.
    """
    f, i, n = trace.f, trace.i, positive(trace.a_n)
    share_f, share_i = f / (f + i), i / (f + i)
    dhs = np.empty_like(dy)  # (T, B, H), whole gradient of each state
    dh = dh_n
    for t in reversed(range(len(dy))):
        dhs[t] = dh + dy[t]
        dh = dhs[t] * share_f[t] * trace.kept[t]
    dshare = dhs * (trace.before - n) * share_f * share_i
    da = np.concatenate([dshare * (1 - f), -dshare * (1 - i), dhs * share_i * positive_slope(trace.a_n)], axis=-1)
    gradients = LayerWeights(
        weight_ih=np.einsum("tbg,tbv->gv", da, trace.x),
        weight_hh=np.zeros_like(weights.weight_hh),
        bias_ih=da.sum(axis=(0, 1)),
        bias_hh=np.zeros_like(weights.bias_hh),
    )
    return Gradients(da @ weights.weight_ih, dh, gradients)
