"""The equations step by step in PyTorch's operators: slow, on any device, and differentiable as often as one likes.

What has no kernel runs here: where the native kernels do not compute, the cells that PyTorch does not have, resets,
LayerNorm, zoneout and recurrent dropout; and the native kernels' second derivative.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from gatelet.kernels import zoneout
from gatelet.kernels.inputs import Inputs

__all__ = ["gradients", "product", "run", "run_projected"]

EPSILON = 1e-5  # added to the variance by LayerNorm


@dataclass(frozen=True)
class Recurrence:
    """The products of the state, `W_hh h + b_hh`; with recurrent dropout of `mask * h`, with LayerNorm normalised."""

    w_hh: Tensor  # (G*H, H)
    b_hh: Tensor | None  # (G*H,)
    gains: Tensor | None  # (G*H,)
    mask: Tensor | None  # (B, H)

    def __call__(self, h: Tensor, first: int = 0, last: int | None = None) -> Tensor:
        """Give (b, n*H) for the gates `first` up to `last`; h is (b, H), of the first b sequences."""
        size = h.shape[-1]
        rows = slice(first * size, None if last is None else last * size)
        if self.mask is not None:
            h = h * self.mask[: len(h)]
        w, b, gains = (None if array is None else array[rows] for array in (self.w_hh, self.b_hh, self.gains))
        assert w is not None
        return product(h, w, b, gains, size)


def product(v: Tensor, w: Tensor, b: Tensor | None, gains: Tensor | None, size: int) -> Tensor:
    """`W v + b`, or `LN(W v) * gains + b`, each gate of `size` units normalised on its own."""
    if gains is None:
        return F.linear(v, w, b)
    u = F.linear(v, w)
    u = torch.unflatten(u, -1, (-1, size))  # (..., gates, H)
    normalised = F.layer_norm(u, (size,), eps=EPSILON).flatten(-2) * gains
    return normalised if b is None else normalised + b


def gru_step(x: Tensor, state: tuple[Tensor, ...], recurrence: Recurrence) -> tuple[Tensor, ...]:
    """One step of the GRU that resets after the product; x (b, 3H) are the projected inputs."""
    (h,) = state
    x_r, x_z, x_n = x.chunk(3, dim=-1)
    h_r, h_z, h_n = recurrence(h).chunk(3, dim=-1)
    r, z = torch.sigmoid(x_r + h_r), torch.sigmoid(x_z + h_z)
    n = torch.tanh(x_n + r * h_n)
    return (n + z * (h - n),)


def gru_reset_before_step(x: Tensor, state: tuple[Tensor, ...], recurrence: Recurrence) -> tuple[Tensor, ...]:
    """One step of the GRU of Cho et al. 2014, `n = tanh(W_in x + b_in + W_hn (r * h) + b_hn)`; x (b, 3H) as above."""
    (h,) = state
    size = h.shape[-1]
    x_rz, x_n = torch.split(x, [2 * size, size], dim=-1)
    r, z = torch.sigmoid(x_rz + recurrence(h, 0, 2)).chunk(2, dim=-1)
    n = torch.tanh(x_n + recurrence(r * h, 2))
    return (n + z * (h - n),)


def lstm_step(x: Tensor, state: tuple[Tensor, ...], recurrence: Recurrence) -> tuple[Tensor, ...]:
    """One step of the LSTM; x (b, 4H) are the projected inputs."""
    h, c = state
    i, f, g, o = (x + recurrence(h)).chunk(4, dim=-1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


def rnn_tanh_step(x: Tensor, state: tuple[Tensor, ...], recurrence: Recurrence) -> tuple[Tensor, ...]:
    """One step of the tanh RNN; x (b, H) are the projected inputs."""
    (h,) = state
    return (torch.tanh(x + recurrence(h)),)


def mgu_step(x: Tensor, state: tuple[Tensor, ...], recurrence: Recurrence) -> tuple[Tensor, ...]:
    """One step of the MGU; x (b, 2H) are the projected inputs."""
    (h,) = state
    x_f, x_n = x.chunk(2, dim=-1)
    f = torch.sigmoid(x_f + recurrence(h, 0, 1))
    n = torch.tanh(x_n + recurrence(f * h, 1))
    return (h + f * (n - h),)


def ligru_step(x: Tensor, state: tuple[Tensor, ...], recurrence: Recurrence) -> tuple[Tensor, ...]:
    """One step of the Li-GRU; x (b, 2H) are the projected inputs."""
    (h,) = state
    a_z, a_n = (x + recurrence(h)).chunk(2, dim=-1)
    z, n = torch.sigmoid(a_z), torch.relu(a_n)
    return (n + z * (h - n),)


def fastgrnn_step(x: Tensor, state: tuple[Tensor, ...], recurrence: Recurrence) -> tuple[Tensor, ...]:
    """One step of the FastGRNN; x (b, 2H) is the projected input with b_z, then with b_n; b_hh holds s(zeta), s(nu)."""
    (h,) = state
    assert recurrence.b_hh is not None
    zeta, nu = recurrence.b_hh.chunk(2)
    x_z, x_n = x.chunk(2, dim=-1)
    a = F.linear(h, recurrence.w_hh)
    z, n = torch.sigmoid(x_z + a), torch.tanh(x_n + a)
    return ((zeta * (1 - z) + nu) * n + z * h,)


Step = Callable[[Tensor, tuple[Tensor, ...], Recurrence], tuple[Tensor, ...]]
STEPS: dict[str, Step] = {
    "gru": gru_step,
    "gru_reset_before": gru_reset_before_step,
    "lstm": lstm_step,
    "mgu": mgu_step,
    "ligru": ligru_step,
    "fastgrnn": fastgrnn_step,
    "rnn_tanh": rnn_tanh_step,
}


def project(cell: str, given: Inputs) -> Tensor:
    """What of the gates comes from the input, (..., G*H); of a FastGRNN (..., 2H), the one product with either bias."""
    if cell != "fastgrnn":
        return product(given.x, given.w_ih, given.b_ih, given.layer_norm_ih, given.h0.shape[-1])
    assert given.b_ih is not None
    return F.linear(given.x, given.w_ih).tile(2) + given.b_ih


def run(cell: str, given: Inputs) -> tuple[Tensor, ...]:
    """Return y, laid out as x, and the last states, (B, H) each."""
    return run_projected(cell, project(cell, given), given)


def run_projected(cell: str, projected: Tensor, given: Inputs) -> tuple[Tensor, ...]:
    """As `run`, from the products of the inputs, (..., G*H); reads neither x nor the weights that x meets."""
    offsets, resets = given.offsets, given.resets
    recurrence = Recurrence(given.w_hh, given.b_hh, given.layer_norm_hh, given.dropout_mask)
    axis = 1 if given.batch_first and offsets is None else 0
    sizes = None if offsets is None else offsets.diff().tolist()
    steps = projected.unbind(axis) if sizes is None else torch.split(projected, sizes)
    keep = None if resets is None else (resets == 0).to(projected.dtype).unsqueeze(-1)
    kept = None if keep is None else keep.unbind(axis) if sizes is None else torch.split(keep, sizes)
    state: tuple[Tensor, ...] = (given.h0,) if given.c0 is None else (given.h0, given.c0)
    found = {}
    for t in reversed(range(len(steps))) if given.reverse else range(len(steps)):
        running = len(steps[t])
        before = tuple(s[:running] if kept is None else s[:running] * kept[t] for s in state)
        now = STEPS[cell](steps[t], before, recurrence)
        if given.zoneout > 0.0:
            now = tuple(
                zoneout.mix(old, new, given.zoneout, given.zoneout_seed, stream, t)
                for stream, (old, new) in enumerate(zip(before, now, strict=True))
            )
        # the others have ended, or in reverse not yet begun
        state = tuple(
            torch.cat([new, old[running:]]) if running < len(old) else new for new, old in zip(now, state, strict=True)
        )
        found[t] = now[0]
    outputs = [found[t] for t in range(len(steps))]
    return (torch.stack(outputs, axis) if sizes is None else torch.cat(outputs), *state)


def gradients(
    cell: str, upstream: Sequence[Tensor | None], given: Inputs, wanted: Sequence[bool]
) -> list[Tensor | None]:
    """Return the gradients of the first inputs, as many as `wanted` speaks of, themselves differentiable.

    `upstream` is for y and the last states.
    """
    pairs = [(y, dy) for y, dy in zip(run(cell, given), upstream, strict=False) if dy is not None]
    asked = [t for t, need in zip(given.tensors, wanted, strict=False) if need and t is not None]
    found = iter(
        torch.autograd.grad([y for y, _ in pairs], asked, [dy for _, dy in pairs], create_graph=True, allow_unused=True)
    )
    return [next(found) if need and t is not None else None for t, need in zip(given.tensors, wanted, strict=False)]
