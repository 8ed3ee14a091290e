"""Integer stacks as tests of deployment need them."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gatelet.deploy.quantization import IntegerStack, calibrate, quantize_stack
from gatelet.reference import LayerWeights, from_names
from gatelet.runtime import Kind

GATES = {"gru": 3, "lstm": 4, "fastgrnn": 1}


def float_layers(kind: str, inputs: int, units: int, layers: int, *, scale: float = 1.0) -> tuple[LayerWeights, ...]:
    """Weights as PyTorch draws them, times `scale`."""
    rng = np.random.default_rng(inputs * 1000 + units * 10 + layers)
    gates, names, bound = GATES[kind], dict[str, Any](), scale / np.sqrt(units)
    for k in range(layers):
        names[f"weight_ih_l{k}"] = rng.uniform(-bound, bound, (gates * units, units if k else inputs))
        names[f"weight_hh_l{k}"] = rng.uniform(-bound, bound, (gates * units, units))
        names[f"bias_ih_l{k}"] = rng.uniform(-bound, bound, max(gates, 2) * units)
        if kind == "fastgrnn":
            names[f"scales_l{k}"] = np.array([1.0, -4.0])
        else:
            names[f"bias_hh_l{k}"] = rng.uniform(-bound, bound, gates * units)
    return from_names(names)


@pytest.fixture(scope="session")
def draw_layers() -> Callable[..., tuple[LayerWeights, ...]]:
    """`float_layers`."""
    return float_layers


@pytest.fixture(scope="session")
def draw_stack() -> Callable[..., IntegerStack]:
    """An integer stack: kind, inputs, units, layers."""

    def draw(kind: Kind, inputs: int, units: int, layers: int) -> IntegerStack:
        weights = float_layers(kind, inputs, units, layers)
        x = np.random.default_rng(0).normal(size=(300, 1, inputs))
        return quantize_stack(kind, weights, calibrate(kind, weights, x))

    return draw
