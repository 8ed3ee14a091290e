"""The order in which the C runtime wants the constants of integer layers; `float_packing` knows that of float ones."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatelet.reference.integer import IntegerCell, IntegerDense

__all__ = ["PackedCell", "PackedDense", "grouped", "pack_cell", "pack_dense", "sparse_blocks"]

GROUP = 4  # columns of a row that lie side by side
SPARSE = ("gru", "lstm")  # cells of which blocks of zeros may be left out


@dataclass(frozen=True)
class PackedCell:
    """The fields of `gatelet_q_cell`; `F` is the number of groups of I and of H."""

    inputs: int
    units: int
    weights: NDArray[np.int8]  # (H, F, G, 4)
    multipliers: NDArray[np.int16]  # (H, 2, G)
    biases: NDArray[np.int32]  # (H, N), each plus 2^(shift-1)
    shift: int
    exponent: int
    zeta: int
    nu: int


@dataclass(frozen=True)
class PackedDense:
    """The fields of `gatelet_q_dense`."""

    inputs: int
    outputs: int
    weights: NDArray[np.int8]  # (O, groups of I, 4)
    multipliers: NDArray[np.int16]  # (O,)
    biases: NDArray[np.int32]  # (O,), each plus 2^(shift-1)
    shift: int


def pack_cell(cell: IntegerCell) -> PackedCell:
    """Put the gates of a unit side by side, four columns at a time."""
    gates, units = cell.gates, cell.size
    matrices = [grouped(w).reshape(gates, units, -1, GROUP) for w in (cell.weight_ih, cell.weight_hh)]
    multipliers = np.stack([m.reshape(gates, units) for m in (cell.multiplier_ih, cell.multiplier_hh)])
    return PackedCell(
        inputs=cell.weight_ih.shape[1],
        units=units,
        weights=np.ascontiguousarray(np.concatenate(matrices, axis=2).transpose(1, 2, 0, 3)),
        multipliers=np.ascontiguousarray(multipliers.transpose(2, 0, 1)),
        biases=np.ascontiguousarray(_with_half(cell.bias, cell.shift).reshape(-1, units).T),
        shift=cell.shift,
        exponent=cell.exponent,
        zeta=cell.zeta,
        nu=cell.nu,
    )


def pack_dense(layer: IntegerDense) -> PackedDense:
    """Put four columns of a row side by side, with zeros at the end of the row."""
    outputs, inputs = layer.weight.shape
    weights = grouped(layer.weight).reshape(outputs, -1, GROUP)
    biases = _with_half(layer.bias, layer.shift)
    return PackedDense(inputs, outputs, weights, np.ascontiguousarray(layer.multiplier), biases, layer.shift)


def sparse_blocks(weights: NDArray[Any], x_groups: int) -> tuple[NDArray[Any], NDArray[np.uint16]]:
    """Leave out blocks of zeros.

    Args:
        weights: (H, F, G, 4), of which the first `x_groups` of F meet x.

    Returns:
        The blocks that are left, (B, G, 4); and per unit how many there are for x and which, then for h and which.
    """
    there: NDArray[np.bool_] = np.any(weights != 0, axis=(2, 3))
    blocks: list[int] = []
    for row in there:
        for part in (row[:x_groups], row[x_groups:]):
            blocks += [int(part.sum()), *np.flatnonzero(part).tolist()]
    return np.ascontiguousarray(weights[there]), np.array(blocks, np.uint16)


def grouped(weight: NDArray[Any]) -> NDArray[Any]:
    """Fill rows up with zeros to a multiple of four columns: (R, I) -> (R, 4 * groups)."""
    return np.ascontiguousarray(np.pad(weight, ((0, 0), (0, -weight.shape[1] % GROUP))))


def _with_half(bias: NDArray[np.int32], shift: int) -> NDArray[np.int32]:
    return (bias + np.int32(2 ** (shift - 1))).astype(np.int32)
