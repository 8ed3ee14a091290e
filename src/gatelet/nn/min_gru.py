"""The minimal GRU, whose gates see the input alone, as a torch layer."""

from gatelet.kernels import scan
from gatelet.nn.plain import PlainLayer

__all__ = ["MinGRU"]


class MinGRU(PlainLayer):
    """Stacked minGRUs: the state is a running average of candidates, in which the gates see the input alone.

        z  = s(W_z x + b_z)
        n  = g(W_n x + b_n)          g(a) = a + 1/2 where a >= 0, else s(a)
        h' = (1 - z) * h + z * n

    Since nothing but that average goes from step to step, a sequence costs one matrix product and one pass over its
    gates. The price is that a single layer cannot make its gates depend on what it has seen; stack two or three.

    Weights of layer k: `weight_ih_l{k}` (2H, I), or (2H, D*H) from the second layer on, `bias_ih_l{k}` (2H,), rows in
    the order z, n; `_reverse` is appended for the other direction. Note that here z is the share of the new.

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

    mode = "MIN_GRU"
    _gates = 2
    _recurrent_products = False
    _kernel = staticmethod(scan.min_gru)
    _wrong_dimensions = "MinGRU: Expected input to be 2D or 3D, got {}D instead"
