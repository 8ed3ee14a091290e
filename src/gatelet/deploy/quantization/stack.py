"""Integer layers on top of each other."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gatelet.deploy.quantization.calibration import Ranges
from gatelet.deploy.quantization.cells import STATE_UNIT, quantize_cell
from gatelet.reference import Array, LayerWeights
from gatelet.reference.integer import IntegerCell
from gatelet.runtime import Kind, RecurrentLayer, State

__all__ = ["IntegerStack", "quantize_stack"]


@dataclass(frozen=True)
class IntegerStack:
    """A stack of integer cells of one kind."""

    kind: Kind
    cells: tuple[IntegerCell, ...]  # the lowest first
    x_unit: float  # what one unit of the input stands for

    @property
    def y_unit(self) -> float:
        """What one unit of the output stands for."""
        return h_unit(self.kind, self.cells[-1].exponent)

    @cached_property
    def layers(self) -> tuple[RecurrentLayer, ...]:
        """The cells as the C runs them."""
        return tuple(RecurrentLayer(self.kind, cell) for cell in self.cells)

    def integers(self, x: Array) -> NDArray[np.int16]:
        """Round inputs to 16 bits; what does not fit is clamped."""
        return np.clip(np.rint(x / self.x_unit), -(2**15), 2**15 - 1).astype(np.int16)

    def initial_state(self) -> tuple[State, ...]:
        """Zeros, one state per layer."""
        return tuple(layer.initial_state() for layer in self.layers)

    def run(self, x: NDArray[np.int16], state: tuple[State, ...]) -> tuple[NDArray[np.int16], tuple[State, ...]]:
        """Run a sequence in C: (T, I) -> (T, H) in units of `y_unit`, and the state of each layer after it."""
        after = []
        for layer, part in zip(self.layers, state, strict=True):
            x, part = layer.run(x, part)
            after.append(part)
        return x, tuple(after)


def quantize_stack(kind: Kind, layers: Sequence[LayerWeights], ranges: Ranges) -> IntegerStack:
    """Give a stack in integers; `ranges` tell how large its values become."""
    cells, unit = [], ranges.x_unit
    for number, weights in enumerate(layers):
        exponent = ranges.exponent(kind, number)
        cells.append(quantize_cell(kind, weights, unit, exponent=exponent))
        unit = h_unit(kind, exponent)
    return IntegerStack(kind, tuple(cells), ranges.x_unit)


def h_unit(kind: Kind, exponent: int) -> float:
    """What one unit of a hidden state stands for."""
    return STATE_UNIT * 2**exponent if kind == "fastgrnn" else STATE_UNIT
