"""Matrices of low rank: two thin factors stand in the place of a matrix, and their product is what computes."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from gatelet.nn.recurrent import RecurrentLayer

__all__ = ["check_ranks", "factors_of", "lower", "multiplied_out"]


def check_ranks(**ranks: int | None) -> None:
    """Raise ValueError if a rank is not positive."""
    for name, rank in ranks.items():
        if rank is not None and rank <= 0:
            raise ValueError(f"{name} must be greater than zero, or None for full rank; got {rank}.")


def factors_of(shapes: Mapping[str, tuple[int, ...]], ranks: Mapping[str, int | None]) -> dict[str, tuple[int, ...]]:
    """The shapes of weights, where those with a rank are two factors: `name_left` (M, rank), `name_right` (rank, N)."""
    found: dict[str, tuple[int, ...]] = {}
    for name, shape in shapes.items():
        rank = ranks.get(name)
        if rank is None:
            found[name] = shape
        else:
            found |= {f"{name}_left": (shape[0], rank), f"{name}_right": (rank, shape[1])}
    return found


def multiplied_out(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights by name, with the products in the place of their factors."""
    found: dict[str, Tensor] = {}
    for name, weight in weights.items():
        if "_right_l" in name:
            left = found.pop(name.replace("_right_l", "_left_l"))
            mixed = torch.is_autocast_enabled(weight.device.type)
            # as precise as the other weights are, which autocast casts later, all alike
            with torch.autocast(weight.device.type, enabled=False) if mixed else nullcontext():
                found[name.replace("_right_l", "_l")] = left @ weight
        else:
            found[name] = weight
    return found


def lower(layer: RecurrentLayer[Any], rank: int) -> None:
    """Put two factors in the place of each W_hh of a layer; their product is the nearest matrix of this rank.

    On the meta device, only shapes change.
    """
    check_ranks(rank_hh=rank)
    for place, names in enumerate(layer._all_weights):
        kept: dict[str, Tensor] = {}
        for name, weight in multiplied_out({name: getattr(layer, name) for name in names}).items():
            if name.startswith("weight_hh"):
                left, right = (f"weight_hh_{side}{name.removeprefix('weight_hh')}" for side in ("left", "right"))
                kept[left], kept[right] = _nearest(weight, rank)
            else:
                kept[name] = weight
        for name in names:
            delattr(layer, name)
        for name, weight in kept.items():
            layer.register_parameter(name, weight if isinstance(weight, nn.Parameter) else nn.Parameter(weight))
        layer._all_weights[place] = list(kept)
    layer.rank_hh = rank


def _nearest(weight: Tensor, rank: int) -> tuple[Tensor, Tensor]:
    """Factors (M, rank) and (rank, N) of the matrix of this rank that is nearest to a weight (M, N), of equal norms.

    By the singular value decomposition W = A diag(s) B: the first columns of A sqrt(s), the first rows of sqrt(s) B
    (Eckart and Young, The approximation of one matrix by another of lower rank, 1936).
    """
    if weight.is_meta:
        return weight.new_empty(len(weight), rank), weight.new_empty(rank, weight.shape[1])
    columns, sizes, rows = torch.linalg.svd(weight.detach().double(), full_matrices=False)
    roots = sizes[:rank].sqrt()
    left, right = columns[:, :rank] * roots, roots[:, None] * rows[:rank]
    # row by row: optimizers pass over the memory of a weight and of what they remember of it side by side
    return left.to(weight).contiguous(), right.to(weight).contiguous()
