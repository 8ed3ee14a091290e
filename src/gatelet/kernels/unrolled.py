"""The equations step by step in PyTorch's operators: slow, on any device, and differentiable as often as one likes.

What has no kernel runs here: the GRU that resets before the product, resets in the sequence where the native kernels do
not compute, and the native kernels' second derivative.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from gatelet.kernels.inputs import Inputs

__all__ = ["gradients", "run"]


def gru_step(x: Tensor, state: tuple[Tensor, ...], w_hh: Tensor, b_hh: Tensor | None) -> tuple[Tensor, ...]:
    """One step of the GRU that resets after the product; x (b, 3H) are the projected inputs."""
    (h,) = state
    x_r, x_z, x_n = x.chunk(3, dim=-1)
    h_r, h_z, h_n = F.linear(h, w_hh, b_hh).chunk(3, dim=-1)
    r, z = torch.sigmoid(x_r + h_r), torch.sigmoid(x_z + h_z)
    n = torch.tanh(x_n + r * h_n)
    return (n + z * (h - n),)


def gru_reset_before_step(
    x: Tensor, state: tuple[Tensor, ...], w_hh: Tensor, b_hh: Tensor | None
) -> tuple[Tensor, ...]:
    """One step of the GRU of Cho et al. 2014, `n = tanh(W_in x + b_in + W_hn (r * h) + b_hn)`; x (b, 3H) as above."""
    (h,) = state
    size = h.shape[-1]
    sizes = [2 * size, size]
    x_rz, x_n = torch.split(x, sizes, dim=-1)
    w_rz, w_n = torch.split(w_hh, sizes)
    b_rz, b_n = (None, None) if b_hh is None else torch.split(b_hh, sizes)
    r, z = torch.sigmoid(x_rz + F.linear(h, w_rz, b_rz)).chunk(2, dim=-1)
    n = torch.tanh(x_n + F.linear(r * h, w_n, b_n))
    return (n + z * (h - n),)


def lstm_step(x: Tensor, state: tuple[Tensor, ...], w_hh: Tensor, b_hh: Tensor | None) -> tuple[Tensor, ...]:
    """One step of the LSTM; x (b, 4H) are the projected inputs."""
    h, c = state
    i, f, g, o = (x + F.linear(h, w_hh, b_hh)).chunk(4, dim=-1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


Step = Callable[[Tensor, tuple[Tensor, ...], Tensor, Tensor | None], tuple[Tensor, ...]]
STEPS: dict[str, Step] = {"gru": gru_step, "gru_reset_before": gru_reset_before_step, "lstm": lstm_step}


def run(cell: str, given: Inputs) -> tuple[Tensor, ...]:
    """Return y, laid out as x, and the last states, (B, H) each."""
    offsets, resets = given.offsets, given.resets
    projected = F.linear(given.x, given.w_ih, given.b_ih)
    axis = 1 if given.batch_first and offsets is None else 0
    sizes = None if offsets is None else offsets.diff().tolist()
    steps = projected.unbind(axis) if sizes is None else torch.split(projected, sizes)
    keep = None if resets is None else (resets == 0).to(projected.dtype).unsqueeze(-1)
    kept = None if keep is None else keep.unbind(axis) if sizes is None else torch.split(keep, sizes)
    state: tuple[Tensor, ...] = (given.h0,) if given.c0 is None else (given.h0, given.c0)
    found = {}
    for t in reversed(range(len(steps))) if given.reverse else range(len(steps)):
        running = len(steps[t])
        now = tuple(s[:running] if kept is None else s[:running] * kept[t] for s in state)
        now = STEPS[cell](steps[t], now, given.w_hh, given.b_hh)
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
