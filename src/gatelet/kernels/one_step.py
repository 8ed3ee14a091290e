"""One step of a cell: PyTorch's own operator where it has one, else the equations in PyTorch's operators.

The native kernels are made for sequences: they would first pack the weights, which takes longer than the step.
"""

import torch
from torch import Tensor

from gatelet.kernels import unrolled
from gatelet.kernels.inputs import Inputs

__all__ = ["run"]


def run(cell: str, given: Inputs) -> tuple[Tensor, ...]:
    """Return the states that follow, (B, H) each; x is (B, I)."""
    weights = (given.w_ih, given.w_hh, given.b_ih, given.b_hh)
    if given.layer_norm_ih is None and given.zoneout == 0.0:
        if cell == "gru":
            return (torch.gru_cell(given.x, given.h0, *weights),)
        if cell == "rnn_tanh":
            return (torch.rnn_tanh_cell(given.x, given.h0, *weights),)
        if cell == "lstm" and given.c0 is not None:
            return torch.lstm_cell(given.x, (given.h0, given.c0), *weights)
    _, *states = unrolled.run(cell, given._replace(x=given.x.unsqueeze(0)))
    return tuple(states)
