"""What the native program is told of each operation; see the files native/program_*.cpp."""

from __future__ import annotations

from typing import Any

from gatelet import plan as p
from gatelet.plan.activations import ACTIVATIONS
from gatelet.plan.pooling import POOLINGS
from gatelet.plan.recurrent import OVER

Described = tuple[str, list[float], list[Any]]  # the operation's name, its settings and its weights

_CELLS = (p.GRU, p.LSTM, p.RNN, p.MGU, p.LiGRU, p.FastGRNN, p.MinGRU, p.MinLSTM)


def described(operation: p.Operation, doubles: bool = False) -> Described | None:
    """An operation; None for one that the program does not know.

    Args:
        operation: of a plan.
        doubles: whether it writes doubles.
    """
    match operation:
        case p.Recurrent():
            return _cell(operation)
        case p.Pool() | p.AttentionPool() | p.Attention():
            return _pooling(operation)
        case p.Window() | p.Center() | p.Spread() | p.Scale() | p.Level():
            return _window(operation, doubles)
        case p.Quantiles() | p.Calibrated() | p.StudentT() | p.StudentTQuantiles():
            return _distribution(operation)
        case p.Embedding():
            return "Embedding", [operation.mean], [operation.table]
        case p.Pairs():
            return "Pairs", [operation.buckets, operation.spread, operation.first, operation.over == "rows"], []
        case p.Row():
            return "Row", [operation.last], []
        case p.Add():
            return "Add", [], [operation.constant]
        case p.Concatenate() | p.Delay() | p.Filled() | p.Observed() | p.Segments() | p.Split():
            return type(operation).__name__, [], []
    return _layer(operation)


def _layer(operation: p.Operation) -> Described | None:
    match operation:
        case p.Dense():
            return "Dense", [_function(operation.activation)], [operation.weight, operation.bias]
        case p.Activation():
            return "Activation", [_function(operation.function)], []
        case p.Softmax():
            return "Softmax", [operation.logarithm, operation.barred], []
        case p.Standardize():
            return "Standardize", [], [operation.mean, operation.scale]
        case p.LayerNorm():
            return "LayerNorm", [operation.epsilon], [operation.gain, operation.bias]
        case p.CTCGreedy():
            return "CTCGreedy", [operation.blank], []
    return None


def _cell(operation: p.Recurrent) -> Described | None:
    if not isinstance(operation, _CELLS):
        return None
    before = isinstance(operation, p.GRU) and not operation.reset_after
    kind = "GRU reset before" if before else type(operation).__name__
    optional = [getattr(operation, name, None) for name in ("layer_norm_ih", "layer_norm_hh", "scales")]
    plain = [operation.weight_ih, operation.weight_hh, operation.bias_ih, operation.bias_hh]
    settings: list[float] = [operation.hidden_size, operation.restart, OVER.index(operation.over), operation.reverse]
    return kind, settings, [*plain, *optional]


def _pooling(operation: p.Pool | p.AttentionPool | p.Attention) -> Described:
    match operation:
        case p.Pool():
            return "Pool", [POOLINGS.index(operation.kind), operation.over == "rows"], []
        case p.AttentionPool():
            weights = [operation.weight, operation.bias, operation.score]
            return "AttentionPool", [operation.over == "rows"], weights
        case p.Attention():
            return "Attention", [], [operation.weight, operation.bias, operation.score, operation.covered]


def _window(operation: p.Window | p.Center | p.Spread | p.Scale | p.Level, doubles: bool) -> Described:
    match operation:
        case p.Window():
            return "Window", [doubles], []
        case p.Center():
            return "Center", [operation.kind == "last"], []
        case p.Spread():
            return "Spread", [operation.usual], []
        case p.Scale():
            return "Scale", [operation.back], []
        case p.Level():
            return "Level", [operation.mean, operation.usual], []


def _distribution(operation: p.Quantiles | p.Calibrated | p.StudentT | p.StudentTQuantiles) -> Described:
    match operation:
        case p.Quantiles():
            return "Quantiles", [operation.median], []
        case p.Calibrated():
            return "Calibrated", [operation.median], [operation.offsets]
        case p.StudentT():
            return "StudentT", [], []
        case p.StudentTQuantiles():
            return "StudentTQuantiles", list(operation.levels), []


def _function(name: str) -> int:
    return list(ACTIVATIONS).index(name)
