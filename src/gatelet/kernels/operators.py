"""The native kernels as PyTorch operators, `torch.ops.gatelet.*`, so that autograd and the compiler know them.

One call runs one direction of one layer over a whole sequence. x is (T, B, I), (B, T, I) with `batch_first`, or packed
(N, I) with `offsets` (T + 1,), the first row of each step; y is laid out as x. `save` keeps what backward reads.
"""

from typing import Any

import torch
from torch import Tensor

from gatelet.kernels import native, unrolled
from gatelet.kernels.native import Layout, Weights

__all__ = ["gru_layer", "lstm_layer"]

_WEIGHTS = "Tensor w_ih, Tensor w_hh, Tensor? b_ih, Tensor? b_hh"
_LAYOUT = "Tensor? offsets, Tensor? resets, bool batch_first, bool reverse"
_GRADIENTS = "Tensor dw_ih, Tensor dw_hh, Tensor db_ih, Tensor db_hh"

torch.library.define(
    "gatelet::gru_layer",
    f"(Tensor x, Tensor h0, {_WEIGHTS}, {_LAYOUT}, bool save) -> (Tensor y, Tensor h_n, Tensor gates)",
)
torch.library.define(
    "gatelet::gru_layer_backward",
    f"(Tensor? dy, Tensor? dh_n, Tensor y, Tensor gates, Tensor x, Tensor h0, {_WEIGHTS}, {_LAYOUT}, bool wants_dx)"
    f" -> (Tensor dx, Tensor dh0, {_GRADIENTS})",
)
torch.library.define(
    "gatelet::lstm_layer",
    f"(Tensor x, Tensor h0, Tensor c0, {_WEIGHTS}, {_LAYOUT}, bool save)"
    " -> (Tensor y, Tensor h_n, Tensor c_n, Tensor gates, Tensor cells)",
)
torch.library.define(
    "gatelet::lstm_layer_backward",
    "(Tensor? dy, Tensor? dh_n, Tensor? dc_n, Tensor y, Tensor gates, Tensor cells, Tensor x, Tensor h0, Tensor c0,"
    f" {_WEIGHTS}, {_LAYOUT}, bool wants_dx) -> (Tensor dx, Tensor dh0, Tensor dc0, {_GRADIENTS})",
)

gru_layer = torch.ops.gatelet.gru_layer.default
lstm_layer = torch.ops.gatelet.lstm_layer.default
gru_layer_backward = torch.ops.gatelet.gru_layer_backward.default
lstm_layer_backward = torch.ops.gatelet.lstm_layer_backward.default


def _contiguous(array: Tensor | None) -> Tensor | None:
    return None if array is None else array.contiguous()


def _layout(
    x: Tensor, h0: Tensor, offsets: Tensor | None, resets: Tensor | None, batch_first: bool, reverse: bool
) -> Layout:
    steps = x.shape[1 if batch_first else 0] if offsets is None else len(offsets) - 1
    return Layout(steps, h0.shape[0], batch_first, reverse, _contiguous(offsets), _contiguous(resets))


def _weights(w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None, b_hh: Tensor | None) -> Weights:
    return Weights(w_ih.contiguous(), w_hh.contiguous(), _contiguous(b_ih), _contiguous(b_hh))


def _rows(gradient: Tensor | None) -> Tensor | None:
    """(..., H) as (rows, H), of which the values of a row lie side by side."""
    if gradient is None:
        return None
    rows = gradient.reshape(-1, gradient.shape[-1])
    return rows if rows.stride(1) == 1 else rows.contiguous()


def _gru_forward(x: Tensor, h0: Tensor, *rest: Any) -> tuple[Tensor, ...]:
    *weights, offsets, resets, batch_first, reverse, save = rest
    layout = _layout(x, h0, offsets, resets, batch_first, reverse)
    found = native.forward("gru", layout, _weights(*weights), x.contiguous(), h0.contiguous(), None, save=save)
    return found["y"], found["h_n"], found["gates"]


def _lstm_forward(x: Tensor, h0: Tensor, c0: Tensor, *rest: Any) -> tuple[Tensor, ...]:
    *weights, offsets, resets, batch_first, reverse, save = rest
    layout = _layout(x, h0, offsets, resets, batch_first, reverse)
    states = (h0.contiguous(), c0.contiguous())
    found = native.forward("lstm", layout, _weights(*weights), x.contiguous(), *states, save=save)
    return found["y"], found["h_n"], found["c_n"], found["gates"], found["cells"]


def _gru_backward(
    dy: Tensor | None, dh_n: Tensor | None, y: Tensor, gates: Tensor, x: Tensor, h0: Tensor, *rest: Any
) -> Any:
    *weights, offsets, resets, batch_first, reverse, wants_dx = rest
    found = native.backward(
        "gru",
        _layout(x, h0, offsets, resets, batch_first, reverse),
        _weights(*weights),
        x.contiguous(),
        h0.contiguous(),
        None,
        {"y": y, "gates": gates},
        {"dy": _rows(dy), "dh_n": _contiguous(dh_n)},
        dx=wants_dx,
    )
    dx = found["dx"] if wants_dx else x.new_empty(0)
    return dx, found["dh0"], found["dw_ih"], found["dw_hh"], found["db_ih"], found["db_hh"]


