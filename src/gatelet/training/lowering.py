"""Recurrent weights of low rank: each W_hh becomes two factors before the training, which then trains those.

    W_hh (G*H, H) = left (G*H, R) right (R, H)

They begin as the nearest product to the weights that are there, so a model that was trained before loses least. A step
multiplies R (G*H + H) numbers instead of G*H*H.

Source: Lu, Sindhwani, Sainath, Learning compact recurrent neural networks, ICASSP 2016 (arXiv:1604.02594).
"""

from __future__ import annotations

from torch import nn

from gatelet.errors import GateletError
from gatelet.nn.low_rank import lower
from gatelet.training.pruning import GATES, gated_layers, prunable, there


def lower_layers(network: nn.Module, rank: int) -> None:
    """Give the recurrent matrices of a network this rank; those that have it already stay as they are.

    Raises:
        GateletError: no layer has such matrices, they have a lower rank, blocks of them are pruned, or their factors
            would be no smaller.
    """
    layers = gated_layers(network)
    if all(layer.rank_hh is None for layer in layers):
        if not all(there(weight, gates).all() for weight, gates in prunable(network, inputs=True)):
            raise GateletError("Weights that get a low rank must have all their blocks; some of these are pruned.")
    for layer in layers:
        gates, size = GATES[layer.mode], layer.hidden_size
        most = (gates * size * size - 1) // (gates * size + size) if layer.rank_hh is None else layer.rank_hh
        if rank > most:
            why = "above which two factors have no fewer weights" if layer.rank_hh is None else "the rank that it has"
            raise GateletError(
                f"rank of {'an' if layer.mode == 'LSTM' else 'a'} {layer.mode} of {size} units must be at most {most}, "
                f"{why}; got {rank}."
            )
    for layer in layers:
        if layer.rank_hh != rank:
            lower(layer, rank)
