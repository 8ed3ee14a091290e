"""Runs integer layers in C."""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from gatelet.reference.integer import IntegerCell, IntegerDense
from gatelet.runtime import _runtime
from gatelet.runtime.packing import GROUP, SPARSE, pack_cell, pack_dense, sparse_blocks

__all__ = ["DenseLayer", "Kind", "RecurrentLayer", "State", "affine", "argmax", "embed", "relu", "sigmoid", "tanh"]

Kind = Literal["gru", "lstm", "fastgrnn"]
State = tuple[NDArray[np.int16], ...]  # h (H,), and c (H,) of an LSTM
MATRICES = {"gru": (3, 4), "lstm": (4, 4), "fastgrnn": (1, 2)}  # matrices and biases per unit


class RecurrentLayer:
    """One integer layer of a GRU, an LSTM or a FastGRNN, run by the C that devices run. Its methods keep no state.

    With `sparse`, blocks of zeros are left out, of the gates of one unit and four columns; not of a FastGRNN, nor where
    W_hh is of low rank.

    Raises:
        ValueError: the cell has other gates than its kind, or the exponent does not fit it.
    """

    def __init__(self, kind: Kind, cell: IntegerCell, *, sparse: bool = False) -> None:
        biases = len(cell.bias) // cell.size
        if (cell.gates, biases) != MATRICES[kind]:
            wanted = "{} matrices and {} biases".format(*MATRICES[kind])
            raise ValueError(f"A cell of kind {kind} must have {wanted}; got {cell.gates} and {biases}.")
        if kind == "fastgrnn" and cell.exponent < 1:
            raise ValueError(f"The exponent of a FastGRNN must be at least 1; got {cell.exponent}.")
        if sparse and kind not in SPARSE:
            raise ValueError(f"A cell with blocks of zeros left out must be of kind {' or '.join(SPARSE)}; got {kind}.")
        if cell.right is not None and (sparse or kind not in SPARSE):
            raise ValueError(f"A cell of low rank must be a gru or an lstm with all its blocks; got {kind}.")
        self.kind = kind
        self.packed = p = pack_cell(cell)  # owns, with the next three, the arrays that the C reads
        self.right = None if cell.right is None else pack_dense(cell.right)
        self.weights, self.blocks = p.weights, np.zeros(0, np.uint16)
        if sparse:
            self.weights, self.blocks = sparse_blocks(p.weights, -(-p.inputs // GROUP))
        arrays = (self.weights.ctypes.data, p.multipliers.ctypes.data, p.biases.ctypes.data)
        self._cell = _runtime.Cell(p.inputs, p.units, *arrays, p.shift, p.exponent, p.zeta, p.nu)

    def initial_state(self) -> State:
        """Zeros: h (H,), and c (H,) of an LSTM."""
        return tuple(np.zeros(self.packed.units, np.int16) for _ in range(2 if self.kind == "lstm" else 1))

    def run(self, x: NDArray[np.int16], state: State) -> tuple[NDArray[np.int16], State]:
        """Run a sequence.

        Args:
            x: (T, I).
            state: as `initial_state` gives it; is not changed.

        Returns:
            y: (T, H), every h; the state after the last step.

        Raises:
            ValueError: a shape or a dtype does not fit.
        """
        x = _checked("x", x, (len(x), self.packed.inputs))
        state = tuple(_checked("state", part, (self.packed.units,)).copy() for part in state)
        y = np.empty((len(x), self.packed.units), np.int16)
        addresses = (len(x), x.ctypes.data, *(part.ctypes.data for part in state), y.ctypes.data)
        if self.right is not None:
            r = self.right
            arrays = (r.weights.ctypes.data, r.multipliers.ctypes.data, r.biases.ctypes.data)
            getattr(self._cell, f"{self.kind}_low_rank")(r.outputs, *arrays, r.shift, *addresses)
        elif len(self.blocks):
            getattr(self._cell, f"{self.kind}_sparse")(self.blocks.ctypes.data, *addresses)
        else:
            getattr(self._cell, self.kind)(*addresses)
        return y, state


class DenseLayer:
    """One integer dense layer, run by the C that devices run."""

    def __init__(self, layer: IntegerDense) -> None:
        self.packed = pack_dense(layer)

    def run(self, x: NDArray[np.int16]) -> NDArray[np.int16]:
        """Map rows, (T, I) -> (T, O).

        Raises:
            ValueError: a shape or a dtype does not fit.
        """
        p = self.packed
        x = _checked("x", x, (len(x), p.inputs))
        y = np.empty((len(x), p.outputs), np.int16)
        arrays = (p.weights.ctypes.data, p.multipliers.ctypes.data, p.biases.ctypes.data)
        _runtime.dense(len(x), p.inputs, p.outputs, *arrays, p.shift, x.ctypes.data, y.ctypes.data)
        return y


def embed(row: int, table: NDArray[np.int8], multiplier: NDArray[np.int16], by: int) -> NDArray[np.int16]:
    """Give `clamp16(shift(table[row] m[row], by))`; table: (V, E), multiplier: (V,). Row 0 for a row outside."""
    table = _checked("table", table, table.shape, np.int8)
    multiplier = _checked("multiplier", multiplier, (len(table),))
    y = np.empty(table.shape[1], np.int16)
    _runtime.embed(table.ctypes.data, multiplier.ctypes.data, len(table), len(y), by, row, y.ctypes.data)
    return y


def affine(
    x: NDArray[np.int16], center: NDArray[np.int16], multiplier: NDArray[np.int16], by: int
) -> NDArray[np.int16]:
    """Give `clamp16(shift((x - center) m, by))` of one row: (I,) everywhere."""
    x = _checked("x", x, (len(x),))
    center, multiplier = _checked("center", center, x.shape), _checked("multiplier", multiplier, x.shape)
    y = np.empty_like(x)
    _runtime.affine(center.ctypes.data, multiplier.ctypes.data, len(x), by, x.ctypes.data, y.ctypes.data)
    return y


def sigmoid(x: NDArray[np.int16]) -> NDArray[np.int16]:
    """Give the logistic function of (N,) in Q12, in Q15."""
    return _mapped(_runtime.sigmoid, x)


def tanh(x: NDArray[np.int16]) -> NDArray[np.int16]:
    """Give the hyperbolic tangent of (N,) in Q12, in Q15."""
    return _mapped(_runtime.tanh, x)


def relu(x: NDArray[np.int16]) -> NDArray[np.int16]:
    """Give `max(x, 0)` of (N,)."""
    return _mapped(_runtime.relu, x)


def argmax(x: NDArray[np.int16]) -> int:
    """Give the index of the largest of (N,), the first of equals."""
    return int(_runtime.argmax(_checked("x", x, (len(x),)).ctypes.data, len(x)))


def _mapped(function: Any, x: NDArray[np.int16]) -> NDArray[np.int16]:
    y = _checked("x", x, (len(x),)).copy()
    function(y.ctypes.data, len(y))
    return y


def _checked(name: str, array: NDArray[Any], shape: tuple[int, ...], dtype: type = np.int16) -> NDArray[Any]:
    if array.shape != shape or array.dtype != dtype:
        wanted = f"{shape} and dtype {np.dtype(dtype)}"
        raise ValueError(f"{name} must have shape {wanted}; got {array.shape} and {array.dtype}.")
    return np.ascontiguousarray(array)
