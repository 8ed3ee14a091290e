"""What the native program is told of operations of integers: their constants as the C for devices has them."""

from __future__ import annotations

import numpy as np

from gatelet import plan as p
from gatelet.plan.integer_layers import ACTIVATIONS
from gatelet.plan.pooling import POOLINGS
from gatelet.plan.recurrent import OVER
from gatelet.runtime.packing import GROUP, pack_cell, pack_dense, sparse_blocks
from gatelet.stream.described import Described

Integer = (
    p.IntegerRecurrent
    | p.IntegerDense
    | p.IntegerEmbedding
    | p.IntegerAdd
    | p.IntegerAffine
    | p.IntegerPool
    | p.Quantize
    | p.Dequantize
)
# sizes that the C counts in 16 bits
_LARGEST = 2**16 - 1
# None: the one before without its blocks of zeros; then a GRU and an LSTM of low rank
_KINDS = (p.IntegerGRU, None, p.IntegerLSTM, None, p.IntegerFastGRNN)


def described(operation: Integer) -> Described | None:
    """An operation; None for one with sizes that the C cannot count."""
    match operation:
        case p.IntegerRecurrent():
            return _cell(operation)
        case p.IntegerDense():
            return _dense(operation)
        case p.IntegerEmbedding():
            if operation.table.shape[1] > _LARGEST:
                return None
            constants = (operation.table, operation.multiplier)
            return Described("IntegerEmbedding", [operation.shift, operation.mean], [], constants)
        case p.IntegerAffine():
            if operation.center.size > _LARGEST:
                return None
            return Described("IntegerAffine", [operation.shift], [], (operation.center, operation.multiplier))
        case p.IntegerAdd():
            return Described("IntegerAdd", [], [operation.constant])
        case p.IntegerPool():
            return Described("IntegerPool", [POOLINGS.index(operation.kind), operation.over == "rows"], [])
        case p.Quantize() | p.Dequantize():
            return Described(type(operation).__name__, [operation.unit], [])


def _cell(operation: p.IntegerRecurrent) -> Described | None:
    if max(operation.weight_ih.shape[1], operation.hidden_size) > _LARGEST:
        return None
    kind = _KINDS.index(type(operation))
    packed = pack_cell(operation.constants)
    weights, blocks = packed.weights, np.zeros(0, np.uint16)
    right = operation.constants.right
    low = None if right is None else pack_dense(right)
    if low is not None:
        kind = len(_KINDS) + kind // 2
    elif not isinstance(operation, p.IntegerFastGRNN):
        there, found = sparse_blocks(packed.weights, -(-packed.inputs // GROUP))
        # a list of blocks costs more than it saves where most of them are there
        if 2 * there.size < weights.size:
            kind, weights, blocks = kind + 1, there, found
    settings: list[float] = [operation.hidden_size, operation.restart, OVER.index(operation.over), operation.reverse]
    settings += [kind, packed.inputs, packed.shift, packed.exponent, packed.zeta, packed.nu]
    settings += [0, 0] if low is None else [low.outputs, low.shift]
    factor = (np.zeros(0),) * 3 if low is None else (low.weights, low.multipliers, low.biases)
    constants = (weights, packed.multipliers, packed.biases, blocks, *factor)
    return Described(type(operation).__name__, settings, [], constants)


def _dense(operation: p.IntegerDense) -> Described | None:
    if max(operation.weight.shape) > _LARGEST:
        return None
    packed = pack_dense(operation.constants)
    settings: list[float] = [packed.shift, list(ACTIVATIONS).index(operation.activation)]
    return Described("IntegerDense", settings, [], (packed.weights, packed.multipliers, packed.biases))
