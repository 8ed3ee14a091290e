"""The long short-term memory in NumPy float64: the equations, and their gradients through time.

Sources:
    Hochreiter, Schmidhuber: Long Short-Term Memory, Neural Computation 9(8), 1997.
    Gers, Schmidhuber, Cummins: Learning to Forget, Neural Computation 12(10), 2000: the forget gate.
    Sak, Senior, Beaufays: Long Short-Term Memory Based Recurrent Neural Network Architectures, 2014
    (arXiv:1402.1128): the projection.
    PyTorch, `torch.nn.LSTM`: gate order i, f, g, o.
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
    """What an LSTM layer computed on its way. `P` is `H` without projection."""

    x: Array  # (T, B, I)
    h: Array  # (T+1, B, P), h[0] is h0 and h[t+1] follows from x[t]
    c: Array  # (T+1, B, H), cell state
    i: Array  # (T, B, H), input gate
    f: Array  # (T, B, H), forget gate
    g: Array  # (T, B, H), candidate
    o: Array  # (T, B, H), output gate
    extras: Extras = NOTHING


def forward(
    x: Array, state: tuple[Array, Array], weights: LayerWeights, *, extras: Extras = NOTHING
) -> tuple[Array, tuple[Array, Array], Trace]:
    """Run one LSTM layer forward in time.

        i  = s(W_ii x + b_ii + W_hi h + b_hi)
        f  = s(W_if x + b_if + W_hf h + b_hf)
        g  = tanh(W_ig x + b_ig + W_hg h + b_hg)
        o  = s(W_io x + b_io + W_ho h + b_ho)
        c' = f * c + i * g
        h' = o * tanh(c')                 or W_hr (o * tanh(c')) with projection

    With gains, every product `W v` but the projection is `LN(W v) * gain`. With extras, h and c are zero where they are
    reset, h is masked where it meets W_hh, and shares of the old h and c are kept: `k * h + (1 - k) * h'` with the h'
    that follows from the new c before any of the old one is kept.

    Args:
        x: (T, B, I).
        state: h0 (B, P) and c0 (B, H).
        weights: of this layer, gates in the order i, f, g, o.
        extras: resets, recurrent dropout and zoneout.

    Returns:
        y: (T, B, P), every hidden state; the last (h_n, c_n); the trace.

    Raises:
        ValueError: `h0` or `c0` does not have its shape.
    """
    steps, batch, _ = x.shape
    size = len(weights.weight_ih) // 4
    check_shape("h0", state[0], (batch, weights.state_size))
    check_shape("c0", state[1], (batch, size))
    w_ii, w_if, w_ig, w_io = np.split(weights.weight_ih, 4)
    w_hi, w_hf, w_hg, w_ho = np.split(weights.weight_hh, 4)
    b_ii, b_if, b_ig, b_io = np.split(weights.bias_ih, 4)
    b_hi, b_hf, b_hg, b_ho = np.split(weights.bias_hh, 4)

    (l_ii, l_if, l_ig, l_io), (l_hi, l_hf, l_hg, l_ho) = weights.gains(4)

    h = np.empty((steps + 1, batch, weights.state_size))
    c = np.empty((steps + 1, batch, size))
    i, f, g, o = np.empty((4, steps, batch, size))
    h[0], c[0] = state
    for t in range(steps):
        old_h, old_c = extras.started(h[t], t), extras.started(c[t], t)
        v = extras.masked(old_h)
        i[t] = sigmoid(product(x[t], w_ii, l_ii) + b_ii + product(v, w_hi, l_hi) + b_hi)
        f[t] = sigmoid(product(x[t], w_if, l_if) + b_if + product(v, w_hf, l_hf) + b_hf)
        g[t] = np.tanh(product(x[t], w_ig, l_ig) + b_ig + product(v, w_hg, l_hg) + b_hg)
        o[t] = sigmoid(product(x[t], w_io, l_io) + b_io + product(v, w_ho, l_ho) + b_ho)
        new_c = f[t] * old_c + i[t] * g[t]
        out = o[t] * np.tanh(new_c)
        new_h = out if weights.weight_hr is None else out @ weights.weight_hr.T
        keep_h, keep_c = extras.zone(t)
        h[t + 1] = keep_h * old_h + (1 - keep_h) * new_h
        c[t + 1] = keep_c * old_c + (1 - keep_c) * new_c
    return h[1:], (h[steps], c[steps]), Trace(x, h, c, i, f, g, o, extras)


def backward(
    dy: Array, dstate: tuple[Array, Array], weights: LayerWeights, trace: Trace
) -> Gradients[tuple[Array, Array]]:
    """Backpropagate through time; `d` before a name is the gradient of the loss for it.

        do = dh' * tanh(c')           dc' += dh' * o * (1 - tanh(c')^2)
        di = dc' * g                  dg = dc' * i          df = dc' * c          dc = dc' * f

    where `dh'` has first gone back through the projection, if there is one.

    Args:
        dy: (T, B, P), for every hidden state.
        dstate: for the last (h_n, c_n), on top of the share of h_n in `dy`.
        weights: as given to `forward`.
        trace: as returned by `forward`.
    """
    i, f, g, o, extras = trace.i, trace.f, trace.g, trace.o, trace.extras
    gains_ih, gains_hh = weights.gains(4)
    weights_hh = np.split(weights.weight_hh, 4)
    da = np.empty((4, *i.shape))  # (4, T, B, H), into the sigmoids and the tanh
    dw_hh, dgain_hh = np.zeros((4, *weights_hh[0].shape)), np.zeros((4, i.shape[2]))
    dw_hr = None if weights.weight_hr is None else np.zeros_like(weights.weight_hr)
    dh, dc = dstate
    for t in reversed(range(len(i))):
        old_h, old_c = extras.started(trace.h[t], t), extras.started(trace.c[t], t)
        keep_h, keep_c = extras.zone(t)
        dkept_h, dh = keep_h * (dh + dy[t]), (1 - keep_h) * (dh + dy[t])
        dkept_c, dc = keep_c * dc, (1 - keep_c) * dc
        tanh_c = np.tanh(f[t] * old_c + i[t] * g[t])
        dout = dh if weights.weight_hr is None else dh @ weights.weight_hr
        if dw_hr is not None:
            dw_hr += dh.T @ (o[t] * tanh_c)
        dc = dc + dout * o[t] * (1 - tanh_c**2)
        da[0, t] = dc * g[t] * i[t] * (1 - i[t])
        da[1, t] = dc * old_c * f[t] * (1 - f[t])
        da[2, t] = dc * i[t] * (1 - g[t] ** 2)
        da[3, t] = dout * tanh_c * o[t] * (1 - o[t])
        dv = np.zeros_like(old_h)
        for gate in range(4):
            back = products.backward(da[gate, t], extras.masked(old_h), weights_hh[gate], gains_hh[gate])
            dv += back[0]
            dw_hh[gate] += back[1]
            dgain_hh[gate] += back[2]
        dh = extras.started(dkept_h + extras.masked(dv), t)
        dc = extras.started(dkept_c + dc * f[t], t)

    into_x = [
        products.backward(da[gate], trace.x, weight, gains_ih[gate])
        for gate, weight in enumerate(np.split(weights.weight_ih, 4))
    ]
    bias = da.sum(axis=(1, 2)).reshape(-1)
    normalised = weights.layer_norm_ih is not None
    gradients = LayerWeights(
        weight_ih=np.concatenate([dw for _, dw, _ in into_x]),
        weight_hh=dw_hh.reshape(weights.weight_hh.shape),
        bias_ih=bias,
        bias_hh=bias,
        weight_hr=dw_hr,
        layer_norm_ih=np.concatenate([dgain for _, _, dgain in into_x]) if normalised else None,
        layer_norm_hh=dgain_hh.reshape(-1) if normalised else None,
    )
    return Gradients(np.sum([dx for dx, _, _ in into_x], axis=0), (dh, dc), gradients)
