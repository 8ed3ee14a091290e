"""A fitted model as data: an ordered list of small operations with weights, shapes, state and units.

    plan = model.plan()
    outputs = interpret.whole(plan, [{"x": row} for row in rows])    # NumPy float64: the oracle

Each operation is a frozen dataclass that knows its equation (`run`), its shapes, its multiply-adds and its state.
Nothing here needs torch.
"""

from gatelet.plan import interpret
from gatelet.plan.activations import Activation
from gatelet.plan.attention import Attention
from gatelet.plan.catalogue import OPERATIONS
from gatelet.plan.ctc import CTCGreedy
from gatelet.plan.delay import Delay
from gatelet.plan.dense import Dense
from gatelet.plan.embedding import Embedding, Pairs
from gatelet.plan.fastgrnn import FastGRNN
from gatelet.plan.gru import GRU
from gatelet.plan.integer_cells import IntegerFastGRNN, IntegerGRU, IntegerLSTM, IntegerRecurrent
from gatelet.plan.integer_layers import IntegerAdd, IntegerAffine, IntegerDense, IntegerEmbedding
from gatelet.plan.integer_pool import IntegerPool
from gatelet.plan.integers import Dequantize, Quantize
from gatelet.plan.joining import Add, Concatenate, Row, Segments, Split
from gatelet.plan.layer_norm import LayerNorm
from gatelet.plan.ligru import LiGRU
from gatelet.plan.log_mel import LogMel, mel_filters
from gatelet.plan.lstm import LSTM
from gatelet.plan.mgu import MGU
from gatelet.plan.min_gru import MinGRU
from gatelet.plan.min_lstm import MinLSTM
from gatelet.plan.operation import Operation
from gatelet.plan.plan import EncoderDecoder, Plan
from gatelet.plan.pooling import AttentionPool, Pool
from gatelet.plan.quantiles import Calibrated, Quantiles
from gatelet.plan.recurrent import Recurrent
from gatelet.plan.remaining import Remaining
from gatelet.plan.rnn import RNN
from gatelet.plan.softmax import Softmax
from gatelet.plan.standardize import Filled, Observed, Standardize
from gatelet.plan.storing import load_plan, save_plan
from gatelet.plan.student_t import StudentT, StudentTQuantiles
from gatelet.plan.values import State, Value
from gatelet.plan.window import Center, Level, Scale, Spread, Window

__all__ = [
    "GRU",
    "LSTM",
    "MGU",
    "OPERATIONS",
    "RNN",
    "Activation",
    "Add",
    "Attention",
    "AttentionPool",
    "CTCGreedy",
    "Calibrated",
    "Center",
    "Concatenate",
    "Delay",
    "Dense",
    "Embedding",
    "EncoderDecoder",
    "FastGRNN",
    "Filled",
    "LayerNorm",
    "Level",
    "LogMel",
    "LiGRU",
    "MinGRU",
    "MinLSTM",
    "Observed",
    "Operation",
    "Pairs",
    "Plan",
    "Pool",
    "Quantiles",
    "Recurrent",
    "Remaining",
    "Row",
    "Scale",
    "Segments",
    "Softmax",
    "Split",
    "Spread",
    "Standardize",
    "State",
    "StudentT",
    "StudentTQuantiles",
    "Value",
    "Window",
    "interpret",
    "load_plan",
    "mel_filters",
    "save_plan",
    "Dequantize",
    "IntegerAdd",
    "IntegerAffine",
    "IntegerDense",
    "IntegerEmbedding",
    "IntegerFastGRNN",
    "IntegerGRU",
    "IntegerLSTM",
    "IntegerPool",
    "Quantize",
    "IntegerRecurrent",
]
