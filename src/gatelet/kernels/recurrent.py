"""Run a stack of recurrent layers over a batch: the one place that chooses what computes them.

Every function takes weights as a flat list in PyTorch's order (`weight_ih, weight_hh`, then `bias_ih, bias_hh` where
there are biases, then `layer_norm_ih, layer_norm_hh` where gates are normalised, or `weight_hr` where an LSTM projects;
layer by layer, the reverse direction after the forward one).
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
from typing import ParamSpec, TypeVar

import torch
from torch import Tensor

from gatelet.kernels import stacked, transforms
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
    num_layers: int,
    bidirectional: bool = False,
    bias: bool = True,
    dropout: float = 0.0,
    training: bool = False,
    batch_first: bool = False,
    batch_sizes: Tensor | None = None,
    resets: Tensor | None = None,
    layer_norm: bool = False,
    zoneout: float = 0.0,
    recurrent_dropout: float = 0.0,
    reset_after: bool = True,
) -> tuple[Tensor, Tensor]:
    """Run stacked GRUs; the equation is that of `gatelet.reference.gru.forward`.

    Args:
        x: (T, B, I), (B, T, I) with `batch_first`, or packed (N, I) with `batch_sizes`.
        h0: (L*D, B, H).
        weights: flat, in PyTorch's order.
        num_layers: L.
        bidirectional: whether D is 2.
        bias: whether `weights` has biases.
        dropout: share of the outputs of all layers but the last that is zeroed in training.
        training: whether dropout, zoneout's draws and recurrent dropout are on.
        batch_first: layout of `x` and of the output, if not packed.
        batch_sizes: (T,) int64 on the CPU, sequences that are still running at each step.
        resets: as `x` without its last axis; where true, the state is zero before that step, in either direction, as at
            the start of an episode.
        layer_norm: normalise the products of each gate (`gatelet.reference.products`); `weights` has the gains.
        zoneout: share of units that keep their old state (`gatelet.kernels.zoneout`).
        recurrent_dropout: share of the state that W_hh does not see, drawn once per sequence, layer and direction.
        reset_after: the reset gate acts after the recurrent product (PyTorch, cuDNN), or before it (Cho et al. 2014).

    Returns:
        y, laid out as `x`, with D*H features; h_n: (L*D, B, H).

    Raises:
        RuntimeError: there are no steps, or shapes do not fit.
    """
    extras = Extras(layer_norm, zoneout, recurrent_dropout, training)
    natively = stacked.handles(x, (h0,), weights)
    if natively or not reset_after or transforms.active() or resets is not None or extras.any:
        y, h_n = _stacked(
            "gru" if reset_after else "gru_reset_before",
            x,
            h0,
            weights,
            bidirectional=bidirectional,
            bias=bias,
            dropout=dropout if training else 0.0,
            batch_first=batch_first,
            batch_sizes=batch_sizes,
            resets=resets,
            extras=extras,
            natively=natively,
        )
        dtype = torch.promote_types(y.dtype, h0.dtype)  # within autocast as torch.gru, whose h stays as wide as h0
        return y.to(dtype), h_n.to(dtype)
    options = (bias, num_layers, dropout, training, bidirectional)
    if batch_sizes is None:
        return _torch_gru(x, h0, list(weights), *options, batch_first)
    return _torch_gru(x, batch_sizes, h0, list(weights), *options)


def lstm(
    x: Tensor,
    state: tuple[Tensor, Tensor],
    weights: Sequence[Tensor],
    *,
    num_layers: int,
    bidirectional: bool = False,
    bias: bool = True,
    dropout: float = 0.0,
    training: bool = False,
    batch_first: bool = False,
    batch_sizes: Tensor | None = None,
    resets: Tensor | None = None,
    layer_norm: bool = False,
    zoneout: float = 0.0,
    recurrent_dropout: float = 0.0,
) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """Run stacked LSTMs; the equation is that of `gatelet.reference.lstm.forward`.

    Arguments are those of `gru`, but for `state`: h0 (L*D, B, P) and c0 (L*D, B, H), where `P` is `H`, or the size that
    `weight_hr` projects to. Returns y with D*P features, and (h_n, c_n).

    Raises:
        ValueError: an LSTM that projects is asked for resets, LayerNorm, zoneout or recurrent dropout.
        RuntimeError: there are no steps, or shapes do not fit.
    """
    extras = Extras(layer_norm, zoneout, recurrent_dropout, training)
    natively = stacked.handles(x, state, weights)
    options = (bias, num_layers, dropout, training, bidirectional)
    by_steps = transforms.active() and state[0].shape == state[1].shape  # our steps have no projection
    if natively or by_steps or resets is not None or extras.any:
        if (resets is not None or extras.any) and state[0].shape != state[1].shape:
            raise ValueError(
                "An LSTM with proj_size must have no resets, layer_norm, zoneout or recurrent_dropout; got some."
            )
        y, h_n, c_n = (stacked.run if natively else _unrolled)(
            "lstm",
            x,
            state,
            weights,
            bidirectional=bidirectional,
            bias=bias,
            dropout=dropout if training else 0.0,
            batch_first=batch_first,
            batch_sizes=batch_sizes,
            resets=resets,
            extras=extras,
            natively=natively,
        )
        if batch_sizes is not None:  # within autocast as torch.lstm, which narrows padded sequences alone
            dtype = torch.promote_types(y.dtype, state[0].dtype)
            y, h_n, c_n = y.to(dtype), h_n.to(dtype), c_n.to(dtype)
    elif batch_sizes is None:
        y, h_n, c_n = _torch_lstm(x, state, list(weights), *options, batch_first)
    else:
        y, h_n, c_n = _torch_lstm(x, batch_sizes, state, list(weights), *options)
    return y, (h_n, c_n)


def rnn_tanh(
    x: Tensor,
    h0: Tensor,
    weights: Sequence[Tensor],
    *,
    num_layers: int,
    bidirectional: bool = False,
    bias: bool = True,
    dropout: float = 0.0,
    training: bool = False,
    batch_first: bool = False,
    batch_sizes: Tensor | None = None,
    resets: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Run stacked tanh RNNs; the equation is that of `gatelet.reference.rnn.forward`, the arguments those of `gru`.

    Raises:
        RuntimeError: there are no steps, or shapes do not fit.
    """
    natively = stacked.handles(x, (h0,), weights)
    if natively or transforms.active() or resets is not None:
        return _stacked(
            "rnn_tanh",
            x,
            h0,
            weights,
            bidirectional=bidirectional,
            bias=bias,
            dropout=dropout if training else 0.0,
            batch_first=batch_first,
            batch_sizes=batch_sizes,
            resets=resets,
            natively=natively,
        )
    options = (bias, num_layers, dropout, training, bidirectional)
    if batch_sizes is None:
        return _torch_rnn_tanh(x, h0, list(weights), *options, batch_first)
    return _torch_rnn_tanh(x, batch_sizes, h0, list(weights), *options)


