"""Recurrent layers and cells for torch, as in `torch.nn` and beyond, a look at a GRU's gates, and `replace`."""

from gatelet.nn.cells import GRUCell, LSTMCell, RNNCell
from gatelet.nn.fastgrnn import FastGRNN
from gatelet.nn.further_cells import FastGRNNCell, LiGRUCell, MGUCell, MinGRUCell, MinLSTMCell
from gatelet.nn.gru import GRU, GateActivations, gate_activations
from gatelet.nn.ligru import LiGRU
from gatelet.nn.lstm import LSTM
from gatelet.nn.mgu import MGU
from gatelet.nn.min_gru import MinGRU
from gatelet.nn.min_lstm import MinLSTM
from gatelet.nn.replacement import replace
from gatelet.nn.rnn import RNN

__all__ = [
    "FastGRNN",
    "FastGRNNCell",
    "GRU",
    "GRUCell",
    "GateActivations",
    "LSTM",
    "LSTMCell",
    "LiGRU",
    "LiGRUCell",
    "MGU",
    "MGUCell",
    "MinGRU",
    "MinGRUCell",
    "MinLSTM",
    "MinLSTMCell",
    "RNN",
    "RNNCell",
    "gate_activations",
    "replace",
]
