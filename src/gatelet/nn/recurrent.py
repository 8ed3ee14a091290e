"""What GRU, LSTM and RNN share: arguments, weights by PyTorch's names, and the layouts of input and state.

Whatever can be seen from outside is as in `torch.nn.RNNBase`: names, order, initial values, error types and messages.
Source: PyTorch, `torch/nn/modules/rnn.py`.
"""

import math
import numbers
import warnings
from collections.abc import Callable
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

__all__ = ["RecurrentLayer", "refuse_proj_size"]

States = tuple[Tensor, ...]  # (h,) or (h, c), each (L*D, B, H)


class RecurrentLayer(nn.Module):
    """Base of the recurrent layers: holds the weights, checks the input, and leaves the arithmetic to `_run`.

    The weights are looked up by name at each call, so that whatever stands in for a parameter (a parametrization,
    weight norm, `torch.func.functional_call`, a tied weight, a replica) is what computes.
    """

    mode: ClassVar[str]  # PyTorch's and cuDNN's name of the cell
    _gates: ClassVar[int]
    _wrong_dimensions: ClassVar[str]

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int,
        bias: bool,
        batch_first: bool,
        dropout: float,
        bidirectional: bool,
        proj_size: int,
        device: torch.device | str | int | None,
        dtype: torch.dtype | None,
    ) -> None:
        super().__init__()
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.bias = bias
        self.batch_first = batch_first
        self.dropout = float(dropout)
        self.bidirectional = bidirectional
        self.proj_size = proj_size
        _check_arguments(input_size, hidden_size, num_layers, bias, batch_first, dropout, proj_size)
        self._all_weights: list[list[str]] = []
        for layer in range(num_layers):
            for suffix in ("", "_reverse") if bidirectional else ("",):
                shapes = {f"{name}_l{layer}{suffix}": shape for name, shape in self._shapes(layer).items()}
                for name, shape in shapes.items():
                    self.register_parameter(name, nn.Parameter(torch.empty(shape, device=device, dtype=dtype)))
                self._all_weights.append(list(shapes))
        self.flatten_parameters()
        self.reset_parameters()

    @property
    def all_weights(self) -> list[list[nn.Parameter]]:
        """The weights, one list per layer and direction."""
        return [[getattr(self, name) for name in names] for names in self._all_weights]

    @property
    def _flat_weights_names(self) -> list[str]:
        return [name for names in self._all_weights for name in names]

    @property
    def _flat_weights(self) -> list[Tensor]:
        return [getattr(self, name) for name in self._flat_weights_names]

    @property
    def _directions(self) -> int:
        return 2 if self.bidirectional else 1

    @property
    def _state_sizes(self) -> tuple[int, ...]:
        return (self.hidden_size,)

    def reset_parameters(self) -> None:
        """Draw all weights from U(-k, k) with k = 1 / sqrt(H)."""
        k = 1.0 / math.sqrt(self.hidden_size)
        for weight in self.parameters():
            nn.init.uniform_(weight, -k, k)

    def flatten_parameters(self) -> None:
        """Move the weights into one piece of GPU memory, as cuDNN likes them; elsewhere this does nothing."""
        weights = self._flat_weights
        first = weights[0]
        if not all(w.is_cuda and w.dtype == first.dtype and _fits_cudnn(w) for w in weights):
            return
        if len({weight.data_ptr() for weight in weights}) != len(weights):  # tied weights cannot be moved
            return
        from torch.backends.cudnn import rnn as cudnn

        with torch.cuda.device(first.device), torch.no_grad():
            if torch._use_cudnn_rnn_flatten_weight():
                torch._cudnn_rnn_flatten_weight(
                    weights,
                    len(self._all_weights[0]),
                    self.input_size,
                    cudnn.get_cudnn_mode(self.mode),  # type: ignore[no-untyped-call]
                    self.hidden_size,
                    self.proj_size,
                    self.num_layers,
                    self.batch_first,
                    bool(self.bidirectional),
                )

    def extra_repr(self) -> str:
        """Sizes, and every argument that is not at its default."""
        options: dict[str, Any] = {"proj_size": 0, "num_layers": 1, "bias": True, "batch_first": False, "dropout": 0.0}
        options |= {"bidirectional": False, "reset_after": True}
        changed = [f", {name}={value}" for name, usual in options.items()
                   if (value := getattr(self, name, usual)) != usual]  # fmt: skip
        return f"{self.input_size}, {self.hidden_size}" + "".join(changed)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> "RecurrentLayer":
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        self.flatten_parameters()
        return self

    def _shapes(self, layer: int) -> dict[str, tuple[int, ...]]:
        state = self.proj_size or self.hidden_size
        gates = self._gates * self.hidden_size
        shapes: dict[str, tuple[int, ...]] = {
            "weight_ih": (gates, self.input_size if layer == 0 else state * self._directions),
            "weight_hh": (gates, state),
        }
        if self.bias:
            shapes |= {"bias_ih": (gates,), "bias_hh": (gates,)}
        if self.proj_size:
            shapes |= {"weight_hr": (self.proj_size, self.hidden_size)}
        return shapes

    def _run(self, x: Tensor, states: States, batch_sizes: Tensor | None) -> tuple[Tensor, States]:
        """Compute the output, laid out as `x`, and the last states; all shapes are checked and batched."""
        raise NotImplementedError

    def _forward(self, x: Tensor | PackedSequence, states: States | None) -> tuple[Tensor | PackedSequence, States]:
        if isinstance(x, PackedSequence):
            return self._forward_packed(x, states)
        batch, states = self._batched(x, states)
        y, last = self._run(batch, states, None)
        if x.dim() == 2:
            return y.squeeze(0 if self.batch_first else 1), tuple(state.squeeze(1) for state in last)
        return y, last

    def _batched(self, x: Tensor, states: States | None) -> tuple[Tensor, States]:
        """Check an input that is not packed and its states, and give the input without a batch a batch of one."""
        if x.dim() not in (2, 3):
            raise ValueError(self._wrong_dimensions.format(x.dim()))
        if states is not None:
            _check_dimensions(states, batched=x.dim() == 3)
        batch_dim = 0 if self.batch_first else 1
        if x.dim() == 2:
            x = x.unsqueeze(batch_dim)
            states = None if states is None else tuple(state.unsqueeze(1) for state in states)
        return x, self._checked(x, states, None, x.size(batch_dim))

    def _forward_packed(self, packed: PackedSequence, states: States | None) -> tuple[PackedSequence, States]:
        x, batch_sizes, order, order_back = packed
        if states is not None and order is not None:
            states = tuple(state.index_select(1, order) for state in states)
        states = self._checked(x, states, batch_sizes, int(batch_sizes[0]))
        y, last = self._run(x, states, batch_sizes)
        if order_back is not None:
            last = tuple(state.index_select(1, order_back) for state in last)
        return PackedSequence(y, batch_sizes, order, order_back), last

    def _checked(self, x: Tensor, states: States | None, batch_sizes: Tensor | None, batch: int) -> States:
        """Check sizes, and give the zero state where none was given."""
        _check_input(x, self.input_size, self._flat_weights[0].dtype, dims=3 if batch_sizes is None else 2)
        shapes = [(self.num_layers * self._directions, batch, size) for size in self._state_sizes]
        if states is None:
            return tuple(torch.zeros(shape, dtype=x.dtype, device=x.device) for shape in shapes)
        for k, (state, shape) in enumerate(zip(states, shapes, strict=True)):
            if state.shape != shape:
                what = "hidden" if len(shapes) == 1 else f"hidden[{k}]"
                raise RuntimeError(f"Expected {what} size {shape}, got {list(state.shape)}")
        return states


