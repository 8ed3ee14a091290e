"""What the native program is told of each operation; see the files native/program_*.cpp."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gatelet import plan as p
from gatelet.plan.activations import ACTIVATIONS
from gatelet.plan.pooling import POOLINGS
from gatelet.plan.recurrent import OVER


class Described(NamedTuple):
    """An operation as native/program.h has it.

    Attributes:
        kind: the operation's name.
        settings: numbers.
        weights: arrays of float32, or None for none.
        constants: integers.
    """

    kind: str
    settings: list[float]
    weights: list[Any]
    constants: tuple[Any, ...] = ()


# weights of a matrix that is read as quickly whole as in parts
_SMALL = 8192
_CELLS = (p.GRU, p.LSTM, p.RNN, p.MGU, p.LiGRU, p.FastGRNN, p.MinGRU, p.MinLSTM)


def described(operation: p.Operation) -> Described | None:
    """An operation; None for one that the program does not know."""
    match operation:
        case p.Recurrent():
            return _cell(operation)
        case p.IntegerRecurrent() | p.IntegerDense() | p.IntegerEmbedding() | p.IntegerAdd():
            return _integers(operation)
        case p.IntegerAffine() | p.IntegerPool() | p.Quantize() | p.Dequantize():
            return _integers(operation)
        case p.Pool() | p.AttentionPool() | p.Attention():
            return _pooling(operation)
        case p.Window() | p.Center() | p.Spread() | p.Scale() | p.Level():
            return _window(operation)
        case p.Quantiles() | p.Calibrated() | p.StudentT() | p.StudentTQuantiles():
            return _distribution(operation)
        case p.Embedding():
            return Described("Embedding", [operation.mean], [operation.table])
        case p.Pairs():
            return Described(
                "Pairs", [operation.buckets, operation.spread, operation.first, operation.over == "rows"], []
            )
        case p.Row():
            return Described("Row", [operation.last], [])
        case p.Add():
            return Described("Add", [], [operation.constant])
        case p.Concatenate() | p.Delay() | p.Filled() | p.Observed() | p.Remaining() | p.Segments() | p.Split():
            return Described(type(operation).__name__, [], [])
    return _layer(operation)


def _integers(operation: Any) -> Described | None:
    # what runs them is built with the native program, and not there without it
    from gatelet.stream.integers import described

    return described(operation)


def _layer(operation: p.Operation) -> Described | None:
    match operation:
        case p.Dense():
            return Described("Dense", [_function(operation.activation)], [operation.weight, operation.bias])
        case p.Activation():
            return Described("Activation", [_function(operation.function)], [])
        case p.Softmax():
            return Described("Softmax", [operation.logarithm, operation.barred], [])
        case p.Standardize():
            return Described("Standardize", [], [operation.mean, operation.scale])
        case p.LayerNorm():
            return Described("LayerNorm", [operation.epsilon], [operation.gain, operation.bias])
        case p.LogMel():
            return Described("LogMel", [operation.length, operation.floor], [operation.filters])
        case p.CTCGreedy():
            return Described("CTCGreedy", [operation.blank], [])
    return None


def _cell(operation: p.Recurrent) -> Described | None:
    if not isinstance(operation, _CELLS):
        return None
    before = isinstance(operation, p.GRU) and not operation.reset_after
    kind = "GRU reset before" if before else type(operation).__name__
    optional = [getattr(operation, name, None) for name in ("layer_norm_ih", "layer_norm_hh", "scales")]
    right = getattr(operation, "right", None)
    factors = [operation.weight_hh, right]
    if right is not None and not _pays(operation, right):
        factors = [operation.whole_weight_hh, None]
    plain = [operation.weight_ih, factors[0], operation.bias_ih, operation.bias_hh]
    settings: list[float] = [operation.hidden_size, operation.restart, OVER.index(operation.over), operation.reverse]
    return Described(kind, settings, [*plain, *optional, factors[1]])


def _pays(operation: p.Recurrent, right: NDArray[np.float32]) -> bool:
    """Whether two products with factors, of which this is the right one (R, H), are quicker than one with W_hh.

    Small matrices are read as quickly whole, as where they have blocks of zeros.
    """
    rank, units = map(len, (right, right[0]))
    return 2 * rank < units and len(operation.weight_hh) * units >= _SMALL


def _pooling(operation: p.Pool | p.AttentionPool | p.Attention) -> Described:
    match operation:
        case p.Pool():
            return Described("Pool", [POOLINGS.index(operation.kind), operation.over == "rows"], [])
        case p.AttentionPool():
            weights = [operation.weight, operation.bias, operation.score]
            return Described("AttentionPool", [operation.over == "rows"], weights)
        case p.Attention():
            return Described("Attention", [], [operation.weight, operation.bias, operation.score, operation.covered])


def _window(operation: p.Window | p.Center | p.Spread | p.Scale | p.Level) -> Described:
    match operation:
        case p.Window():
            return Described("Window", [], [])
        case p.Center():
            return Described("Center", [operation.kind == "last"], [])
        case p.Spread():
            return Described("Spread", [operation.usual], [])
        case p.Scale():
            return Described("Scale", [operation.back], [])
        case p.Level():
            return Described("Level", [operation.mean, operation.usual], [])


def _distribution(operation: p.Quantiles | p.Calibrated | p.StudentT | p.StudentTQuantiles) -> Described:
    match operation:
        case p.Quantiles():
            return Described("Quantiles", [operation.median], [])
        case p.Calibrated():
            return Described("Calibrated", [operation.median], [operation.offsets])
        case p.StudentT():
            return Described("StudentT", [], [])
        case p.StudentTQuantiles():
            return Described("StudentTQuantiles", list(operation.levels), [])


def _function(name: str) -> int:
    return list(ACTIVATIONS).index(name)
