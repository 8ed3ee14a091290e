"""FastGRNN in NumPy float64: the equations, and their gradients through time.

Source: Kusupati, Singh, Bhatia, Kumar, Jain, Varma: FastGRNN: A Fast, Accurate, Stable and Tiny Kilobyte Sized Gated
Recurrent Neural Network, NeurIPS 2018 (arXiv:1901.02358).
"""

from dataclasses import dataclass

import numpy as np

from gatelet.reference.activations import sigmoid
from gatelet.reference.layer import Array, Gradients, LayerWeights, check_shape

__all__ = ["Trace", "backward", "forward"]


@dataclass(frozen=True)
class Trace:
    """What a FastGRNN layer computed on its way."""

    x: Array  # (T, B, I)
    h: Array  # (T+1, B, H), h[0] is h0 and h[t+1] follows from x[t]
    z: Array  # (T, B, H), update gate: 1 keeps the old state
    n: Array  # (T, B, H), candidate state


def forward(x: Array, h0: Array, weights: LayerWeights) -> tuple[Array, Array, Trace]:
    """Run one FastGRNN layer forward in time. Gate and candidate share the matrices W and U:

        a  = W x + U h
        z  = s(a + b_z)
        n  = tanh(a + b_n)
        h' = (s(zeta) * (1 - z) + s(nu)) * n + z * h

    A low rank is a matter of who makes W and U, as products of two thin matrices.

    Args:
        x: (T, B, I).
        h0: (B, H).
        weights: of this layer: `weight_ih` is W (H, I), `weight_hh` is U (H, H), `bias_ih` is b_z, b_n (2H,), `scales`
            is zeta, nu (2,); `bias_hh` is not used.

    Returns:
        y: (T, B, H), every state; h_n: (B, H), the last one; the trace.

    Raises:
        ValueError: `h0` does not have shape (B, H), or there are no scales.
    """
    steps, batch, _ = x.shape
    size = weights.state_size
    check_shape("h0", h0, (batch, size))
    b_z, b_n = np.split(weights.bias_ih, 2)
    zeta, nu = sigmoid(_scales(weights))

    h = np.empty((steps + 1, batch, size))
    z, n = np.empty((2, steps, batch, size))
    h[0] = h0
    for t in range(steps):
        a = x[t] @ weights.weight_ih.T + h[t] @ weights.weight_hh.T
        z[t] = sigmoid(a + b_z)
        n[t] = np.tanh(a + b_n)
        h[t + 1] = (zeta * (1 - z[t]) + nu) * n[t] + z[t] * h[t]
    return h[1:], h[steps], Trace(x, h, z, n)


def backward(dy: Array, dh_n: Array, weights: LayerWeights, trace: Trace) -> Gradients[Array]:
    """Backpropagate through time; `d` before a name is the gradient of the loss for it.

    With `a_z, a_n` for what goes into the sigmoid and the tanh:

        dn = dh' * (s(zeta) * (1 - z) + s(nu))    da_n = dn * (1 - n^2)
        dz = dh' * (h - s(zeta) * n)              da_z = dz * z * (1 - z)
        dh = dh' * z + U^T (da_z + da_n)
        ds(zeta) = sum of dh' * (1 - z) * n       ds(nu) = sum of dh' * n

    Args:
        dy: (T, B, H), for every state.
        dh_n: (B, H), for the last state, on top of its share in `dy`.
        weights: as given to `forward`.
        trace: as returned by `forward`.
    """
    h, z, n = trace.h[:-1], trace.z, trace.n
    squashed = sigmoid(_scales(weights))
    zeta, nu = squashed
    da_z, da_n, dhs = np.empty((3, *z.shape))
    dh = dh_n
    for t in reversed(range(len(z))):
        dhs[t] = dh + dy[t]  # whole gradient of the state after the step
        da_z[t] = dhs[t] * (h[t] - zeta * n[t]) * z[t] * (1 - z[t])
        da_n[t] = dhs[t] * (zeta * (1 - z[t]) + nu) * (1 - n[t] ** 2)
        dh = dhs[t] * z[t] + (da_z[t] + da_n[t]) @ weights.weight_hh

    da = da_z + da_n
    outer = "tbg,tbv->gv"  # sum over time and batch of da v^T
    dscales = np.array([(dhs * (1 - z) * n).sum(), (dhs * n).sum()]) * squashed * (1 - squashed)
    gradients = LayerWeights(
        weight_ih=np.einsum(outer, da, trace.x),
        weight_hh=np.einsum(outer, da, h),
        bias_ih=np.concatenate([da_z, da_n], axis=-1).sum(axis=(0, 1)),
        bias_hh=np.zeros_like(weights.bias_hh),
        scales=dscales,
    )
    return Gradients(da @ weights.weight_ih, dh, gradients)


def _scales(weights: LayerWeights) -> Array:
    if weights.scales is None:
        raise ValueError("The weights of a FastGRNN must have scales of shape (2,), zeta and nu; got none.")
    return check_shape("scales", weights.scales, (2,))
