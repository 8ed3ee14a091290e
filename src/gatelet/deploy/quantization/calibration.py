"""How large inputs and states become, seen over long sequences in float64."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gatelet.reference import Array, LayerWeights, fastgrnn, gru, lstm
from gatelet.runtime import Kind

__all__ = ["Ranges", "calibrate"]

HEADROOM = 1.5  # how much larger than ever seen a value may become before it is clamped


@dataclass(frozen=True)
class Ranges:
    """The largest magnitudes seen."""

    x: float  # of the inputs
    states: tuple[float, ...]  # per layer: c of an LSTM, h of a FastGRNN; a GRU's h never exceeds 1

    @property
    def x_unit(self) -> float:
        """What one unit of a 16-bit input stands for, with headroom."""
        return max(self.x, 2.0**-15) * HEADROOM / (2**15 - 1)

    def exponent(self, kind: Kind, layer: int) -> int:
        """The exponent of a layer's state, with headroom."""
        if kind == "gru":
            return 0
        needed = int(np.ceil(np.log2(max(self.states[layer], 2.0**-15) * HEADROOM)))
        return int(np.clip(needed, 1 if kind == "fastgrnn" else 0, 10))


def calibrate(kind: Kind, layers: Sequence[LayerWeights], x: Array) -> Ranges:
    """Run a stack over sequences and note how large its values become.

    Long sequences matter: the state of an LSTM may grow for thousands of steps.

    Args:
        kind: of the cells.
        layers: the lowest first, in one direction.
        x: (T, B, I).
    """
    largest, states = float(np.abs(x).max()), []
    for weights in layers:
        zeros = np.zeros((x.shape[1], weights.state_size))
        if kind == "lstm":
            x, _, trace = lstm.forward(x, (zeros, zeros), weights)
            states.append(float(np.abs(trace.c).max()))
        else:
            forward = gru.forward if kind == "gru" else fastgrnn.forward
            x = forward(x, zeros, weights)[0]
            states.append(float(np.abs(x).max()))
    return Ranges(largest, tuple(states))
