"""The light gated recurrent unit as a torch layer."""

from gatelet.kernels import recurrent as kernels
from gatelet.nn.plain import PlainLayer

__all__ = ["LiGRU"]


class LiGRU(PlainLayer):
    """Stacked light gated recurrent units: no reset gate, a rectifier for the tanh, two thirds of a GRU's weights.

        z  = s(W_iz x + b_iz + W_hz h + b_hz)
        n  = relu(W_in x + b_in + W_hn h + b_hn)
        h' = z * h + (1 - z) * n

    Weights of layer k: `weight_ih_l{k}` (2H, I), or (2H, D*H) from the second layer on, `weight_hh_l{k}` (2H, H),
    `bias_ih_l{k}` and `bias_hh_l{k}` (2H,), rows in the order z, n; `_reverse` is appended for the other direction.

    The state is not bounded. The paper keeps it in check by normalising the products with the input over the batch;
    that is not done here.

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
        TypeError, ValueError: as `GRU`, with the same words.

    Source: Ravanelli et al., Light Gated Recurrent Units for Speech Recognition, 2018 (arXiv:1803.10225).
    """

    mode = "LIGRU"
    _gates = 2
    _kernel = staticmethod(kernels.ligru)
    _wrong_dimensions = "LiGRU: Expected input to be 2D or 3D, got {}D instead"
