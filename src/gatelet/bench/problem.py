"""What every layer computes at one shape: the same numbers for all, from one seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gatelet.bench.shapes import Shape

Floats = NDArray[np.float32]

GATES = {"gru": 3, "lstm": 4}


@dataclass(frozen=True)
class Problem:
    """One layer's input, weights (PyTorch's names and gate order), and the gradient of a loss for its output."""

    cell: str  # "gru" or "lstm"
    shape: Shape
    x: Floats  # (T, B, I)
    dy: Floats  # (T, B, H)
    weight_ih: Floats  # (G*H, I)
    weight_hh: Floats  # (G*H, H)
    bias_ih: Floats  # (G*H,)
    bias_hh: Floats  # (G*H,)


def problem(cell: str, shape: Shape, seed: int) -> Problem:
    """Draw a problem: normal x and dy, weights as PyTorch initialises them."""
    generator = np.random.default_rng(seed)
    rows, bound = GATES[cell] * shape.hidden, shape.hidden**-0.5

    def normal(last: int) -> Floats:
        return generator.standard_normal((shape.steps, shape.batch, last), np.float32)

    def uniform(*sizes: int) -> Floats:
        return (generator.random(sizes, np.float32) * 2 - 1) * np.float32(bound)

    x, dy = normal(shape.inputs), normal(shape.hidden)
    weights = uniform(rows, shape.inputs), uniform(rows, shape.hidden), uniform(rows), uniform(rows)
    return Problem(cell, shape, x, dy, *weights)
