"""One step of each cell in basic operators: what the operators GRU, LSTM and RNN of ONNX cannot say.

The equations are those of `gatelet.reference`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatelet import plan as p
from gatelet.deploy.onnx.graph import Graph
from gatelet.reference.activations import sigmoid
from gatelet.reference.products import EPSILON

Floats = NDArray[np.float32]


def step(g: Graph, cell: p.Recurrent, x: str, states: list[str]) -> list[str]:
    """The next states h, and c of an LSTM, (B, H) each, from x (B, I)."""
    return STEPS[type(cell)](g, cell, x, states)


def normalised(g: Graph, source: str, epsilon: float, gain: Floats, bias: Floats | None = None) -> str:
    """(x - mean) / sqrt(variance + epsilon) * gain + bias over the last axis."""
    centred = g.add("Sub", source, g.reduce("ReduceMean", source, -1, keep=True))
    variance = g.reduce("ReduceMean", g.add("Mul", centred, centred), -1, keep=True)
    scale = g.add("Sqrt", g.add("Add", variance, g.constant(epsilon)))
    result = g.add("Mul", g.add("Div", centred, scale), g.constant(gain))
    return result if bias is None else g.add("Add", result, g.constant(bias))


def _products(g: Graph, v: str, weight: Floats, bias: Floats | None, gains: Floats | None, gates: int) -> list[str]:
    """W v, normalised where there are gains, plus the bias, gate by gate."""
    found = []
    size = len(weight) // gates
    for gate in range(gates):
        rows = slice(gate * size, (gate + 1) * size)
        product = g.add("MatMul", v, g.constant(weight[rows].T))
        if gains is not None:
            product = normalised(g, product, EPSILON, gains[rows])
        found.append(product if bias is None else g.add("Add", product, g.constant(bias[rows])))
    return found


def _both(g: Graph, cell: Any, x: str, h: str) -> list[tuple[str, str]]:
    """The two sums of each gate."""
    ih, hh = getattr(cell, "layer_norm_ih", None), getattr(cell, "layer_norm_hh", None)
    of_x = _products(g, x, cell.weight_ih, cell.bias_ih, ih, cell.gates)
    of_h = _products(g, h, cell.whole_weight_hh, cell.bias_hh, hh, cell.gates)
    return list(zip(of_x, of_h, strict=True))


def _mixed(g: Graph, z: str, new: str, old: str) -> str:
    """(1 - z) new + z old."""
    return g.add("Add", g.add("Mul", g.add("Sub", g.constant(1.0), z), new), g.add("Mul", z, old))


def _gru(g: Graph, cell: p.GRU, x: str, states: list[str]) -> list[str]:
    h, two, gains = states[0], 2 * cell.hidden_size, cell.layer_norm_hh
    x_r, x_z, x_n = _products(g, x, cell.weight_ih, cell.bias_ih, cell.layer_norm_ih, 3)
    of_two = None if gains is None else gains[:two]
    h_r, h_z = _products(g, h, cell.whole_weight_hh[:two], cell.bias_hh[:two], of_two, 2)
    r, z = g.add("Sigmoid", g.add("Add", x_r, h_r)), g.add("Sigmoid", g.add("Add", x_z, h_z))
    met = h if cell.reset_after else g.add("Mul", r, h)
    of_last = None if gains is None else gains[two:]
    h_n = _products(g, met, cell.whole_weight_hh[two:], cell.bias_hh[two:], of_last, 1)[0]
    if cell.reset_after:
        h_n = g.add("Mul", r, h_n)
    return [_mixed(g, z, g.add("Tanh", g.add("Add", x_n, h_n)), h)]


def _lstm(g: Graph, cell: p.LSTM, x: str, states: list[str]) -> list[str]:
    h, c = states
    i, f, candidate, o = (g.add("Add", *parts) for parts in _both(g, cell, x, h))
    fresh = g.add("Mul", g.add("Sigmoid", i), g.add("Tanh", candidate))
    c = g.add("Add", g.add("Mul", g.add("Sigmoid", f), c), fresh)
    return [g.add("Mul", g.add("Sigmoid", o), g.add("Tanh", c)), c]


def _rnn(g: Graph, cell: p.RNN, x: str, states: list[str]) -> list[str]:
    return [g.add("Tanh", g.add("Add", *_both(g, cell, x, states[0])[0]))]


def _mgu(g: Graph, cell: p.MGU, x: str, states: list[str]) -> list[str]:
    h, size = states[0], cell.hidden_size
    of_x = _products(g, x, cell.weight_ih, cell.bias_ih, None, 2)
    h_f = _products(g, h, cell.whole_weight_hh[:size], cell.bias_hh[:size], None, 1)[0]
    f = g.add("Sigmoid", g.add("Add", of_x[0], h_f))
    h_n = _products(g, g.add("Mul", f, h), cell.whole_weight_hh[size:], cell.bias_hh[size:], None, 1)[0]
    return [_mixed(g, f, h, g.add("Tanh", g.add("Add", of_x[1], h_n)))]


def _ligru(g: Graph, cell: p.LiGRU, x: str, states: list[str]) -> list[str]:
    z, n = (g.add("Add", *parts) for parts in _both(g, cell, x, states[0]))
    return [_mixed(g, g.add("Sigmoid", z), g.add("Relu", n), states[0])]


def _fastgrnn(g: Graph, cell: p.FastGRNN, x: str, states: list[str]) -> list[str]:
    assert cell.scales is not None
    zeta, nu = sigmoid(cell.scales.astype(np.float64))
    h, size = states[0], cell.hidden_size
    of_x = _products(g, x, cell.weight_ih, None, None, 1)[0]
    a = g.add("Add", of_x, _products(g, h, cell.whole_weight_hh, None, None, 1)[0])
    z = g.add("Sigmoid", g.add("Add", a, g.constant(cell.bias_ih[:size])))
    n = g.add("Tanh", g.add("Add", a, g.constant(cell.bias_ih[size:])))
    share = g.add("Mul", g.constant(zeta), g.add("Sub", g.constant(1.0), z))
    return [g.add("Add", g.add("Mul", g.add("Add", share, g.constant(nu)), n), g.add("Mul", z, h))]


def _positive(g: Graph, a: str) -> str:
    above = g.add("GreaterOrEqual", a, g.constant(0.0))
    return g.add("Where", above, g.add("Add", a, g.constant(0.5)), g.add("Sigmoid", a))


def _min_gru(g: Graph, cell: p.MinGRU, x: str, states: list[str]) -> list[str]:
    z, n = _products(g, x, cell.weight_ih, cell.bias_ih, None, 2)
    return [_mixed(g, g.add("Sigmoid", z), states[0], _positive(g, n))]


def _min_lstm(g: Graph, cell: p.MinLSTM, x: str, states: list[str]) -> list[str]:
    f, i, n = _products(g, x, cell.weight_ih, cell.bias_ih, None, 3)
    f, i = g.add("Sigmoid", f), g.add("Sigmoid", i)
    return [_mixed(g, g.add("Div", f, g.add("Add", f, i)), _positive(g, n), states[0])]


STEPS: dict[type[p.Recurrent], Callable[..., list[str]]] = {
    p.GRU: _gru,
    p.LSTM: _lstm,
    p.RNN: _rnn,
    p.MGU: _mgu,
    p.LiGRU: _ligru,
    p.FastGRNN: _fastgrnn,
    p.MinGRU: _min_gru,
    p.MinLSTM: _min_lstm,
}
