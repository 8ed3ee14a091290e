"""The equations step by step in PyTorch's operators: slow, and differentiable as often as one likes.

The native kernels have a first derivative only; the second is taken here.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

__all__ = ["gradients", "run"]


def gru_step(x: Tensor, state: tuple[Tensor, ...], w_hh: Tensor, b_hh: Tensor | None) -> tuple[Tensor, ...]:
    """One step of the GRU that resets after the product; x (b, 3H) are the projected inputs."""
    (h,) = state
    x_r, x_z, x_n = x.chunk(3, dim=-1)
    h_r, h_z, h_n = F.linear(h, w_hh, b_hh).chunk(3, dim=-1)
    r, z = torch.sigmoid(x_r + h_r), torch.sigmoid(x_z + h_z)
    n = torch.tanh(x_n + r * h_n)
    return (n + z * (h - n),)


def lstm_step(x: Tensor, state: tuple[Tensor, ...], w_hh: Tensor, b_hh: Tensor | None) -> tuple[Tensor, ...]:
    """One step of the LSTM; x (b, 4H) are the projected inputs."""
    h, c = state
    i, f, g, o = (x + F.linear(h, w_hh, b_hh)).chunk(4, dim=-1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


def run(
    cell: str,
    x: Tensor,  # (T, B, I), (B, T, I) or packed (N, I)
    states: Sequence[Tensor],  # h0 (B, H), of an LSTM also c0
    weights: Sequence[Tensor | None],  # w_ih, w_hh, b_ih, b_hh
    offsets: Tensor | None,  # (T + 1,) if packed
    resets: Tensor | None,  # as x without its last axis
    batch_first: bool,
    reverse: bool,
) -> tuple[Tensor, ...]:
    """Return y, laid out as x, and the last states, (B, H) each."""
    w_ih, w_hh, b_ih, b_hh = weights
    assert w_ih is not None and w_hh is not None
    projected = F.linear(x, w_ih, b_ih)
    axis = 1 if batch_first and offsets is None else 0
    sizes = None if offsets is None else offsets.diff().tolist()
    steps = projected.unbind(axis) if sizes is None else torch.split(projected, sizes)
    keep = None if resets is None else (resets == 0).to(x.dtype).unsqueeze(-1)
    kept = None if keep is None else keep.unbind(axis) if sizes is None else torch.split(keep, sizes)
    step = gru_step if cell == "gru" else lstm_step
    state, found = tuple(states), {}
    for t in reversed(range(len(steps))) if reverse else range(len(steps)):
        running = len(steps[t])
        now = tuple(s[:running] if kept is None else s[:running] * kept[t] for s in state)
        now = step(steps[t], now, w_hh, b_hh)
        state = tuple(torch.cat([new, old[running:]]) for new, old in zip(now, state, strict=True))
        found[t] = now[0]
    outputs = [found[t] for t in range(len(steps))]
    return (torch.stack(outputs, axis) if sizes is None else torch.cat(outputs), *state)


def gradients(
    cell: str,
    upstream: Sequence[Tensor | None],  # of y and the last states
    tensors: Sequence[Tensor | None],  # x, the states, four weights, offsets and resets
    batch_first: bool,
    reverse: bool,
    wanted: Sequence[bool],
) -> list[Tensor | None]:
    """Return the gradients of x, the states and the weights, themselves differentiable."""
    *inputs, offsets, resets = tensors
    x, *states_and_weights = inputs
    assert x is not None
    states = [s for s in states_and_weights[:-4] if s is not None]
    outputs = run(cell, x, states, states_and_weights[-4:], offsets, resets, batch_first, reverse)
    pairs = [(y, dy) for y, dy in zip(outputs, upstream, strict=True) if dy is not None]
    asked = [t for t, need in zip(inputs, wanted, strict=False) if need and t is not None]
    found = iter(
        torch.autograd.grad([y for y, _ in pairs], asked, [dy for _, dy in pairs], create_graph=True, allow_unused=True)
    )
    return [next(found) if need and t is not None else None for t, need in zip(inputs, wanted, strict=False)]
