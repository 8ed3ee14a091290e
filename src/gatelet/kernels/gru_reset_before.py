"""The GRU of Cho et al. 2014, whose reset gate acts before the recurrent product, composed of PyTorch's operators.

A padded batch is a packed one in which every sequence runs to the end, so all the work is done on packed sequences.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

__all__ = ["gru_reset_before"]


def gru_reset_before(
    x: Tensor,
    h0: Tensor,
    weights: Sequence[Tensor],
    *,
    bidirectional: bool,
    bias: bool,
    dropout: float,
    batch_first: bool,
    batch_sizes: Tensor | None,
) -> tuple[Tensor, Tensor]:
    """Run stacked GRUs, `n = tanh(W_in x + b_in + W_hn (r * h) + b_hn)`; see `gatelet.kernels.recurrent.gru`."""
    per_cell = 4 if bias else 2
    cells = [weights[k : k + per_cell] for k in range(0, len(weights), per_cell)]
    if batch_sizes is not None:
        return _stack(x, batch_sizes.tolist(), h0, cells, bidirectional, dropout)
    x = x.transpose(0, 1) if batch_first else x
    steps, batch, _ = x.shape
    if steps == 0:
        raise RuntimeError("Expected sequence length to be larger than 0 in RNN")  # the words of torch.gru
    y, h_n = _stack(x.flatten(0, 1), [batch] * steps, h0, cells, bidirectional, dropout)
    y = y.view(steps, batch, y.shape[-1])
    return y.transpose(0, 1) if batch_first else y, h_n


def _stack(
    x: Tensor,  # (N, I)
    sizes: list[int],
    h0: Tensor,
    cells: Sequence[Sequence[Tensor]],
    bidirectional: bool,
    dropout: float,
) -> tuple[Tensor, Tensor]:
    directions = 2 if bidirectional else 1
    last_states = []
    for k in range(0, len(cells), directions):
        if k > 0:
            x = F.dropout(x, dropout)
        runs = [_layer(x, sizes, h0[k + d], *cells[k + d], reverse=d == 1) for d in range(directions)]
        x = torch.cat([y for y, _ in runs], dim=-1)
        last_states += [h for _, h in runs]
    return x, torch.stack(last_states)


def _layer(
    x: Tensor,  # (N, I)
    sizes: list[int],
    h: Tensor,  # (B, H)
    weight_ih: Tensor,
    weight_hh: Tensor,
    bias_ih: Tensor | None = None,
    bias_hh: Tensor | None = None,
    *,
    reverse: bool,
) -> tuple[Tensor, Tensor]:
    size = h.shape[-1]
    w_rz, w_n = torch.split(weight_hh, [2 * size, size])
    b_rz, b_n = (None, None) if bias_hh is None else torch.split(bias_hh, [2 * size, size])
    inputs = torch.split(
        F.linear(x, weight_ih, bias_ih), sizes
    )  # per step (b, 3H), for the b sequences that are running
    states = []
    for from_x in reversed(inputs) if reverse else inputs:
        running = h[: len(from_x)]
        x_rz, x_n = torch.split(from_x, [2 * size, size], dim=-1)
        r, z = torch.sigmoid(x_rz + F.linear(running, w_rz, b_rz)).chunk(2, dim=-1)
        n = torch.tanh(x_n + F.linear(r * running, w_n, b_n))
        states.append(n + z * (running - n))
        h = torch.cat([states[-1], h[len(from_x) :]])  # the others have ended, or in reverse not yet begun
    return torch.cat(states[::-1] if reverse else states), h
