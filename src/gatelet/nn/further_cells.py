"""Single steps of the layers that torch does not have."""

from collections.abc import Callable
from typing import Any, ClassVar

import torch
from torch import Tensor

from gatelet.kernels import one_step, scan
from gatelet.kernels.inputs import Inputs
from gatelet.nn.cells import RecurrentCell
from gatelet.nn.fastgrnn import start_scales, two_biases
from gatelet.nn.low_rank import check_ranks, factors_of

__all__ = ["FastGRNNCell", "LiGRUCell", "MGUCell", "MinGRUCell", "MinLSTMCell"]


class PlainCell(RecurrentCell[Tensor]):
    """Base of the cells with one state and the arguments of `torch.nn.GRUCell`."""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        device: torch.device | str | int | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, device, dtype)


class MGUCell(PlainCell):
    """One step of an MGU: the equation is that of `MGU`, the arguments are those of `torch.nn.GRUCell`."""

    _gates = 2
    _cell = "mgu"


class LiGRUCell(PlainCell):
    """One step of a light GRU: the equation is that of `LiGRU`, the arguments are those of `torch.nn.GRUCell`."""

    _gates = 2
    _cell = "ligru"


class FastGRNNCell(RecurrentCell[Tensor]):
    """One step of a FastGRNN: the equation and the weights are those of `FastGRNN`, without `_l{k}` in the names.

    Arguments are those of `torch.nn.GRUCell`, and the ranks of `FastGRNN`.

    Raises:
        ValueError: a rank is not positive.
    """

    scales: Tensor
    _gates = 1
    _cell = "fastgrnn"

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        device: torch.device | str | int | None = None,
        dtype: torch.dtype | None = None,
        *,
        rank_ih: int | None = None,
        rank_hh: int | None = None,
    ) -> None:
        check_ranks(rank_ih=rank_ih, rank_hh=rank_hh)
        self.rank_ih = rank_ih
        self.rank_hh = rank_hh
        super().__init__(input_size, hidden_size, bias, device, dtype)

    def reset_parameters(self) -> None:
        """Draw all weights from U(-k, k) with k = 1 / sqrt(H), but for zeta = 1 and nu = -4."""
        super().reset_parameters()
        start_scales(self)

    def extra_repr(self) -> str:
        """Sizes, and every argument that is not at its default."""
        ranks = {"rank_ih": self.rank_ih, "rank_hh": self.rank_hh}
        return super().extra_repr() + "".join(f", {name}={rank}" for name, rank in ranks.items() if rank is not None)

    def _shapes(self) -> dict[str, tuple[int, ...]]:
        return two_biases(factors_of(super()._shapes(), {"weight_ih": self.rank_ih, "weight_hh": self.rank_hh}))

    def _step(self, x: Tensor, states: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        (h,) = states
        w_ih, w_hh = (
            getattr(self, name) if rank is None else getattr(self, f"{name}_left") @ getattr(self, f"{name}_right")
            for name, rank in (("weight_ih", self.rank_ih), ("weight_hh", self.rank_hh))
        )
        b_ih = x.new_zeros(2 * self.hidden_size) if self.bias_ih is None else self.bias_ih
        # the kernels take a value per unit
        scales = torch.sigmoid(self.scales).repeat_interleave(self.hidden_size)
        return one_step.run("fastgrnn", Inputs(x, h, None, w_ih, w_hh, b_ih, scales))


class ScanCell(PlainCell):
    """Base of the cells whose gates see the input alone: the only weights are `weight_ih` and `bias_ih`."""

    _recurrent_products = False
    _kernel: ClassVar[Callable[..., tuple[Tensor, Any]]]  # of `gatelet.kernels.scan`

    def _step(self, x: Tensor, states: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        weights = [self.weight_ih] if self.bias_ih is None else [self.weight_ih, self.bias_ih]
        # a sequence of one step; a scan packs no weights, so this costs no more than the step
        y, _ = self._kernel(x.unsqueeze(0), states[0].unsqueeze(0), weights, num_layers=1, bias=self.bias)
        return (y.squeeze(0),)


class MinGRUCell(ScanCell):
    """One step of a minGRU: the equation is that of `MinGRU`, the arguments are those of `torch.nn.GRUCell`."""

    _gates = 2
    _kernel = staticmethod(scan.min_gru)


class MinLSTMCell(ScanCell):
    """One step of a minLSTM: the equation is that of `MinLSTM`, the arguments are those of `torch.nn.GRUCell`."""

    _gates = 3
    _kernel = staticmethod(scan.min_lstm)