def _lstm_backward(
    dy: Tensor | None, dh_n: Tensor | None, dc_n: Tensor | None, y: Tensor, gates: Tensor, *rest: Any
) -> Any:
    cells, x, h0, c0, *weights, offsets, resets, batch_first, reverse, wants_dx = rest
    found = native.backward(
        "lstm",
        _layout(x, h0, offsets, resets, batch_first, reverse),
        _weights(*weights),
        x.contiguous(),
        h0.contiguous(),
        c0.contiguous(),
        {"y": y, "gates": gates, "cells": cells},
        {"dy": _rows(dy), "dh_n": _contiguous(dh_n), "dc_n": _contiguous(dc_n)},
        dx=wants_dx,
    )
    dx = found["dx"] if wants_dx else x.new_empty(0)
    return dx, found["dh0"], found["dc0"], found["dw_ih"], found["dw_hh"], found["db_ih"], found["db_hh"]


def _fake_gru_forward(x: Tensor, h0: Tensor, *rest: Any) -> tuple[Tensor, ...]:
    hidden = h0.shape[-1]
    gates = (*x.shape[:-1], native.SAVED * hidden) if rest[-1] else (0,)
    return x.new_empty((*x.shape[:-1], hidden)), x.new_empty(h0.shape), x.new_empty(gates)


def _fake_lstm_forward(x: Tensor, h0: Tensor, c0: Tensor, *rest: Any) -> tuple[Tensor, ...]:
    hidden = h0.shape[-1]
    gates = (*x.shape[:-1], native.SAVED * hidden) if rest[-1] else (0,)
    cells = (*x.shape[:-1], hidden) if rest[-1] else (0,)
    y = x.new_empty((*x.shape[:-1], hidden))
    return y, x.new_empty(h0.shape), x.new_empty(h0.shape), x.new_empty(gates), x.new_empty(cells)


def _fake_gradients(x: Tensor, states: tuple[Tensor, ...], w_ih: Tensor, w_hh: Tensor, wants_dx: bool) -> Any:
    bias = (w_ih.shape[0],)
    dx = x.new_empty(x.shape if wants_dx else (0,))
    found = [x.new_empty(array.shape) for array in (*states, w_ih, w_hh)]
    return (dx, *found, x.new_empty(bias), x.new_empty(bias))


def _fake_gru_backward(*inputs: Any) -> Any:
    x, h0, w_ih, w_hh = inputs[4:8]
    return _fake_gradients(x, (h0,), w_ih, w_hh, inputs[-1])


def _fake_lstm_backward(*inputs: Any) -> Any:
    x, h0, c0, w_ih, w_hh = inputs[6:11]
    return _fake_gradients(x, (h0, c0), w_ih, w_hh, inputs[-1])


def _save(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...], states: int) -> None:
    """Keep inputs and outputs; `states` is the number of state tensors. Gradients that nobody wants stay None."""
    tensors = inputs[: 1 + states + 4 + 2]  # x, the states, four weights, offsets and resets
    kept = (output[0], *output[1 + states :])  # y, gates, of an LSTM cells
    ctx.save_for_backward(*kept, *tensors)
    ctx.kept = len(kept)
    ctx.batch_first, ctx.reverse = inputs[-3:-1]
    ctx.set_materialize_grads(False)


def _backward(ctx: Any, cell: str, gradients: tuple[Tensor | None, ...]) -> tuple[Tensor | None, ...]:
    """Give one gradient per input of the forward operator."""
    kept, tensors = ctx.saved_tensors[: ctx.kept], ctx.saved_tensors[ctx.kept :]
    states = 1 if cell == "gru" else 2
    wanted = ctx.needs_input_grad
    if torch.is_grad_enabled():  # double backward
        found = unrolled.gradients(cell, gradients[: 1 + states], tensors, ctx.batch_first, ctx.reverse, wanted)
        return (*found, None, None, None, None, None)
    operator = gru_layer_backward if cell == "gru" else lstm_layer_backward
    found = operator(*gradients[: 1 + states], *kept, *tensors, ctx.batch_first, ctx.reverse, wanted[0])
    biases = [i for i in range(1 + states + 2, 1 + states + 4) if tensors[i] is None]
    found = [g if need and i not in biases else None for i, (g, need) in enumerate(zip(found, wanted, strict=False))]
    return (*found, None, None, None, None, None)


for _name, _compute, _fake in (
    ("gatelet::gru_layer", _gru_forward, _fake_gru_forward),
    ("gatelet::gru_layer_backward", _gru_backward, _fake_gru_backward),
    ("gatelet::lstm_layer", _lstm_forward, _fake_lstm_forward),
    ("gatelet::lstm_layer_backward", _lstm_backward, _fake_lstm_backward),
):
    torch.library.impl(_name, "CPU", _compute)
    torch.library.register_fake(_name, _fake)

torch.library.register_autograd(
    "gatelet::gru_layer",
    lambda ctx, *gradients: _backward(ctx, "gru", gradients),
    setup_context=lambda ctx, inputs, output: _save(ctx, inputs, output, states=1),
)
torch.library.register_autograd(
    "gatelet::lstm_layer",
    lambda ctx, *gradients: _backward(ctx, "lstm", gradients),
    setup_context=lambda ctx, inputs, output: _save(ctx, inputs, output, states=2),
)
