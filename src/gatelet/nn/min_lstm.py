"""The minimal LSTM, whose gates see the input alone, as a torch layer."""

from gatelet.kernels import scan
from gatelet.nn.plain import PlainLayer

__all__ = ["MinLSTM"]


class MinLSTM(PlainLayer):
    """Stacked minLSTMs: as `MinGRU`, with two gates that are divided by their sum.

        f  = s(W_f x + b_f)          i = s(W_i x + b_i)
        n  = g(W_n x + b_n)          g(a) = a + 1/2 where a >= 0, else s(a)
        h' = f / (f + i) * h + i / (f + i) * n

    There is one state, h, and no output gate.

    Weights of layer k: `weight_ih_l{k}` (3H, I), or (3H, D*H) from the second layer on, `bias_ih_l{k}` (3H,), rows in
    the order f, i, n; `_reverse` is appended for the other direction.

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

    Raises:
        TypeError, ValueError: as `torch.nn.GRU`, with the same words.

    Source: Feng et al., Were RNNs All We Needed?, 2024 (arXiv:2410.01201).
    """

    mode = "MIN_LSTM"
    _gates = 3
    _recurrent_products = False
    _kernel = staticmethod(scan.min_lstm)
    _wrong_dimensions = "MinLSTM: Expected input to be 2D or 3D, got {}D instead"
