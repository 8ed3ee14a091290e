"""The plain tanh recurrent network as a torch layer."""

import torch
from torch import Tensor

from gatelet.kernels import recurrent as kernels
from gatelet.nn.recurrent import RecurrentLayer, refuse_proj_size

__all__ = ["RNN"]


class RNN(RecurrentLayer[Tensor]):
    """Stacked Elman networks, a drop-in for `torch.nn.RNN` with its default nonlinearity.

        h' = tanh(W_ih x + b_ih + W_hh h + b_hh)

    Weights of layer k: `weight_ih_l{k}` (H, I), or (H, D*H) from the second layer on, `weight_hh_l{k}` (H, H),
    `bias_ih_l{k}` and `bias_hh_l{k}` (H,); `_reverse` is appended for the other direction. `state_dict` goes both ways.

    Arguments are those of `GRU` as far as PyTorch has them, and `nonlinearity`: "tanh"; "relu" is refused.

    Raises:
        ValueError: the nonlinearity is not "tanh".
        TypeError, ValueError: as `torch.nn.RNN`, with the same words.

    Source: Elman, Finding Structure in Time, 1990.
    """

    mode = "RNN_TANH"
    _gates = 1
    _kernel = staticmethod(kernels.rnn_tanh)
    _wrong_dimensions = "RNN: Expected input to be 2D or 3D, got {}D tensor instead"

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: torch.device | str | int | None = None,
        dtype: torch.dtype | None = None,
        *,
        proj_size: int | None = None,
    ) -> None:
        refuse_proj_size(proj_size)
        if nonlinearity == "relu":
            raise ValueError("gatelet.nn.RNN has the nonlinearity 'tanh' only; got 'relu'.")
        if nonlinearity != "tanh":
            raise ValueError(f"Unknown nonlinearity '{nonlinearity}'. Select from 'tanh' or 'relu'.")
        super().__init__(input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, device, dtype)
        self.nonlinearity = nonlinearity
