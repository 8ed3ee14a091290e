"""Weights by the names that torch.nn.GRU, LSTM and RNN give them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from gatelet import plan as p
from gatelet.deploy.importing.stacks import Layer, stacked
from gatelet.errors import ModelError
from gatelet.reference import LayerWeights

NAME = re.compile(r"(?P<prefix>(?:.*\.)?)[^.]+_l\d{1,3}(?:_reverse)?")
PARTS = ("weight_ih_l", "weight_hh_l", "bias_ih_l", "bias_hh_l")
KINDS = {1: "RNN", 3: "GRU", 4: "LSTM"}
MOST_LAYERS = 256


def from_torch(weights: Mapping[str, Any], layer: str | None = None) -> p.Plan:
    """The plan of one recurrent layer of torch, stacked and bidirectional as its names say.

    An RNN is taken for one with tanh, which is torch's default.

    Args:
        weights: a state dict, or arrays by the same names: `weight_ih_l0` (G*H, I), `weight_hh_l0`, `bias_ih_l0`, ...,
            perhaps after the name of the layer in its model, as in `encoder.weight_ih_l0`.
        layer: which one, where there are several: "encoder" for that example, "" for names without anything before.

    Raises:
        ModelError: there is no such layer, or its names or shapes are not those of torch.
    """
    found: dict[str, dict[str, Any]] = {}
    for name, array in weights.items():
        if match := NAME.fullmatch(name):
            prefix = match["prefix"].removesuffix(".")
            found.setdefault(prefix, {})[name.removeprefix(match["prefix"])] = array
    found = {prefix: arrays for prefix, arrays in found.items() if "weight_ih_l0" in arrays}
    if not found:
        raise ModelError("The weights must be named weight_ih_l0 and so on; no name is.")
    if layer is None and len(found) > 1:
        raise ModelError(f"One layer must be named, of {', '.join(map(repr, found)):.200}; none was.")
    chosen = next(iter(found)) if layer is None else layer
    if chosen not in found:
        raise ModelError(f"The layer must be one of {', '.join(map(repr, found)):.200}; got {chosen!r:.80}.")
    return stacked(_layers(found[chosen]), {"from": "torch", "layer": chosen})


def _layers(arrays: dict[str, Any]) -> list[Layer]:
    rest = {name: np.asarray(array) for name, array in arrays.items()}
    ways = ("", "_reverse") if "weight_ih_l0_reverse" in rest else ("",)
    strange = [name for name in rest if not name.startswith(PARTS)]
    if strange:
        raise ModelError(f"The layer must have only weights and biases of torch; it also has {strange[0]!r:.80}.")
    layers: list[Layer] = []
    while f"weight_ih_l{len(layers)}" in rest and len(layers) < MOST_LAYERS:
        directions = tuple(_direction(rest, f"_l{len(layers)}{way}") for way in ways)
        height, size = directions[0].weight_hh.shape
        if size == 0 or height % size or height // size not in KINDS:
            raise ModelError(
                f"weight_hh_l{len(layers)} must be that of an RNN, GRU or LSTM; it has {directions[0].weight_hh.shape}."
            )
        layers.append(Layer(KINDS[height // size], directions))
    if rest:
        raise ModelError(f"The layers must be numbered from 0 on and fit each other; {min(rest)!r:.80} is left over.")
    if len({layer.kind for layer in layers}) > 1:
        raise ModelError("All layers of a stack must be of one kind; they are not.")
    return layers


def _direction(rest: dict[str, Any], ending: str) -> LayerWeights:
    matrices = []
    for name in ("weight_ih", "weight_hh"):
        array = rest.pop(f"{name}{ending}", None)
        if array is None or array.ndim != 2 or array.dtype.kind != "f":
            raise ModelError(f"{name}{ending} must be a matrix of numbers; it is missing or something else.")
        matrices.append(array.astype(np.float64))
    biases = [rest.pop(f"{name}{ending}", np.zeros(len(matrices[0]))) for name in ("bias_ih", "bias_hh")]
    return LayerWeights(matrices[0], matrices[1], *(np.asarray(bias, np.float64) for bias in biases))