def mgu(
    x: Tensor,
    h0: Tensor,
    weights: Sequence[Tensor],
    *,
    num_layers: int,
    bidirectional: bool = False,
    bias: bool = True,
    dropout: float = 0.0,
    training: bool = False,
    batch_first: bool = False,
    batch_sizes: Tensor | None = None,
    resets: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Run stacked MGUs; the equation is that of `gatelet.reference.mgu.forward`, the arguments those of `gru`.

    Raises:
        RuntimeError: there are no steps, or shapes do not fit.
    """
    return _stacked(
        "mgu",
        x,
        h0,
        weights,
        bidirectional=bidirectional,
        bias=bias,
        dropout=dropout if training else 0.0,
        batch_first=batch_first,
        batch_sizes=batch_sizes,
        resets=resets,
        natively=stacked.handles(x, (h0,), weights),
    )


def ligru(
    x: Tensor,
    h0: Tensor,
    weights: Sequence[Tensor],
    *,
    num_layers: int,
    bidirectional: bool = False,
    bias: bool = True,
    dropout: float = 0.0,
    training: bool = False,
    batch_first: bool = False,
    batch_sizes: Tensor | None = None,
    resets: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Run stacked Li-GRUs; the equation is that of `gatelet.reference.ligru.forward`, the arguments those of `gru`.

    Raises:
        RuntimeError: there are no steps, or shapes do not fit.
    """
    return _stacked(
        "ligru",
        x,
        h0,
        weights,
        bidirectional=bidirectional,
        bias=bias,
        dropout=dropout if training else 0.0,
        batch_first=batch_first,
        batch_sizes=batch_sizes,
        resets=resets,
        natively=stacked.handles(x, (h0,), weights),
    )


def fastgrnn(
    x: Tensor,
    h0: Tensor,
    weights: Sequence[Tensor],
    *,
    num_layers: int,
    bidirectional: bool = False,
    bias: bool = True,
    dropout: float = 0.0,
    training: bool = False,
    batch_first: bool = False,
    batch_sizes: Tensor | None = None,
    resets: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Run stacked FastGRNNs; the equation is that of `gatelet.reference.fastgrnn.forward`.

    Arguments are those of `gru`, but for `weights`: of each layer and direction W (H, I), U (H, H), where there are
    biases b_z and b_n (2H,), and zeta and nu (2,).

    Raises:
        RuntimeError: there are no steps, or shapes do not fit.
    """
    size = h0.shape[-1]
    flat: list[Tensor] = []
    for first in range(0, len(weights), 4 if bias else 3):
        w, u, *biases, scales = weights[first : first + (4 if bias else 3)]
        # the kernel takes a value per unit, and sums up no gradient over the units: expand does
        flat += [w, u, biases[0] if bias else w.new_zeros(2 * size)]
        flat.append(torch.sigmoid(scales).unsqueeze(1).expand(2, size).flatten())
    return _stacked(
        "fastgrnn",
        x,
        h0,
        flat,
        bidirectional=bidirectional,
        bias=True,
        dropout=dropout if training else 0.0,
        batch_first=batch_first,
        batch_sizes=batch_sizes,
        resets=resets,
        natively=stacked.handles(x, (h0,), weights),
    )


def _stacked(
    cell: str,
    x: Tensor,
    h0: Tensor,
    weights: Sequence[Tensor],
    *,
    bidirectional: bool,
    bias: bool,
    dropout: float,
    batch_first: bool,
    batch_sizes: Tensor | None,
    resets: Tensor | None,
    natively: bool,
    extras: Extras = stacked.NOTHING,
) -> tuple[Tensor, Tensor]:
    """Run stacked layers of a cell with one state, natively or step by step."""
    y, h_n = (stacked.run if natively else _unrolled)(
        cell,
        x,
        (h0,),
        weights,
        bidirectional=bidirectional,
        bias=bias,
        dropout=dropout,
        batch_first=batch_first,
        batch_sizes=batch_sizes,
        resets=resets,
        extras=extras,
        natively=natively,
    )
    return y, h_n
