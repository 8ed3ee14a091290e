"""FastGRNN as a torch layer."""

import torch
from torch import Tensor, nn

from gatelet.kernels import recurrent as kernels
from gatelet.nn.low_rank import check_ranks, factors_of
from gatelet.nn.recurrent import RecurrentLayer

__all__ = ["FastGRNN", "start_scales", "two_biases"]


class FastGRNN(RecurrentLayer[Tensor]):
    """Stacked FastGRNNs: gate and candidate share their matrices, so there is a third of a GRU's weights, or fewer.

        z  = s(W x + U h + b_z)
        n  = tanh(W x + U h + b_n)
        h' = (s(zeta) * (1 - z) + s(nu)) * n + z * h

    Weights of layer k: `weight_ih_l{k}` (H, I) is W, (H, D*H) from the second layer on, `weight_hh_l{k}` (H, H) is U,
    `bias_ih_l{k}` (2H,) is b_z, b_n, and `scales_l{k}` (2,) is zeta, nu, at first 1 and -4; `_reverse` is appended for
    the other direction. With `rank_ih`, W is a product of `weight_ih_left_l{k}` (H, rank) and `weight_ih_right_l{k}`
    (rank, I), which stand in its place; with `rank_hh` so is U.

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
        rank_ih: rank of W; full by default.
        rank_hh: rank of U; full by default.

    Raises:
        TypeError, ValueError: as `GRU`, with the same words.
        ValueError: a rank is not positive.

    Source: Kusupati et al., FastGRNN, NeurIPS 2018 (arXiv:1901.02358).
    """

    mode = "FASTGRNN"
    _gates = 1
    _kernel = staticmethod(kernels.fastgrnn)
    _wrong_dimensions = "FastGRNN: Expected input to be 2D or 3D, got {}D instead"

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
        *,
        rank_ih: int | None = None,
        rank_hh: int | None = None,
    ) -> None:
        check_ranks(rank_ih=rank_ih)
        self.rank_ih = rank_ih
        super().__init__(
            input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, device, dtype,
            rank_hh=rank_hh,
        )  # fmt: skip

    def reset_parameters(self) -> None:
        """Draw all weights from U(-k, k) with k = 1 / sqrt(H), but for zeta = 1 and nu = -4."""
        super().reset_parameters()
        start_scales(self)

    def _shapes(self, layer: int) -> dict[str, tuple[int, ...]]:
        return two_biases(factors_of(super()._shapes(layer), {"weight_ih": self.rank_ih}))


def two_biases(shapes: dict[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
    """The shapes of a FastGRNN's weights out of those of a cell with one gate.

    There are two biases, both of the input, and the scales zeta and nu.
    """
    found = {name: shape for name, shape in shapes.items() if name != "bias_hh"}
    if "bias_ih" in found:
        found["bias_ih"] = (2 * found["bias_ih"][0],)
    return found | {"scales": (2,)}


def start_scales(module: nn.Module) -> None:
    """Set every zeta of a FastGRNN to 1 and nu to -4."""
    with torch.no_grad():
        for name, weight in module.named_parameters():
            if name.startswith("scales"):
                weight.copy_(torch.tensor([1.0, -4.0]))
