"""Stacked cells that came from elsewhere, as a plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gatelet import plan as p
from gatelet.reference import LayerWeights

CELLS: dict[str, type[p.Recurrent]] = {"GRU": p.GRU, "LSTM": p.LSTM, "RNN": p.RNN}


@dataclass(frozen=True)
class Layer:
    """One layer: a cell in each direction.

    Attributes:
        kind: "GRU", "LSTM" or "RNN".
        directions: the weights of one, or of the forward and the reverse one.
        settings: of the cell, such as `reset_after`.
        reverse: the one direction is the reverse one.
    """

    kind: str
    directions: tuple[LayerWeights, ...]
    settings: dict[str, Any] = field(default_factory=dict)
    reverse: bool = False


def stacked(layers: Sequence[Layer], features: dict[str, Any]) -> p.Plan:
    """A plan that reads `x` and writes `y`, the states of the last layer.

    Step by step where every layer reads forward; else a step is a whole sequence, "time" the first axis of x and y.

    Raises:
        ModelError: the layers do not fit each other, or hold what is not finite.
    """
    whole = any(layer.reverse or len(layer.directions) > 1 for layer in layers)
    operations: list[p.Operation] = []
    source, width = "x", 0
    for number, layer in enumerate(layers):
        target = "y" if number + 1 == len(layers) else f"l{number}"
        both = len(layer.directions) > 1
        names = [f"{target}.forward", f"{target}.reverse"] if both else [target]
        for name, weights in zip(names, layer.directions, strict=True):
            reverse = layer.reverse or name == f"{target}.reverse"
            operations.append(_cell(layer, weights, source, name, whole, reverse))
        if both:
            operations.append(p.Concatenate(tuple(names), target))
        source, width = target, sum(weights.weight_hh.shape[-1] for weights in layer.directions)
    inputs = layers[0].directions[0].weight_ih.shape[-1]
    head: tuple[str, ...] = ("time",) if whole else ()
    return p.Plan(
        "Recurrent",
        (p.Value("x", (*head, inputs)),),
        tuple(operations),
        (p.Value("y", (*head, width)),),
        {"kind": "imported", **features},
    )


def _cell(layer: Layer, weights: LayerWeights, source: str, name: str, whole: bool, reverse: bool) -> p.Operation:
    arrays = (weights.weight_ih, weights.weight_hh, weights.bias_ih, weights.bias_hh)
    parts = [np.ascontiguousarray(array, np.float32) for array in arrays]
    over = "rows" if whole else "steps"
    kind: Any = CELLS[layer.kind]
    operation: p.Operation = kind(source, name, *parts, over=over, reverse=reverse, **layer.settings)
    return operation
