"""Torch layers as operations of a plan."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from torch import Tensor, nn

from gatelet import plan
from gatelet.errors import ModelError
from gatelet.nn.low_rank import multiplied_out
from gatelet.nn.recurrent import RecurrentLayer
from gatelet.plan.values import Weights
from gatelet.reference import LayerWeights, from_names

__all__ = ["array", "dense", "recurrent"]

_CELLS: dict[str, type[plan.Recurrent]] = {
    "GRU": plan.GRU,
    "LSTM": plan.LSTM,
    "RNN_TANH": plan.RNN,
    "MGU": plan.MGU,
    "LIGRU": plan.LiGRU,
    "FASTGRNN": plan.FastGRNN,
    "MIN_GRU": plan.MinGRU,
    "MIN_LSTM": plan.MinLSTM,
}


def array(weight: Tensor) -> Weights:
    """A weight as NumPy float32."""
    values: Weights = weight.detach().float().cpu().numpy()
    return values


def dense(layer: nn.Linear, source: str, target: str, activation: str = "linear") -> plan.Dense:
    """A linear layer as an operation."""
    bias = None if layer.bias is None else array(layer.bias)
    return plan.Dense(source, target, array(layer.weight), bias, activation)


def recurrent(
    layer: RecurrentLayer[Any],
    source: str,
    target: str,
    *,
    over: str = "steps",
    starts: tuple[tuple[str, ...], ...] = (),
    restart: int = 0,
    cells: bool = False,
) -> list[plan.Operation]:
    """A stack of cells, perhaps in both directions, as operations.

    The states of layer k are written under `target.l{k}`, and those of the last layer under `target`; each direction of
    two is also there, with `.forward` or `.reverse` after `target.l{k}`.

    Args:
        layer: any of `gatelet.nn`, as it is outside training.
        source: name of what it reads.
        target: name of what its last layer writes.
        over: "steps", "rows" or "each", see `gatelet.plan.Recurrent`.
        starts: for each layer the names of the values at which its states begin; () for zeros.
        restart: steps after which the states are zero again; 0 for never.
        cells: the states c of an LSTM are written too, with `.c` after the name.

    Raises:
        ModelError: the layer has what a plan cannot say: a projection, zoneout, or both directions over steps.
    """
    kind = type(layer).__name__
    if layer.mode not in _CELLS:
        raise ModelError(f"A plan must be of cells that it knows; {kind} is none.")
    if layer.proj_size or layer.zoneout:
        raise ModelError(f"A plan cannot hold a {kind} with {'a projection' if layer.proj_size else 'zoneout'}.")
    if layer.bidirectional and over != "rows":
        raise ModelError(f"A {kind} that reads from both ends must have the whole sequence; it is to run over {over}.")
    weights, factors = iter(_weights(layer)), iter(_factors(layer))
    operations: list[plan.Operation] = []
    for depth in range(layer.num_layers):
        joined = target if depth + 1 == layer.num_layers else f"{target}.l{depth}"
        names = [f"{target}.l{depth}.{way}" for way in ("forward", "reverse")] if layer.bidirectional else [joined]
        for name in names:
            settings: dict[str, Any] = {"over": over, "restart": restart, "reverse": name != names[0]}
            settings["start"] = starts[depth] if starts else ()
            if cells and layer.mode == "LSTM":
                settings["cell"] = f"{name}.c"
            settings |= next(factors)
            operations.append(_cell(layer, next(weights), source, name, settings))
        if layer.bidirectional:
            operations.append(plan.Concatenate(tuple(names), joined))
        source = joined
    return operations


def _cell(
    layer: RecurrentLayer[Any], weights: LayerWeights, source: str, target: str, settings: dict[str, Any]
) -> plan.Operation:
    parts = [_single(part) for part in (weights.weight_ih, weights.weight_hh, weights.bias_ih, weights.bias_hh)]
    parts[1] = settings.pop("left", parts[1])
    if weights.layer_norm_ih is not None and weights.layer_norm_hh is not None:
        settings["layer_norm_ih"] = _single(weights.layer_norm_ih)
        settings["layer_norm_hh"] = _single(weights.layer_norm_hh)
    if weights.scales is not None:  # a FastGRNN, whose biases are both of the input
        settings["scales"], parts[3] = _single(weights.scales), np.zeros(0, np.float32)
    if layer.mode == "GRU":
        settings["reset_after"] = bool(getattr(layer, "reset_after", True))
    kind: Any = _CELLS[layer.mode]
    operation: plan.Operation = kind(source, target, *parts, **settings)
    return operation


def _weights(layer: RecurrentLayer[Any]) -> tuple[LayerWeights, ...]:
    """The weights of all layers and directions, those of low rank multiplied out."""
    names = (name for names in layer._all_weights for name in names)
    weights = multiplied_out({name: getattr(layer, name).detach().double() for name in names})
    return from_names({name: weight.cpu().numpy() for name, weight in weights.items()})


def _factors(layer: RecurrentLayer[Any]) -> Iterator[dict[str, Weights]]:
    """Of each layer and direction, the two factors of W_hh; nothing where a plan knows but their product."""
    for names in layer._all_weights:
        found = {side: name for name in names for side in ("left", "right") if name.startswith(f"weight_hh_{side}")}
        known = layer.mode == "LSTM" or (layer.mode == "GRU" and getattr(layer, "reset_after", True))
        yield {side: array(getattr(layer, name)) for side, name in found.items() if known and not layer.layer_norm}


def _single(weights: Any) -> Weights:
    return np.ascontiguousarray(weights, np.float32)
