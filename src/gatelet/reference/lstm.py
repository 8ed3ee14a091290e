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

from gatelet.reference.activations import sigmoid
from gatelet.reference.layer import Array, Gradients, LayerWeights, check_shape

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


def forward(x: Array, state: tuple[Array, Array], weights: LayerWeights) -> tuple[Array, tuple[Array, Array], Trace]:
    """Run one LSTM layer forward in time.

        i  = s(W_ii x + b_ii + W_hi h + b_hi)
        f  = s(W_if x + b_if + W_hf h + b_hf)
        g  = tanh(W_ig x + b_ig + W_hg h + b_hg)
        o  = s(W_io x + b_io + W_ho h + b_ho)
        c' = f * c + i * g
        h' = o * tanh(c')                 or W_hr (o * tanh(c')) with projection

    Args:
        x: (T, B, I).
        state: h0 (B, P) and c0 (B, H).
        weights: of this layer, gates in the order i, f, g, o.

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

    h = np.empty((steps + 1, batch, weights.state_size))
    c = np.empty((steps + 1, batch, size))
    i, f, g, o = np.empty((4, steps, batch, size))
    h[0], c[0] = state
    for t in range(steps):
        i[t] = sigmoid(x[t] @ w_ii.T + b_ii + h[t] @ w_hi.T + b_hi)
        f[t] = sigmoid(x[t] @ w_if.T + b_if + h[t] @ w_hf.T + b_hf)
        g[t] = np.tanh(x[t] @ w_ig.T + b_ig + h[t] @ w_hg.T + b_hg)
        o[t] = sigmoid(x[t] @ w_io.T + b_io + h[t] @ w_ho.T + b_ho)
        c[t + 1] = f[t] * c[t] + i[t] * g[t]
        out = o[t] * np.tanh(c[t + 1])
        h[t + 1] = out if weights.weight_hr is None else out @ weights.weight_hr.T
    return h[1:], (h[steps], c[steps]), Trace(x, h, c, i, f, g, o)


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
    i, f, g, o, c = trace.i, trace.f, trace.g, trace.o, trace.c
    tanh_c = np.tanh(c[1:])
    da = np.empty((len(i), i.shape[1], 4 * i.shape[2]))  # (T, B, 4H), into the sigmoids and the tanh
    dhs = np.empty_like(dy)  # (T, B, P), whole gradient of each hidden state
    dh, dc = dstate
    for t in reversed(range(len(i))):
        dhs[t] = dh + dy[t]
        dout = dhs[t] if weights.weight_hr is None else dhs[t] @ weights.weight_hr
        dc = dc + dout * o[t] * (1 - tanh_c[t] ** 2)
        da_i = dc * g[t] * i[t] * (1 - i[t])
        da_f = dc * c[t] * f[t] * (1 - f[t])
        da_g = dc * i[t] * (1 - g[t] ** 2)
        da_o = dout * tanh_c[t] * o[t] * (1 - o[t])
        da[t] = np.concatenate([da_i, da_f, da_g, da_o], axis=-1)
        dh = da[t] @ weights.weight_hh
        dc = dc * f[t]

    outer = "tbg,tbv->gv"  # sum over time and batch of da v^T
    bias = da.sum(axis=(0, 1))
    gradients = LayerWeights(
        weight_ih=np.einsum(outer, da, trace.x),
        weight_hh=np.einsum(outer, da, trace.h[:-1]),
        bias_ih=bias,
        bias_hh=bias,
        weight_hr=None if weights.weight_hr is None else np.einsum(outer, dhs, o * tanh_c),
    )
    return Gradients(da @ weights.weight_ih, (dh, dc), gradients)
