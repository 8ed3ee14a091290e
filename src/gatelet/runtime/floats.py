"""Runs float cells in C."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatelet.reference import LayerWeights
from gatelet.runtime import _runtime
from gatelet.runtime.float_packing import FloatKind, pack_floats
from gatelet.runtime.packing import GROUP, SPARSE, grouped, sparse_blocks

__all__ = ["FloatLayer", "FloatState"]

FloatState = tuple[NDArray[np.float32], ...]  # h (H,), and c (H,) of an LSTM


class FloatLayer:
    """One recurrent layer in float32, run by the C that devices run. Its methods keep no state.

    Args:
        kind: of the cell; `gru_before` is a GRU that resets before the product.
        layer: its weights.
        sparse: leave out blocks of zeros, of the gates of one unit and four columns; for kinds `gru` and `lstm`.
        right: (R, H), of a W_hh of low rank the right factor, whose left one is in `layer`; for the same kinds.

    Raises:
        ValueError: the C has no such cell.
    """

    def __init__(
        self, kind: FloatKind, layer: LayerWeights, *, sparse: bool = False, right: NDArray[Any] | None = None
    ) -> None:
        if (sparse or right is not None) and kind not in SPARSE:
            what = "blocks of zeros left out" if sparse else "weights of low rank"
            raise ValueError(f"A cell with {what} must be of kind {' or '.join(SPARSE)}; got {kind}.")
        if sparse and right is not None:
            raise ValueError("A cell of low rank must have all its blocks; got sparse.")
        self.kind: FloatKind = kind
        self.packed = p = pack_floats(kind, layer)
        self.weights, self.blocks = p.weights, np.zeros(0, np.uint16)
        if sparse:
            self.weights, self.blocks = sparse_blocks(p.weights, -(-p.inputs // GROUP))
        self.right = np.zeros((0, 0), np.float32) if right is None else grouped(right.astype(np.float32))
        arrays = (self.weights.ctypes.data, p.biases.ctypes.data, self.right.ctypes.data)
        self._cell = _runtime.FloatCell(p.inputs, p.units, len(self.right), *arrays, p.zeta, p.nu)

    @property
    def nbytes(self) -> int:
        """Bytes of its weights, and of the list of the blocks that are left."""
        return self.weights.nbytes + self.blocks.nbytes + self.right.nbytes

    def initial_state(self) -> FloatState:
        """Zeros: h (H,), and c (H,) of an LSTM."""
        return tuple(np.zeros(self.packed.units, np.float32) for _ in range(2 if self.kind == "lstm" else 1))

    def run(self, x: NDArray[np.float32], state: FloatState) -> tuple[NDArray[np.float32], FloatState]:
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
        y = np.empty((len(x), self.packed.units), np.float32)
        h, c = state[0].ctypes.data, state[-1].ctypes.data
        blocks = self.blocks.ctypes.data if len(self.blocks) else 0
        self._cell.run(self.kind, blocks, len(x), x.ctypes.data, h, c, y.ctypes.data)
        return y, state


def _checked(name: str, array: NDArray[np.float32], shape: tuple[int, ...]) -> NDArray[np.float32]:
    if array.shape != shape or array.dtype != np.float32:
        raise ValueError(f"{name} must have shape {shape} and dtype float32; got {array.shape} and {array.dtype}.")
    return np.ascontiguousarray(array)
