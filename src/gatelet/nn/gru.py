"""The gated recurrent unit as a torch layer, and its gates laid open."""

from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence

from gatelet.kernels import recurrent as kernels
from gatelet.nn.recurrent import RecurrentLayer, refuse_proj_size
from gatelet.reference import Array, from_names, stacked
from gatelet.reference import gru as reference

__all__ = ["GRU", "GateActivations", "gate_activations"]


class GRU(RecurrentLayer[Tensor]):
    """Stacked gated recurrent units, a drop-in for `torch.nn.GRU`.

        r  = s(W_ir x + b_ir + W_hr h + b_hr)
        z  = s(W_iz x + b_iz + W_hz h + b_hz)
        n  = tanh(W_in x + b_in + r * (W_hn h + b_hn))      or, with reset_after=False,
        n  = tanh(W_in x + b_in + W_hn (r * h) + b_hn)
        h' = (1 - z) * n + z * h

    Weights of layer k: `weight_ih_l{k}` (3H, I), or (3H, D*H) from the second layer on, `weight_hh_l{k}` (3H, H),
    `bias_ih_l{k}` and `bias_hh_l{k}` (3H,), rows in the order r, z, n; `_reverse` is appended for the other direction.
    With the default `reset_after` they mean what they mean in PyTorch, and `state_dict` goes both ways.

    Args:
        input_size: I, features of the input.
        hidden_size: H, features of the state.
        num_layers: L, layers on top of each other.
        bias: whether there are biases.
        batch_first: the input and the output are (B, T, ...) rather than (T, B, ...). States are not concerned.
        dropout: share of the outputs of all layers but the last that is zeroed in training.
        bidirectional: D = 2, each layer also reads from the end.
        device: of the weights.
        dtype: of the weights.
        reset_after: the reset gate acts after the recurrent product (PyTorch, cuDNN) or before it (Cho et al. 2014).
        layer_norm: normalise the products of each gate over its H units, `W_ih x` and `W_hh h` on their own, and scale
            them by `layer_norm_ih_l{k}` and `layer_norm_hh_l{k}` (3H,), before the biases (Ba et al. 2016).
        zoneout: share of the units that keep their old state at a step, drawn in training, in expectation otherwise
            (Krueger et al. 2017).
        recurrent_dropout: share of the state's values that W_hh does not see in training, the same ones at every step
            (Gal and Ghahramani 2016).
        weight_drop: share of the values of W_hh that are zero in training, drawn once per call for all its steps and
            sequences; the others are scaled up by 1 / (1 - share) (Merity et al. 2018).
        rank_hh: rank of W_hh, which is then a product of `weight_hh_left_l{k}` (3H, rank) and `weight_hh_right_l{k}`
            (rank, H), which stand in its place; full by default.
        proj_size: refused; only an LSTM projects.

    Raises:
        TypeError, ValueError: as `torch.nn.GRU`, with the same words.
        ValueError: the rank is not positive.

    Source: Cho et al., Learning Phrase Representations using RNN Encoder-Decoder, EMNLP 2014 (arXiv:1406.1078). For
    the options Ba et al. (arXiv:1607.06450), Krueger et al. (arXiv:1606.01305), Gal and Ghahramani (arXiv:1512.05287),
    Merity et al. (arXiv:1708.02182).
    """

    mode = "GRU"
    _gates = 3
    _kernel = staticmethod(kernels.gru)
    _extras = ("reset_after", "layer_norm", "zoneout", "recurrent_dropout")  # weight drop acts before the kernel
    _wrong_dimensions = "GRU: Expected input to be 2D or 3D, got {}D instead"

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: torch.device | str | int | None = None,
        dtype: torch.dtype | None = None,
        *,
        reset_after: bool = True,
        layer_norm: bool = False,
        zoneout: float = 0.0,
        recurrent_dropout: float = 0.0,
        weight_drop: float = 0.0,
        rank_hh: int | None = None,
        proj_size: int | None = None,
    ) -> None:
        refuse_proj_size(proj_size)
        super().__init__(
            input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, device, dtype,
            layer_norm=layer_norm, zoneout=zoneout, recurrent_dropout=recurrent_dropout,
            weight_drop=weight_drop, rank_hh=rank_hh,
        )  # fmt: skip
        self.reset_after = reset_after


@dataclass(frozen=True)
class GateActivations:
    """What went on inside one GRU layer: each is (T, B, H), (B, T, H) with `batch_first`, or (T, H) without a batch."""

    reset: Tensor  # r: 0 keeps the old state out of the candidate
    update: Tensor  # z: 1 keeps the old state, 0 takes the candidate
    candidate: Tensor  # n
    hidden: Tensor  # h', the state that follows


def gate_activations(
    layer: GRU, input: Tensor, hx: Tensor | None = None, *, depth: int = -1, reverse: bool = False
) -> GateActivations:
    """Lay open the gates of one layer of a GRU over a sequence, computed by the float64 reference without dropout.

    Args:
        layer: the GRU.
        input: as for the GRU, but not packed.
        hx: as for the GRU.
        depth: which of its L layers, counted from the input; the last one by default.
        reverse: the direction that reads from the end; its gates are still given in the order of the input.

    Returns:
        The gates, with the dtype and on the device of `input`, without gradients.

    Raises:
        ValueError: the GRU has no such layer, or the input is packed.
        ValueError, RuntimeError: `input` or `hx` does not fit, as for the GRU.
    """
    if isinstance(input, PackedSequence):
        raise ValueError("The gates are computed for padded input only; got a PackedSequence.")
    if not -layer.num_layers <= depth < layer.num_layers:
        raise ValueError(f"depth must be between {-layer.num_layers} and {layer.num_layers - 1}; got {depth}.")
    if reverse and not layer.bidirectional:
        raise ValueError("reverse=True needs a bidirectional GRU; got one that reads forward only.")
    batch, (h0,) = layer._batched(input, None if hx is None else (hx,))
    weights = from_names({name: _float64(weight) for name, weight in layer.whole_weights().items()})
    cell = partial(reference.forward, reset_after=layer.reset_after)
    x = _float64(batch.transpose(0, 1) if layer.batch_first else batch)
    _, _, trace = stacked.forward(cell, x, _float64(h0), weights, bidirectional=layer.bidirectional)
    directions = 2 if layer.bidirectional else 1
    one = trace.traces[0][depth % layer.num_layers * directions + reverse]

    def laid_out(gate: Array) -> Tensor:  # (T, B, H), in the order of reading
        tensor = torch.from_numpy(gate[::-1].copy() if reverse else gate).to(input)
        if input.dim() == 2:
            return tensor.squeeze(1)
        return tensor.transpose(0, 1) if layer.batch_first else tensor

    return GateActivations(laid_out(one.r), laid_out(one.z), laid_out(one.n), laid_out(one.h[1:]))


def _float64(tensor: Tensor) -> Array:
    return tensor.detach().cpu().double().numpy()
