"""The gated recurrent unit in NumPy float64: the equations, and their gradients through time.

Sources:
    Cho, van Merrienboer, Gulcehre, Bahdanau, Bougares, Schwenk, Bengio: Learning Phrase Representations using RNN
    Encoder-Decoder for Statistical Machine Translation, EMNLP 2014 (arXiv:1406.1078): the unit, reset before.
    PyTorch, `torch.nn.GRU`: reset after, gate order r, z, n, and `z` as the share of the old state that is kept.
"""

from dataclasses import dataclass

import numpy as np

from gatelet.reference import products
from gatelet.reference.activations import sigmoid
from gatelet.reference.extras import NOTHING, Extras
from gatelet.reference.layer import Array, Gradients, LayerWeights, check_shape
from gatelet.reference.products import product

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
    extras: Extras = NOTHING


def forward(
    x: Array, h0: Array, weights: LayerWeights, *, reset_after: bool = True, extras: Extras = NOTHING
) -> tuple[Array, Array, Trace]:
    """Run one GRU layer forward in time.

        r  = s(W_ir x + b_ir + W_hr h + b_hr)
        z  = s(W_iz x + b_iz + W_hz h + b_hz)
        n  = tanh(W_in x + b_in + r * (W_hn h + b_hn))      reset after the product (PyTorch, cuDNN)
        n  = tanh(W_in x + b_in + W_hn (r * h) + b_hn)      reset before the product (Cho et al. 2014)
        h' = (1 - z) * n + z * h

    With gains, every product `W v` is `LN(W v) * gain`. With extras, h is zero where it is reset, it is masked where it
    meets W_hh, and of the result a share of the old h is kept: `k * h + (1 - k) * h'`.

    Args:
        x: (T, B, I).
        h0: (B, H).
        weights: of this layer, gates in the order r, z, n.
        reset_after: which of the two candidates.
        extras: resets, recurrent dropout and zoneout.

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
    (l_ir, l_iz, l_in), (l_hr, l_hz, l_hn) = weights.gains(3)

    h = np.empty((steps + 1, batch, size))
    r, z, n, hn = np.empty((4, steps, batch, size))
    h[0] = h0
    for t in range(steps):
        old = extras.started(h[t], t)
        v = extras.masked(old)
        r[t] = sigmoid(product(x[t], w_ir, l_ir) + b_ir + product(v, w_hr, l_hr) + b_hr)
        z[t] = sigmoid(product(x[t], w_iz, l_iz) + b_iz + product(v, w_hz, l_hz) + b_hz)
        if reset_after:
            hn[t] = product(v, w_hn, l_hn) + b_hn
            n[t] = np.tanh(product(x[t], w_in, l_in) + b_in + r[t] * hn[t])
        else:
            hn[t] = product(r[t] * v, w_hn, l_hn) + b_hn
            n[t] = np.tanh(product(x[t], w_in, l_in) + b_in + hn[t])
        keep, _ = extras.zone(t)
        h[t + 1] = keep * old + (1 - keep) * ((1 - z[t]) * n[t] + z[t] * old)
    return h[1:], h[steps], Trace(x, h, r, z, n, hn, reset_after, extras)


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
    gains_ih, (l_hr, l_hz, l_hn) = weights.gains(3)
    r, z, n, hn, extras = trace.r, trace.z, trace.n, trace.hn, trace.extras
    da_r, da_z, da_n, dhn = np.empty((4, *r.shape))
    dw_hh, dgain_hh = np.zeros_like(weights.weight_hh), np.zeros(len(weights.weight_hh))
    dh = dh_n
    for t in reversed(range(len(r))):
        old = extras.started(trace.h[t], t)
        v = extras.masked(old)
        keep, _ = extras.zone(t)
        dkept, dh = keep * (dh + dy[t]), (1 - keep) * (dh + dy[t])
        da_n[t] = dh * (1 - z[t]) * (1 - n[t] ** 2)
        da_z[t] = dh * (old - n[t]) * z[t] * (1 - z[t])
        dhn[t] = da_n[t] * r[t] if trace.reset_after else da_n[t]
        dhn_v, dw_n, dgain_n = products.backward(dhn[t], v if trace.reset_after else r[t] * v, w_hn, l_hn)
        dr = da_n[t] * hn[t] if trace.reset_after else dhn_v * v
        da_r[t] = dr * r[t] * (1 - r[t])
        dv_r, dw_r, dgain_r = products.backward(da_r[t], v, w_hr, l_hr)
        dv_z, dw_z, dgain_z = products.backward(da_z[t], v, w_hz, l_hz)
        dv = dv_r + dv_z + (dhn_v if trace.reset_after else dhn_v * r[t])
        dh = extras.started(dkept + dh * z[t] + extras.masked(dv), t)
        dw_hh += np.concatenate([dw_r, dw_z, dw_n])
        dgain_hh += np.concatenate([dgain_r, dgain_z, dgain_n])

    into_x = [
        products.backward(da, trace.x, weight, gain)
        for da, weight, gain in zip((da_r, da_z, da_n), np.split(weights.weight_ih, 3), gains_ih, strict=True)
    ]
    normalised = weights.layer_norm_ih is not None
    gradients = LayerWeights(
        weight_ih=np.concatenate([dw for _, dw, _ in into_x]),
        weight_hh=dw_hh,
        bias_ih=np.concatenate([da.sum(axis=(0, 1)) for da in (da_r, da_z, da_n)]),
        bias_hh=np.concatenate([da.sum(axis=(0, 1)) for da in (da_r, da_z, dhn)]),
        layer_norm_ih=np.concatenate([dgain for _, _, dgain in into_x]) if normalised else None,
        layer_norm_hh=dgain_hh if normalised else None,
    )
    return Gradients(np.sum([dx for dx, _, _ in into_x], axis=0), dh, gradients)
