"""The equations of every cell in NumPy float64, forward and back through time: a textbook, and the oracle of all else.

    from gatelet.reference import from_names, gru, stacked

    layers = from_names(weights)                                  # by PyTorch's names
    y, h_n, trace = stacked.forward(gru.forward, x, h0, layers)   # x: (T, B, I), h0: (L, B, H)
    gradients = stacked.backward(gru.backward, dy, dh_n, layers, trace)

Each cell is a file: `gru`, `lstm`, `rnn`, `mgu`, `ligru`, `fastgrnn`, `min_gru`, `min_lstm`. Nothing here is fast, and
nothing here needs torch.
"""

from gatelet.reference import fastgrnn, gru, ligru, lstm, mgu, min_gru, min_lstm, rnn, stacked
from gatelet.reference.extras import Extras
from gatelet.reference.layer import Array, Gradients, LayerWeights, from_names

__all__ = [
    "Array",
    "Extras",
    "Gradients",
    "LayerWeights",
    "fastgrnn",
    "from_names",
    "gru",
    "ligru",
    "lstm",
    "mgu",
    "min_gru",
    "min_lstm",
    "rnn",
    "stacked",
]
