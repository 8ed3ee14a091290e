"""All operations by name, which is how a file says which one is meant."""

from __future__ import annotations

from collections.abc import Callable

from gatelet.plan.activations import Activation
from gatelet.plan.attention import Attention
from gatelet.plan.ctc import CTCGreedy
from gatelet.plan.delay import Delay
from gatelet.plan.dense import Dense
from gatelet.plan.embedding import Embedding, Pairs
from gatelet.plan.fastgrnn import FastGRNN
from gatelet.plan.gru import GRU
from gatelet.plan.integer_cells import IntegerFastGRNN, IntegerGRU, IntegerLSTM
from gatelet.plan.integer_layers import IntegerAdd, IntegerAffine, IntegerDense, IntegerEmbedding
from gatelet.plan.integer_pool import IntegerPool
from gatelet.plan.integers import Dequantize, Quantize
from gatelet.plan.joining import Add, Concatenate, Row, Segments, Split
from gatelet.plan.layer_norm import LayerNorm
from gatelet.plan.ligru import LiGRU
from gatelet.plan.log_mel import LogMel
from gatelet.plan.lstm import LSTM
from gatelet.plan.mgu import MGU
from gatelet.plan.min_gru import MinGRU
from gatelet.plan.min_lstm import MinLSTM
from gatelet.plan.operation import Operation
from gatelet.plan.pooling import AttentionPool, Pool
from gatelet.plan.quantiles import Calibrated, Quantiles
from gatelet.plan.remaining import Remaining
from gatelet.plan.rnn import RNN
from gatelet.plan.softmax import Softmax
from gatelet.plan.standardize import Filled, Observed, Standardize
from gatelet.plan.student_t import StudentT, StudentTQuantiles
from gatelet.plan.window import Center, Level, Scale, Spread, Window

OPERATIONS: dict[str, Callable[..., Operation]] = {
    "Activation": Activation,
    "Add": Add,
    "Attention": Attention,
    "AttentionPool": AttentionPool,
    "CTCGreedy": CTCGreedy,
    "Calibrated": Calibrated,
    "Center": Center,
    "Concatenate": Concatenate,
    "Delay": Delay,
    "Dense": Dense,
    "Dequantize": Dequantize,
    "Embedding": Embedding,
    "FastGRNN": FastGRNN,
    "Filled": Filled,
    "GRU": GRU,
    "IntegerAdd": IntegerAdd,
    "IntegerAffine": IntegerAffine,
    "IntegerDense": IntegerDense,
    "IntegerEmbedding": IntegerEmbedding,
    "IntegerFastGRNN": IntegerFastGRNN,
    "IntegerGRU": IntegerGRU,
    "IntegerLSTM": IntegerLSTM,
    "IntegerPool": IntegerPool,
    "LSTM": LSTM,
    "LayerNorm": LayerNorm,
    "Level": Level,
    "LogMel": LogMel,
    "LiGRU": LiGRU,
    "MGU": MGU,
    "MinGRU": MinGRU,
    "MinLSTM": MinLSTM,
    "Observed": Observed,
    "Pairs": Pairs,
    "Pool": Pool,
    "Quantiles": Quantiles,
    "Quantize": Quantize,
    "RNN": RNN,
    "Remaining": Remaining,
    "Row": Row,
    "Scale": Scale,
    "Segments": Segments,
    "Softmax": Softmax,
    "Split": Split,
    "Spread": Spread,
    "Standardize": Standardize,
    "StudentT": StudentT,
    "StudentTQuantiles": StudentTQuantiles,
    "Window": Window,
}
