"""The constructor of the layers that take PyTorch's arguments and no more."""

import torch
from torch import Tensor

from gatelet.nn.recurrent import RecurrentLayer

__all__ = ["PlainLayer"]


class PlainLayer(RecurrentLayer[Tensor]):
    """Base of the layers with one state and the arguments of `torch.nn.GRU`."""

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
    ) -> None:
        super().__init__(input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, device, dtype)
