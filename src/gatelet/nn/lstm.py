"""The long short-term memory as a torch layer."""

import torch
from torch import Tensor

from gatelet.kernels import recurrent as kernels
from gatelet.nn.recurrent import RecurrentLayer

__all__ = ["LSTM"]


class LSTM(RecurrentLayer[tuple[Tensor, Tensor]]):
    """Stacked long short-term memories, a drop-in for `torch.nn.LSTM`.

        i  = s(W_ii x + b_ii + W_hi h + b_hi)
        f  = s(W_if x + b_if + W_hf h + b_hf)
        g  = tanh(W_ig x + b_ig + W_hg h + b_hg)
        o  = s(W_io x + b_io + W_ho h + b_ho)
        c' = f * c + i * g
        h' = o * tanh(c')                 or W_hr (o * tanh(c')) with a projection

    Weights of layer k: `weight_ih_l{k}` (4H, I), or (4H, D*P) from the second layer on, `weight_hh_l{k}` (4H, P),
    `bias_ih_l{k}` and `bias_hh_l{k}` (4H,), rows in the order i, f, g, o, and with a projection
    `weight_hr_l{k}` (P, H); `_reverse` is appended for the other direction. P is H without a projection. `state_dict`
    goes both ways.

    Arguments are those of `GRU`, but for `reset_after`, and `proj_size`: P, the size that the hidden state is projected
    to, 0 for none; it does not go with `layer_norm`, `zoneout` or `recurrent_dropout`. Zoneout draws for h and c apart.

    Raises:
        TypeError, ValueError: as `torch.nn.LSTM`, with the same words.

    Source: Hochreiter, Schmidhuber, Long Short-Term Memory, 1997; Sak et al. 2014 (arXiv:1402.1128) for the projection.
    """

    mode = "LSTM"
    _gates = 4
    _kernel = staticmethod(kernels.lstm)
    _extras = ("layer_norm", "zoneout", "recurrent_dropout")
    _wrong_dimensions = "LSTM: Expected input to be 2D or 3D, got {}D instead"

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: torch.device | str | int | None = None,
        dtype: torch.dtype | None = None,
        *,
        layer_norm: bool = False,
        zoneout: float = 0.0,
        recurrent_dropout: float = 0.0,
        weight_drop: float = 0.0,
        rank_hh: int | None = None,
    ) -> None:
        super().__init__(
            input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, device, dtype,
            proj_size=proj_size, layer_norm=layer_norm, zoneout=zoneout, recurrent_dropout=recurrent_dropout,
            weight_drop=weight_drop, rank_hh=rank_hh,
        )  # fmt: skip

    @property
    def _state_sizes(self) -> tuple[int, ...]:
        return self.proj_size or self.hidden_size, self.hidden_size
