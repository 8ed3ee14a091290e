"""Recurrent layers for torch: `GRU`, `LSTM` and `RNN` as in `torch.nn`, a look at a GRU's gates, and `replace`."""

from gatelet.nn.gru import GRU, GateActivations, gate_activations
from gatelet.nn.lstm import LSTM
from gatelet.nn.replacement import replace
from gatelet.nn.rnn import RNN

__all__ = ["GRU", "LSTM", "RNN", "GateActivations", "gate_activations", "replace"]
