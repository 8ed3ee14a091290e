"""A training that sees the rounding of the integers: quantization-aware, with straight-through gradients.

Weights are rounded row by row by the rule that makes the integers, and what cells and dense layers read is rounded to
its unit; the gradient takes both for the identity. The rounding of states between two steps is left out: it is 2^-15,
hundreds of times below that of the weights.

Source: Jacob et al., Quantization and training of neural networks for efficient integer-arithmetic-only inference,
CVPR 2018 (arXiv:1712.05877).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from gatelet import plan as p
from gatelet.deploy.quantization import Converted
from gatelet.deploy.quantization.rounding import Rounding, roundings
from gatelet.nn.planning import array
from gatelet.plan.operation import weights_of


@contextmanager
def rounded(network: nn.Module, made: Converted) -> Iterator[None]:
    """Let a network compute with rounded weights and inputs as long as this lasts; it keeps its own ones.

    Args:
        network: with the weights that the plan was made from.
        made: the integers that they became.
    """
    places = _places(network)
    hooks, rounds = [], list[tuple[nn.Module, str]]()
    for operation, integer in made.pairs:
        rules = roundings(operation, integer, made)
        for field, weights in weights_of(operation).items():
            module, name = places.get(weights.tobytes(), (None, ""))
            if module is None or field not in rules or parametrize.is_parametrized(module, name):
                continue
            parametrize.register_parametrization(module, name, _Rounded(rules[field], getattr(module, name)))
            rounds.append((module, name))
            if field not in ("table", "weight_hh", "right") and _outermost(operation, made):
                hooks.append(module.register_forward_pre_hook(_Reads(made.units[_source(operation)])))
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
        for module, name in rounds:
            parametrize.remove_parametrizations(module, name, leave_parametrized=False)


class _Rounded(nn.Module):
    """A weight, rounded; its gradient is that of the weight itself. Where it was zero it stays so: it may be pruned."""

    def __init__(self, rule: Rounding, weight: Tensor) -> None:
        super().__init__()
        self._rule, self._there = rule, (weight.detach() != 0).to(weight)

    def forward(self, weight: Tensor) -> Tensor:
        weight = weight * self._there
        values = weight.detach().double().cpu().numpy()
        return weight + (torch.from_numpy(self._rule(values)).to(weight) - weight).detach()


class _Reads:
    """What a module reads, rounded to a unit and clamped."""

    def __init__(self, unit: float) -> None:
        self._unit = unit

    def __call__(self, module: nn.Module, given: tuple[Any, ...]) -> tuple[Any, ...]:
        x = given[0]
        if not isinstance(x, Tensor):
            return given
        y = (x.detach() / self._unit + 0.5).floor().clamp(-(2**15), 2**15 - 1) * self._unit
        return (x + (y - x).detach(), *given[1:])


def _places(network: nn.Module) -> dict[bytes, tuple[nn.Module, str]]:
    """Where a weight lies, by its content."""
    found: dict[bytes, tuple[nn.Module, str]] = {}
    for module in network.modules():
        for name, weight in module.named_parameters(recurse=False):
            found.setdefault(np.ascontiguousarray(array(weight)).tobytes(), (module, name))
    return found


def _source(operation: p.Operation) -> str:
    return operation.inputs[0]


def _outermost(operation: p.Operation, made: Converted) -> bool:
    """Whether what an operation reads comes from outside its module: not from the cell below it."""
    return not any(
        isinstance(before, p.Recurrent) and isinstance(operation, p.Recurrent) and _source(operation) in before.outputs
        for before, _ in made.pairs
    )
