"""The integer cells of the C runtime in NumPy int64: what a device computes, to the last bit.

docs/quantization.md has the equations; `runtime/` the C, which gives the same bits on every machine. Activations are
16-bit integers in NumPy arrays of int64, weights 8-bit ones. Each cell is a file: `gru`, `lstm`, `fastgrnn`; `dense`
and `vectors` are the layers around them. No result of these functions is ever rounded or wrapped by NumPy: what would
leave 32 bits raises OverflowError.
"""

from gatelet.reference.integer import dense, fastgrnn, gru, lstm, vectors
from gatelet.reference.integer.arithmetic import Integers, clamp16, sigmoid, tanh_of_half
from gatelet.reference.integer.weights import IntegerCell, IntegerDense

__all__ = [
    "IntegerCell",
    "IntegerDense",
    "Integers",
    "clamp16",
    "dense",
    "fastgrnn",
    "gru",
    "lstm",
    "sigmoid",
    "tanh_of_half",
    "vectors",
]
