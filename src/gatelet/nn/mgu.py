"""The minimal gated unit as a torch layer."""

from gatelet.kernels import recurrent as kernels
from gatelet.nn.plain import PlainLayer

__all__ = ["MGU"]


class MGU(PlainLayer):
    """Stacked minimal gated units: a GRU whose one gate both resets and updates, with two thirds of the weights.

        f  = s(W_if x + b_if + W_hf h + b_hf)
        n  = tanh(W_in x + b_in + W_hn (f * h) + b_hn)
        h' = (1 - f) * h + f * n

    Weights of layer k: `weight_ih_l{k}` (2H, I), or (2H, D*H) from the second layer on, `weight_hh_l{k}` (2H, H),
    `bias_ih_l{k}` and `bias_hh_l{k}` (2H,), rows in the order f, n; `_reverse` is appended for the other direction.

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

    Source: Zhou et al., Minimal Gated Unit for Recurrent Neural Networks, 2016 (arXiv:1603.09420).
    """

    mode = "MGU"
    _gates = 2
    _kernel = staticmethod(kernels.mgu)
    _wrong_dimensions = "MGU: Expected input to be 2D or 3D, got {}D instead"
