"""Single steps of the recurrent layers, as drop-ins for the cells of `torch.nn`."""

from typing import Any, ClassVar, Generic, TypeVar, cast

import torch
from torch import Tensor, nn

from gatelet.kernels import one_step
from gatelet.kernels.inputs import Inputs
from gatelet.kernels.stacked import Extras
from gatelet.nn.recurrent import check_extras, draw_weights

__all__ = ["GRUCell", "LSTMCell", "RNNCell", "RecurrentCell"]

S = TypeVar("S", Tensor, tuple[Tensor, Tensor])  # h, or h and c


class RecurrentCell(nn.Module, Generic[S]):
    """Base of the cells: holds the weights, checks the input, and leaves the arithmetic to a kernel.

    Weights: `weight_ih` (G*H, I), `weight_hh` (G*H, H), `bias_ih` and `bias_hh` (G*H,), for the G gates of the cell;
    with `layer_norm` also the gains `layer_norm_ih` and `layer_norm_hh` (G*H,). Where the gates see the input alone,
    those of `_hh` are absent.
    """

    weight_ih: Tensor
    weight_hh: Tensor
    bias_ih: Tensor | None
    bias_hh: Tensor | None
    layer_norm_ih: Tensor
    layer_norm_hh: Tensor
    _gates: ClassVar[int]
    _states: ClassVar[int] = 1
    _recurrent_products: ClassVar[bool] = True  # whether the gates see the state, through weight_hh and bias_hh

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        device: torch.device | str | int | None = None,
        dtype: torch.dtype | None = None,
        *,
        layer_norm: bool = False,
        zoneout: float = 0.0,
    ) -> None:
        super().__init__()
        check_extras(layer_norm, zoneout=zoneout)
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.bias = bias
        self.layer_norm = layer_norm
        self.zoneout = float(zoneout)
        for name, shape in self._shapes().items():
            self.register_parameter(name, nn.Parameter(torch.empty(shape, device=device, dtype=dtype)))
        for name in () if bias else ("bias_ih", "bias_hh"):
            self.register_parameter(name, None)
        self.reset_parameters()

    @property
    def _cell(self) -> str:
        """The kernels' name of the cell."""
        raise NotImplementedError

    def reset_parameters(self) -> None:
        """Draw all weights from U(-k, k) with k = 1 / sqrt(H); the gains of LayerNorm are 1."""
        draw_weights(self, self.hidden_size)

    def extra_repr(self) -> str:
        """Sizes, and every argument that is not at its default."""
        options = {"bias": True, "reset_after": True, "layer_norm": False, "zoneout": 0.0}
        changed = [f", {name}={value}" for name, usual in options.items()
                   if (value := getattr(self, name, usual)) != usual]  # fmt: skip
        return f"{self.input_size}, {self.hidden_size}" + "".join(changed)

    def forward(self, input: Tensor, hx: S | None = None) -> S:
        """Take one step.

        Args:
            input: (B, I), or (I,) without a batch.
            hx: the state before, (B, H) or (H,), of an LSTM the pair (h, c); zero by default.

        Returns:
            The state that follows, like `hx`.

        Raises:
            ValueError, RuntimeError: as PyTorch's cell, with the same words.
        """
        name = type(self).__name__
        if input.dim() not in (1, 2):
            raise ValueError(f"{name}: Expected input to be 1D or 2D, got {input.dim()}D instead")
        states = None if hx is None else tuple(hx) if self._states == 2 else (cast(Any, hx),)
        for k, state in enumerate(states or ()):
            if state.dim() not in (1, 2):
                what = "hidden" if self._states == 1 else f"hx[{k}]"
                raise ValueError(f"{name}: Expected {what} to be 1D or 2D, got {state.dim()}D instead")
        x = input if input.dim() == 2 else input.unsqueeze(0)
        if states is None:
            states = (x.new_zeros(x.size(0), self.hidden_size),) * self._states
        elif input.dim() == 1:
            states = tuple(state.unsqueeze(0) for state in states)
        self._check_sizes(x, states)
        found = self._step(x, states)
        if input.dim() == 1:
            found = tuple(state.squeeze(0) for state in found)
        return cast(S, found if self._states == 2 else found[0])

    def _shapes(self) -> dict[str, tuple[int, ...]]:
        gates = self._gates * self.hidden_size
        shapes: dict[str, tuple[int, ...]] = {
            "weight_ih": (gates, self.input_size),
            "weight_hh": (gates, self.hidden_size),
        }
        if self.bias:
            shapes |= {"bias_ih": (gates,), "bias_hh": (gates,)}
        if self.layer_norm:
            shapes |= {"layer_norm_ih": (gates,), "layer_norm_hh": (gates,)}
        if not self._recurrent_products:
            return {name: shape for name, shape in shapes.items() if name.endswith("_ih")}
        return shapes

    def _step(self, x: Tensor, states: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        h0, c0 = states if len(states) == 2 else (states[0], None)
        given = Inputs(
            x, h0, c0, self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh,
            self.layer_norm_ih if self.layer_norm else None,
            self.layer_norm_hh if self.layer_norm else None,
            zoneout_seed=Extras(zoneout=self.zoneout, training=self.training).seed(x),
            zoneout=self.zoneout,
        )  # fmt: skip
        return one_step.run(self._cell, given)

    def _check_sizes(self, x: Tensor, states: tuple[Tensor, ...]) -> None:
        batch, features = x.shape
        if features != self.input_size:
            raise RuntimeError(f"input has inconsistent input_size: got {features} expected {self.input_size}")
        for k, state in enumerate(states):
            if state.size(0) != batch:
                raise RuntimeError(f"Input batch size {batch} doesn't match hidden{k} batch size {state.size(0)}")
            if state.size(1) != self.hidden_size:
                sizes = f"got {state.size(1)}, expected {self.hidden_size}"
                raise RuntimeError(f"hidden{k} has inconsistent hidden_size: {sizes}")


class GRUCell(RecurrentCell[Tensor]):
    """One step of a GRU, a drop-in for `torch.nn.GRUCell`; the equation is that of `GRU`, G is 3.

    Args:
        input_size: I, features of the input.
        hidden_size: H, features of the state.
        bias: whether there are biases.
        device: of the weights.
        dtype: of the weights.
        reset_after: the reset gate acts after the recurrent product (PyTorch, cuDNN) or before it (Cho et al. 2014).
        layer_norm: as of `GRU`.
        zoneout: as of `GRU`; every step draws anew.
    """

    _gates = 3

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        device: torch.device | str | int | None = None,
        dtype: torch.dtype | None = None,
        *,
        reset_after: bool = True,
        layer_norm: bool = False,
        zoneout: float = 0.0,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, device, dtype, layer_norm=layer_norm, zoneout=zoneout)
        self.reset_after = reset_after

    @property
    def _cell(self) -> str:
        return "gru" if self.reset_after else "gru_reset_before"


class LSTMCell(RecurrentCell[tuple[Tensor, Tensor]]):
    """One step of an LSTM, a drop-in for `torch.nn.LSTMCell`; the equation is that of `LSTM`, G is 4.

    Arguments are those of `GRUCell`, but for `reset_after`.
    """

    _gates = 4
    _states = 2
    _cell = "lstm"


class RNNCell(RecurrentCell[Tensor]):
    """One step of a tanh RNN, a drop-in for `torch.nn.RNNCell` with its default nonlinearity; G is 1.

    Arguments are those of `torch.nn.RNNCell`; the nonlinearity "relu" is refused.

    Raises:
        ValueError: the nonlinearity is not "tanh".
    """

    _gates = 1
    _cell = "rnn_tanh"

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        device: torch.device | str | int | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        if nonlinearity != "tanh":
            raise ValueError(f"gatelet.nn.RNNCell has the nonlinearity 'tanh' only; got {nonlinearity!r}.")
        super().__init__(input_size, hidden_size, bias, device, dtype)
        self.nonlinearity = nonlinearity