def refuse_proj_size(proj_size: object) -> None:
    """Raise ValueError if a layer other than the LSTM is asked for a projection."""
    if proj_size is not None:
        raise ValueError("proj_size argument is only supported for LSTM, not RNN or GRU")


def _fits_cudnn(weight: Tensor) -> bool:
    return bool(torch.backends.cudnn.is_acceptable(weight))  # type: ignore[no-untyped-call]


def _check_arguments(
    input_size: int, hidden_size: int, num_layers: int, bias: bool, batch_first: bool, dropout: float, proj_size: int
) -> None:
    # in PyTorch's order, and in its words
    if not isinstance(dropout, numbers.Number) or not 0 <= dropout <= 1 or isinstance(dropout, bool):
        raise ValueError(
            "dropout should be a number in range [0, 1] representing the probability of an element being zeroed"
        )
    if dropout > 0 and num_layers == 1:
        warnings.warn(
            "dropout option adds dropout after all but last recurrent layer, so non-zero dropout expects "
            f"num_layers greater than 1, but got dropout={dropout} and num_layers={num_layers}",
            stacklevel=4,  # the line that constructs the GRU, LSTM or RNN
        )
    for name, value, kind in (("bias", bias, bool), ("batch_first", batch_first, bool),
                              ("input_size", input_size, int), ("hidden_size", hidden_size, int)):  # fmt: skip
        if not isinstance(value, kind):
            raise TypeError(f"{name} should be of type {kind.__name__}, got: {type(value).__name__}")
        if kind is int and value <= 0:
            raise ValueError(f"{name} must be greater than zero")
    if num_layers <= 0:
        raise ValueError("num_layers must be greater than zero")
    if proj_size < 0:
        raise ValueError("proj_size should be a positive integer or zero to disable projections")
    if proj_size >= hidden_size:
        raise ValueError("proj_size has to be smaller than hidden_size")


def _check_dimensions(states: States, batched: bool) -> None:
    dims = 3 if batched else 2
    if all(state.dim() == dims for state in states):
        return
    kind = "batched 3-D" if batched else "unbatched 2-D"
    if len(states) == 1:
        raise RuntimeError(f"For {kind} input, hx should also be {dims}-D but got {states[0].dim()}-D tensor")
    got = ", ".join(f"{state.dim()}-D" for state in states)
    raise RuntimeError(f"For {kind} input, hx and cx should also be {dims}-D but got ({got}) tensors")


def _check_input(x: Tensor, input_size: int, dtype: torch.dtype, *, dims: int) -> None:
    if x.dtype != dtype and not torch.is_autocast_enabled(x.device.type):
        raise ValueError(
            f"RNN input dtype ({x.dtype}) does not match weight dtype ({dtype}). "
            f"Convert input: input.to({dtype}), or convert model: model.to({x.dtype})"
        )
    if x.dim() != dims:
        raise RuntimeError(f"input must have {dims} dimensions, got {x.dim()}")
    if x.size(-1) != input_size:
        raise RuntimeError(f"input.size(-1) must be equal to input_size. Expected {input_size}, got {x.size(-1)}")
