"""The gated recurrent unit in NumPy float64: the equations, and their gradients through time.

Sources:
    Cho, van Merrienboer, Gulcehre, Bahdanau, Bougares, Schwenk, Bengio: Learning Phrase Representations using RNN
    Encoder-Decoder for Statistical Machine Translation, EMNLP 2014 (arXiv:1406.1078): the unit, reset before.
    PyTorch, `torch.nn.GRU`: reset after, gate order r, z, n, and `z` as the share of the old state that is kept.
"""

from dataclasses import dataclass

import numpy as np

from gatelet.reference.activations import sigmoid
from gatelet.reference.layer import Array, Gradients, LayerWeights, check_shape

__all__ = ["Trace", "backward", "forward"]


@dataclass(frozen=True)
class Trace:
    """What a GRU layer computed on its way: enough for the gradients, and for a picture of the gates."""

    x: Array  # (T, B, I)
    h: Array  # (T+1, B, H), h[0] is h0 and h[t+1] follows from x[t]
    r: Array  # (T, B, H), reset gate
    z: Array  # (T, B, H), update gate: 1 keeps the old state, 0 takes the candidate
    n: Array  # (T, B, H), candidate state
    hn: Array  # (T, B, H), recurrent part of the candidate before tanh, without the gate r in front of it
    reset_after: bool


def forward(x: Array, h0: Array, weights: LayerWeights, *, reset_after: bool = True) -> tuple[Array, Array, Trace]:
    """Run one GRU layer forward in time.

        r  = s(W_ir x + b_ir + W_hr h + b_hr)
        z  = s(W_iz x + b_iz + W_hz h + b_hz)
        n  = tanh(W_in x + b_in + r * (W_hn h + b_hn))      reset after the product (PyTorch, cuDNN)
        n  = tanh(W_in x + b_in + W_hn (r * h) + b_hn)      reset before the product (Cho et al. 2014)
        h' = (1 - z) * n + z * h

    Args:
        x: (T, B, I).
        h0: (B, H).
        weights: of this layer, gates in the order r, z, n.
        reset_after: which of the two candidates.

    Returns:
        y: (T, B, H), every state; h_n: (B, H), the last one; the trace.

    Raises:
        ValueError: `h0` does not have shape (B, H).
    """
    steps, batch, _ = x.shape
    size = weights.state_size
    check_shape("h0", h0, (batch, size))
    w_ir, w_iz, w_in = np.split(weights.weight_ih, 3)
    w_hr, w_hz, w_hn = np.split(weights.weight_hh, 3)
    b_ir, b_iz, b_in = np.split(weights.bias_ih, 3)
    b_hr, b_hz, b_hn = np.split(weights.bias_hh, 3)

    h = np.empty((steps + 1, batch, size))
    r, z, n, hn = np.empty((4, steps, batch, size))
    h[0] = h0
    for t in range(steps):
        r[t] = sigmoid(x[t] @ w_ir.T + b_ir + h[t] @ w_hr.T + b_hr)
        z[t] = sigmoid(x[t] @ w_iz.T + b_iz + h[t] @ w_hz.T + b_hz)
        if reset_after:
            hn[t] = h[t] @ w_hn.T + b_hn
            n[t] = np.tanh(x[t] @ w_in.T + b_in + r[t] * hn[t])
        else:
            hn[t] = (r[t] * h[t]) @ w_hn.T + b_hn
            n[t] = np.tanh(x[t] @ w_in.T + b_in + hn[t])
        h[t + 1] = (1 - z[t]) * n[t] + z[t] * h[t]
    return h[1:], h[steps], Trace(x, h, r, z, n, hn, reset_after)


def backward(dy: Array, dh_n: Array, weights: LayerWeights, trace: Trace) -> Gradients[Array]:
    """Backpropagate through time; `d` before a name is the gradient of the loss for it.

    With `a_r, a_z, a_n` for what goes into the sigmoids and the tanh:

        dn   = dh' * (1 - z)          da_n = dn * (1 - n^2)
        dz   = dh' * (h - n)          da_z = dz * z * (1 - z)
        dr   = da_n * hn              da_r = dr * r * (1 - r)       hn = W_hn h + b_hn, dhn = da_n * r    reset after
        dr   = (W_hn^T da_n) * h                                    hn = W_hn (r * h) + b_hn, dhn = da_n  reset before

    and every product `W v` hands `W^T da` back to `v` and `da v^T` to `W`.

    Args:
        dy: (T, B, H), for every state.
        dh_n: (B, H), for the last state, on top of its share in `dy`.
        weights: as given to `forward`.
        trace: as returned by `forward`.
    """
    w_hr, w_hz, w_hn = np.split(weights.weight_hh, 3)
    h, r, z, n, hn = trace.h[:-1], trace.r, trace.z, trace.n, trace.hn
    da_r, da_z, da_n, dhn = np.empty((4, *r.shape))
    dh = dh_n
    for t in reversed(range(len(r))):
        dh = dh + dy[t]
        da_n[t] = dh * (1 - z[t]) * (1 - n[t] ** 2)
        da_z[t] = dh * (h[t] - n[t]) * z[t] * (1 - z[t])
        dh = dh * z[t]
        if trace.reset_after:
            dhn[t] = da_n[t] * r[t]
            dr = da_n[t] * hn[t]
            dh = dh + dhn[t] @ w_hn
        else:
            dhn[t] = da_n[t]
            drh = dhn[t] @ w_hn
            dr = drh * h[t]
            dh = dh + drh * r[t]
        da_r[t] = dr * r[t] * (1 - r[t])
        dh = dh + da_r[t] @ w_hr + da_z[t] @ w_hz

    da_x = np.concatenate([da_r, da_z, da_n], axis=-1)  # (T, B, 3H), into the input's products
    da_h = np.concatenate([da_r, da_z, dhn], axis=-1)  # (T, B, 3H), into the state's products
    into_hn = h if trace.reset_after else r * h
    outer = "tbg,tbv->gv"  # sum over time and batch of da v^T
    gradients = LayerWeights(
        weight_ih=np.einsum(outer, da_x, trace.x),
        weight_hh=np.concatenate([np.einsum(outer, da, v) for da, v in ((da_r, h), (da_z, h), (dhn, into_hn))]),
        bias_ih=da_x.sum(axis=(0, 1)),
        bias_hh=da_h.sum(axis=(0, 1)),
    )
    return Gradients(da_x @ weights.weight_ih, dh, gradients)
