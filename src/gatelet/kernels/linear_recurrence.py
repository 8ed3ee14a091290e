"""The recurrence `h_t = keep_t * h_{t-1} + add_t`, unit by unit, in PyTorch's operators.

Both forms run on any device and in any dtype, and are differentiable as often as one likes.
"""

import torch
from torch import Tensor

__all__ = ["parallel", "sequential"]


def sequential(keep: Tensor, add: Tensor, h0: Tensor) -> Tensor:
    """Step by step: T small operators one after the other.

    Args:
        keep: (T, ...), T at least 1.
        add: (T, ...).
        h0: (...).

    Returns:
        (T, ...), all states.
    """
    states = []
    h = h0
    for k, a in zip(keep.unbind(0), add.unbind(0), strict=True):
        h = k * h + a
        states.append(h)
    return torch.stack(states)


def parallel(keep: Tensor, add: Tensor, h0: Tensor) -> Tensor:
    """In about 2 log2(T) rounds: two steps in a row are one step, `(k, a) then (k', a') = (k' k, k' a + a')`.

    Neighbours are joined, the half as long sequence is solved, and the states in between follow from it, which is 3 T
    multiplications in all. Nothing is divided and no logarithm taken, so `keep` may be zero and states of any sign.

    Args:
        keep: (T, ...), T at least 1.
        add: (T, ...).
        h0: (...).

    Returns:
        (T, ...), all states.

    Source: Blelloch, Prefix Sums and Their Applications, 1990.
    """
    first = keep[:1] * h0 + add[:1]
    steps = keep.shape[0]
    if steps == 1:
        return first
    # states 1, 3, 5, ... (from 0), as one recurrence that starts from h0
    odd = parallel(keep[1::2] * keep[: steps - 1 : 2], keep[1::2] * add[: steps - 1 : 2] + add[1::2], h0)
    if steps == 2:
        return torch.cat([first, odd])
    inner = steps - 1 - len(odd)  # states 2, 4, ...
    even = torch.cat([first, keep[2::2] * odd[:inner] + add[2::2]])
    if len(even) > len(odd):
        pairs = torch.stack([even[:-1], odd], dim=1).flatten(0, 1)
        return torch.cat([pairs, even[-1:]])
    return torch.stack([even, odd], dim=1).flatten(0, 1)
