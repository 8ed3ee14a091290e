"""How layers are stacked and a batch is laid out: the arguments that the functions of all cells share."""

from typing import Required, TypedDict

import torch
from torch import Tensor
from torch.nn import functional as F

__all__ = ["Stack", "check_steps", "places"]


class Stack(TypedDict, total=False):
    """Keyword arguments of every cell's function; what is not given is False, 0 or None, but `bias`, which is True.

    Attributes:
        num_layers: L.
        bidirectional: whether D is 2.
        bias: whether `weights` has biases.
        dropout: share of the outputs of all layers but the last that is zeroed in training.
        training: whether dropout, zoneout's draws and recurrent dropout are on.
        batch_first: layout of the input and of the output, if not packed.
        batch_sizes: (T,) int64 on the CPU, sequences that are still running at each step of a packed input.
        resets: as the input without its last axis; where true, the state is zero before that step, in either
            direction, as at the start of an episode.
    """

    num_layers: Required[int]
    bidirectional: bool
    bias: bool
    dropout: float
    training: bool
    batch_first: bool
    batch_sizes: Tensor | None
    resets: Tensor | None


def check_steps(x: Tensor, stack: Stack) -> None:
    """Raise RuntimeError, in the words of torch.gru, if a padded input has no steps."""
    if stack.get("batch_sizes") is None and x.shape[1 if stack.get("batch_first", False) else 0] == 0:
        raise RuntimeError("Expected sequence length to be larger than 0 in RNN")


def places(stack: Stack) -> tuple[Tensor | None, Tensor | None]:
    """Where each step of a packed input begins, (T+1,); and the resets as bytes."""
    batch_sizes, resets = stack.get("batch_sizes"), stack.get("resets")
    offsets = None if batch_sizes is None else F.pad(batch_sizes.cumsum(0), (1, 0))
    return offsets, None if resets is None else (resets != 0).to(torch.uint8)
