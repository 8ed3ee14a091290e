"""Whether rounding errors stay what they are, or grow from step to step."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gatelet.deploy.quantization.stack import IntegerStack
from gatelet.reference import Array, LayerWeights, fastgrnn, gru, lstm, stacked

__all__ = ["Drift", "drift"]


@dataclass(frozen=True)
class Drift:
    """How far the integers are from float64, by stretches of steps of equal length."""

    steps: int
    largest: Array  # (stretches,) the largest difference of any value of y
    mean: Array  # (stretches,) the mean difference, with its sign: a bias that grows would show here

    @property
    def grows(self) -> bool:
        """Whether the last stretch is more than twice as far away as the median one."""
        return bool(self.largest[-1] > 2 * np.median(self.largest))


def drift(layers: Sequence[LayerWeights], stack: IntegerStack, x: Array, *, stretches: int = 10) -> Drift:
    """Run float64 and integers over one sequence, (T, I), and compare their outputs."""
    states = np.zeros((len(layers), 1, layers[0].state_size))
    if stack.kind == "lstm":
        expected = stacked.forward(lstm.forward, x[:, None], (states, states), layers)[0]
    else:
        forward = gru.forward if stack.kind == "gru" else fastgrnn.forward
        expected = stacked.forward(forward, x[:, None], states, layers)[0]
    y, _ = stack.run(stack.integers(x), stack.initial_state())
    difference = np.array_split(y * stack.y_unit - expected[:, 0], stretches)
    return Drift(
        len(x),
        np.array([np.abs(part).max() for part in difference]),
        np.array([part.mean() for part in difference]),
    )
