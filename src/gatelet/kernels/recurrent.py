"""Run a stack of recurrent layers over a batch: the one place that chooses what computes them.

Every function takes the keyword arguments of `Stack`, and weights as a flat list in PyTorch's order (`weight_ih,
weight_hh`, then `bias_ih, bias_hh` where there are biases, then `layer_norm_ih, layer_norm_hh` where gates are
normalised, or `weight_hr` where an LSTM projects; layer by layer, the reverse direction after the forward one).
The input is either padded, `(T, B, I)` or `(B, T, I)` with `batch_first`, or packed, `(N, I)` with `batch_sizes` as in
`torch.nn.utils.rnn.PackedSequence`; the output is laid out as the input. States are `(L*D, B, H)`.

Every cell runs on gatelet's own kernels in float32 on a CPU, LSTM and the GRU that resets after also in bfloat16, but
for LayerNorm; what else is bfloat16 is widened for the kernels in float32. `torch.compile` keeps them in its graph.
Within autocast to bfloat16 what has a kernel in bfloat16 is computed in it, and all else in float32; the results have
the dtype that PyTorch's layers give there.

What the kernels do not cover runs on PyTorch's operators (`torch.gru` and so on: ATen on a CPU, cuDNN on a GPU), or is
composed of them where PyTorch has none, or one that does not know `torch.func.vmap`. There `torch.compile` breaks its
graph, as it does at `torch.nn.GRU`: it would unroll every time step.
"""

from collections.abc import Callable, Sequence
from typing import Any, ParamSpec, TypeVar, Unpack

import torch
from torch import Tensor

from gatelet.kernels import stacked, transforms
from gatelet.kernels.stack import Stack
from gatelet.kernels.stacked import Extras

__all__ = ["fastgrnn", "gru", "ligru", "lstm", "mgu", "rnn_tanh"]

P = ParamSpec("P")
R = TypeVar("R")


def _outside_graphs(function: Callable[P, R]) -> Callable[P, R]:
    disabled: Callable[P, R] = torch.compiler.disable(function)  # type: ignore[no-untyped-call]
    return disabled


_torch_gru = _outside_graphs(torch.gru)
_torch_lstm = _outside_graphs(torch.lstm)
_torch_rnn_tanh = _outside_graphs(torch.rnn_tanh)
_unrolled = _outside_graphs(stacked.run)


def gru(
    x: Tensor,
    h0: Tensor,
    weights: Sequence[Tensor],
    *,
    layer_norm: bool = False,
    zoneout: float = 0.0,
    recurrent_dropout: float = 0.0,
    reset_after: bool = True,
    **stack: Unpack[Stack],
) -> tuple[Tensor, Tensor]:
    """Run stacked GRUs; the equation is that of `gatelet.reference.gru.forward`.

    Args:
        x: (T, B, I), (B, T, I) with `batch_first`, or packed (N, I) with `batch_sizes`.
        h0: (L*D, B, H).
        weights: flat, in PyTorch's order.
        layer_norm: normalise the products of each gate (`gatelet.reference.products`); `weights` has the gains.
        zoneout: share of units that keep their old state (`gatelet.kernels.zoneout`).
        recurrent_dropout: share of the state that W_hh does not see, drawn once per sequence, layer and direction.
        reset_after: the reset gate acts after the recurrent product (PyTorch, cuDNN), or before it (Cho et al. 2014).
        stack: the layers and the layout (`gatelet.kernels.stack.Stack`).

    Returns:
        y, laid out as `x`, with D*H features; h_n: (L*D, B, H).

    Raises:
        RuntimeError: there are no steps, or shapes do not fit.
    """
    extras = Extras(layer_norm, zoneout, recurrent_dropout, stack.get("training", False))
    if reset_after and not extras.any and _torch_suffices(x, (h0,), weights, stack):
        y, h_n = _in_torch(_torch_gru, x, h0, weights, stack)
        return y, h_n
    y, h_n = _stacked("gru" if reset_after else "gru_reset_before", x, (h0,), weights, extras, stack)
    dtype = torch.promote_types(y.dtype, h0.dtype)  # within autocast as torch.gru, whose h stays as wide as h0
    return y.to(dtype), h_n.to(dtype)


def lstm(
    x: Tensor,
    state: tuple[Tensor, Tensor],
    weights: Sequence[Tensor],
    *,
    layer_norm: bool = False,
    zoneout: float = 0.0,
    recurrent_dropout: float = 0.0,
    **stack: Unpack[Stack],
) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """Run stacked LSTMs; the equation is that of `gatelet.reference.lstm.forward`.

    Arguments are those of `gru`, but for `state`: h0 (L*D, B, P) and c0 (L*D, B, H), where `P` is `H`, or the size that
    `weight_hr` projects to. Returns y with D*P features, and (h_n, c_n).

    Raises:
        ValueError: an LSTM that projects is asked for resets, LayerNorm, zoneout or recurrent dropout.
        RuntimeError: there are no steps, or shapes do not fit.
    """
    extras = Extras(layer_norm, zoneout, recurrent_dropout, stack.get("training", False))
    projects = state[0].shape != state[1].shape
    if projects and (stack.get("resets") is not None or extras.any):
        raise ValueError(
            "An LSTM with proj_size must have no resets, layer_norm, zoneout or recurrent_dropout; got some."
        )
    if projects or (not extras.any and _torch_suffices(x, state, weights, stack)):
        y, h_n, c_n = _in_torch(_torch_lstm, x, state, weights, stack)
        return y, (h_n, c_n)
    y, h_n, c_n = _stacked("lstm", x, state, weights, extras, stack)
    if stack.get("batch_sizes") is not None:  # within autocast as torch.lstm, which narrows padded sequences alone
        dtype = torch.promote_types(y.dtype, state[0].dtype)
        y, h_n, c_n = y.to(dtype), h_n.to(dtype), c_n.to(dtype)
    return y, (h_n, c_n)


