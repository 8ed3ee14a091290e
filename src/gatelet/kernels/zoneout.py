"""Zoneout: in training each unit of each step keeps its old state at random; otherwise old and new state are mixed.

    h' = where(draw, h, h~)   in training, where `draw` is true with probability `rate`
    h' = rate * h + (1 - rate) * h~   otherwise

The draw is a hash of a seed, of which state it is, and of the step, sequence and unit. So nothing is stored for
backward, every way of computing draws the same bits, and these do not depend on how the batch is laid out.

Source: Krueger et al., Zoneout: Regularizing RNNs by Randomly Preserving Hidden Activations, ICLR 2017
(arXiv:1606.01305). The mixers: Steele, Lea, Flood, Fast Splittable Pseudorandom Number Generators, OOPSLA 2014, and
C. Wellons, Prospecting for Hash Functions (lowbias32, 2018).
"""

import torch
from torch import Tensor

__all__ = ["CELL_STATE", "STATE", "draw", "mix"]

STATE, CELL_STATE = 0, 1  # streams: draws of h and of c are independent

_32_BITS = 0xFFFFFFFF


def mix(old: Tensor, new: Tensor, rate: float, seed: Tensor | None, stream: int, step: int) -> Tensor:
    """Give the state after a step.

    Args:
        old: (b, H) state before, of the first b sequences of the batch.
        new: (b, H) state that the cell computed.
        rate: share of the old state that is kept.
        seed: one int64 in training, else None.
        stream: STATE or CELL_STATE.
        step: t.
    """
    if seed is None:
        return new + rate * (old - new)
    return torch.where(draw(seed, rate, stream, step, *new.shape), old, new)


def draw(seed: Tensor, rate: float, stream: int, step: int, batch: int, hidden: int) -> Tensor:
    """Draw which units keep their old state, (batch, hidden) bool.

    With all numbers unsigned, `step * 2^32 + sequence` and `seed + stream` become a key of two words per row, `low` and
    `high`; of unit j the hash of `(j * 0x9E3779B9 ^ low)` and then `high` is compared to the rate, both in 24 bits.
    """
    device = seed.device
    key = _mix64(seed.reshape(()) + _signed64((stream + 1) * 0x9E3779B97F4A7C15))
    rows = torch.arange(batch, device=device) + (step << 32)
    key = _mix64(key ^ rows).unsqueeze(1)
    low, high = key & _32_BITS, (key >> 32) & _32_BITS
    v = (torch.arange(hidden, device=device) * 0x9E3779B9 & _32_BITS) ^ low
    v = (v ^ (v >> 16)) * 0x7FEB352D & _32_BITS
    v = v ^ (v >> 15) ^ high
    v = v * 0x846CA68B & _32_BITS
    v = v ^ (v >> 16)
    return (v >> 8) < int(rate * 2**24)


def _mix64(v: Tensor) -> Tensor:
    """The finalizer of SplitMix64; int64 products wrap as unsigned ones do."""
    v = (v ^ _shifted(v, 30)) * _signed64(0xBF58476D1CE4E5B9)
    v = (v ^ _shifted(v, 27)) * _signed64(0x94D049BB133111EB)
    return v ^ _shifted(v, 31)


def _shifted(v: Tensor, by: int) -> Tensor:
    return (v >> by) & ((1 << (64 - by)) - 1)  # without the sign


def _signed64(value: int) -> int:
    value &= 2**64 - 1
    return value - 2**64 if value >= 2**63 else value