def rnn_tanh(x: Tensor, h0: Tensor, weights: Sequence[Tensor], **stack: Unpack[Stack]) -> tuple[Tensor, Tensor]:
    """Run stacked tanh RNNs; the equation is that of `gatelet.reference.rnn.forward`, the arguments those of `gru`.

    Raises:
        RuntimeError: there are no steps, or shapes do not fit.
    """
    if _torch_suffices(x, (h0,), weights, stack):
        y, h_n = _in_torch(_torch_rnn_tanh, x, h0, weights, stack)
    else:
        y, h_n = _stacked("rnn_tanh", x, (h0,), weights, stacked.NOTHING, stack)
    return y, h_n


def mgu(x: Tensor, h0: Tensor, weights: Sequence[Tensor], **stack: Unpack[Stack]) -> tuple[Tensor, Tensor]:
    """Run stacked MGUs; the equation is that of `gatelet.reference.mgu.forward`, the arguments those of `gru`.

    Raises:
        RuntimeError: there are no steps, or shapes do not fit.
    """
    y, h_n = _stacked("mgu", x, (h0,), weights, stacked.NOTHING, stack)
    return y, h_n


def ligru(x: Tensor, h0: Tensor, weights: Sequence[Tensor], **stack: Unpack[Stack]) -> tuple[Tensor, Tensor]:
    """Run stacked Li-GRUs; the equation is that of `gatelet.reference.ligru.forward`, the arguments those of `gru`.

    Raises:
        RuntimeError: there are no steps, or shapes do not fit.
    """
    y, h_n = _stacked("ligru", x, (h0,), weights, stacked.NOTHING, stack)
    return y, h_n


def fastgrnn(x: Tensor, h0: Tensor, weights: Sequence[Tensor], **stack: Unpack[Stack]) -> tuple[Tensor, Tensor]:
    """Run stacked FastGRNNs; the equation is that of `gatelet.reference.fastgrnn.forward`.

    Arguments are those of `gru`, but for `weights`: of each layer and direction W (H, I), U (H, H), where there are
    biases b_z and b_n (2H,), and zeta and nu (2,).

    Raises:
        RuntimeError: there are no steps, or shapes do not fit.
    """
    bias = stack.get("bias", True)
    size = h0.shape[-1]
    flat: list[Tensor] = []
    for first in range(0, len(weights), 4 if bias else 3):
        w, u, *biases, scales = weights[first : first + (4 if bias else 3)]
        # the kernel takes a value per unit, and sums up no gradient over the units: expand does
        flat += [w, u, biases[0] if bias else w.new_zeros(2 * size)]
        flat.append(torch.sigmoid(scales).unsqueeze(1).expand(2, size).flatten())
    y, h_n = _stacked("fastgrnn", x, (h0,), flat, stacked.NOTHING, {**stack, "bias": True})
    return y, h_n


def _torch_suffices(x: Tensor, states: Sequence[Tensor], weights: Sequence[Tensor], stack: Stack) -> bool:
    """Whether PyTorch's own operator is the one to run: no kernel of ours, no transform, no resets."""
    return not (stacked.handles(x, states, weights) or transforms.active() or stack.get("resets") is not None)


def _in_torch(
    function: Callable[..., tuple[Tensor, ...]], x: Tensor, state: Any, weights: Sequence[Tensor], stack: Stack
) -> tuple[Tensor, ...]:
    """Run stacked layers in an operator of PyTorch's; state as it takes it."""
    options = (
        stack.get("bias", True), stack["num_layers"], stack.get("dropout", 0.0), stack.get("training", False),
        stack.get("bidirectional", False),
    )  # fmt: skip
    batch_sizes = stack.get("batch_sizes")
    if batch_sizes is None:
        return function(x, state, list(weights), *options, stack.get("batch_first", False))
    return function(x, batch_sizes, state, list(weights), *options)


def _stacked(
    cell: str, x: Tensor, states: Sequence[Tensor], weights: Sequence[Tensor], extras: Extras, stack: Stack
) -> tuple[Tensor, ...]:
    """Run stacked layers of a cell, natively or step by step."""
    natively = stacked.handles(x, states, weights)
    run = stacked.run if natively else _unrolled
    return run(cell, x, states, weights, extras=extras, natively=natively, **stack)
