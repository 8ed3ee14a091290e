"""What all recurrent layers share: arguments, weights by PyTorch's names, and the layouts of input and state.

Whatever can be seen from outside is as in `torch.nn.RNNBase`: names, order, initial values, error types and messages.
Source: PyTorch, `torch/nn/modules/rnn.py`.
"""

import math
import numbers
import warnings
from collections.abc import Callable
from typing import Any, ClassVar, Generic, Self, TypeVar, cast

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from gatelet.nn.dropout import dropout
from gatelet.nn.lengths import Lengths, ragged
from gatelet.nn.low_rank import check_ranks, factors_of, multiplied_out

__all__ = ["RecurrentLayer", "check_extras", "draw_weights", "refuse_proj_size"]

S = TypeVar("S", Tensor, tuple[Tensor, Tensor])  # h, or h and c
_CUDNN_MODES = ("GRU", "LSTM", "RNN_TANH")
States = tuple[Tensor, ...]  # (h,) or (h, c), each (L*D, B, H)


class RecurrentLayer(nn.Module, Generic[S]):
    """Base of the recurrent layers: holds the weights, checks the input, and leaves the arithmetic to a kernel.

    The weights are looked up by name at each call, so that whatever stands in for a parameter (a parametrization,
    weight norm, `torch.func.functional_call`, a tied weight, a replica) is what computes.
    """

    mode: ClassVar[str]  # PyTorch's and cuDNN's name of the cell
    _gates: ClassVar[int]
    _recurrent_products: ClassVar[bool] = True  # whether the gates see the state, through weight_hh and bias_hh
    _kernel: ClassVar[Callable[..., tuple[Tensor, Any]]]  # of `gatelet.kernels.recurrent`
    _extras: ClassVar[tuple[str, ...]] = ()  # arguments of the layer that its kernel takes beyond PyTorch's
    _wrong_dimensions: ClassVar[str]

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
        proj_size: int = 0,
        layer_norm: bool = False,
        zoneout: float = 0.0,
        recurrent_dropout: float = 0.0,
        weight_drop: float = 0.0,
        rank_hh: int | None = None,
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
        self.layer_norm = layer_norm
        self.rank_hh = rank_hh
        _check_arguments(input_size, hidden_size, num_layers, bias, batch_first, dropout, proj_size)
        check_extras(layer_norm, zoneout=zoneout, recurrent_dropout=recurrent_dropout, weight_drop=weight_drop)
        check_ranks(rank_hh=rank_hh)
        self.zoneout, self.recurrent_dropout = float(zoneout), float(recurrent_dropout)
        self.weight_drop = float(weight_drop)
        if proj_size > 0 and (layer_norm or zoneout > 0 or recurrent_dropout > 0):
            raise ValueError("proj_size does not go with layer_norm, zoneout or recurrent_dropout; got both.")
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

    def forward(
        self,
        input: Tensor | PackedSequence,
        hx: S | None = None,
        *,
        lengths: Lengths | None = None,
        resets: Tensor | None = None,
    ) -> tuple[Tensor | PackedSequence, S]:
        """Run the layers over a sequence.

        Args:
            input: (T, B, I), or (B, T, I) with `batch_first`, or (T, I) without a batch, or packed.
            hx: (L*D, B, H), or (L*D, H) without a batch; of an LSTM h0 (L*D, B, P) and c0 (L*D, B, H); zero by default.
            lengths: (B,) integers between 1 and T in any order, the steps of each sequence of a padded batch. What lies
                beyond is not read and costs nothing.
            resets: bool, as `input` without its features. Where true, the state is zero before that step, in either
                direction, as at the start of an episode.

        Returns:
            output: as the input, with D*H features (D*P of an LSTM), zero beyond a length; h_n, of an LSTM (h_n, c_n):
            as `hx`, the state after the last step of each sequence.

        Raises:
            ValueError, RuntimeError: as PyTorch's layer, with the same words.
            ValueError: `lengths` or `resets` does not fit the input.
        """
        states: States | None = None
        if hx is not None:
            states = (hx[0], hx[1]) if len(self._state_sizes) == 2 else (cast(Any, hx),)
        output, last = self._forward(input, states, lengths, resets)
        return output, cast(S, last if len(last) == 2 else last[0])

    def reset_parameters(self) -> None:
        """Draw all weights from U(-k, k) with k = 1 / sqrt(H); the gains of LayerNorm are 1."""
        draw_weights(self, self.hidden_size)

    def flatten_parameters(self) -> None:
        """Move the weights into one piece of GPU memory, as cuDNN likes them; elsewhere this does nothing."""
        weights = self._flat_weights
        first = weights[0]
        if self.layer_norm or self.rank_hh is not None or self.mode not in _CUDNN_MODES:
            return
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

    def whole_weights(self) -> dict[str, Tensor]:
        """The weights by PyTorch's names, those of low rank multiplied out."""
        return multiplied_out({name: getattr(self, name) for name in self._flat_weights_names})

    def extra_repr(self) -> str:
        """Sizes, and every argument that is not at its default."""
        options: dict[str, Any] = {"proj_size": 0, "num_layers": 1, "bias": True, "batch_first": False, "dropout": 0.0}
        options |= {"bidirectional": False, "reset_after": True, "rank_ih": None, "rank_hh": None}
        options |= {"layer_norm": False, "zoneout": 0.0, "recurrent_dropout": 0.0, "weight_drop": 0.0}
        changed = [f", {name}={value}" for name, usual in options.items()
                   if (value := getattr(self, name, usual)) != usual]  # fmt: skip
        return f"{self.input_size}, {self.hidden_size}" + "".join(changed)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
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
        if self.layer_norm:
            shapes |= {"layer_norm_ih": (gates,), "layer_norm_hh": (gates,)}
        if not self._recurrent_products:
            return {name: shape for name, shape in shapes.items() if name.endswith("_ih")}
        if self.proj_size:
            shapes |= {"weight_hr": (self.proj_size, self.hidden_size)}
        return factors_of(shapes, {"weight_hh": self.rank_hh})

    def _kernel_weights(self) -> list[Tensor]:
        """Give the weights as the kernel takes them, some of the recurrent ones dropped in training."""
        named = self.whole_weights()
        if not self.training or self.weight_drop == 0.0:
            return list(named.values())
        return [dropout(w, self.weight_drop) if name.startswith("weight_hh") else w for name, w in named.items()]

    def _run(
        self, x: Tensor, states: States, batch_sizes: Tensor | None, resets: Tensor | None
    ) -> tuple[Tensor, States]:
        """Compute the output, laid out as `x`, and the last states; all shapes are checked and batched."""
        extras = {name: getattr(self, name) for name in self._extras}
        if resets is not None:
            extras["resets"] = resets
        y, last = self._kernel(
            x,
            states[0] if len(states) == 1 else states,
            self._kernel_weights(),
            num_layers=self.num_layers,
            bidirectional=self.bidirectional,
            bias=self.bias,
            dropout=self.dropout,
            training=self.training,
            batch_first=self.batch_first,
            batch_sizes=batch_sizes,
            **extras,
        )
        return y, (last,) if isinstance(last, Tensor) else last

    def _forward(
        self, x: Tensor | PackedSequence, states: States | None, lengths: Lengths | None, resets: Tensor | None
    ) -> tuple[Tensor | PackedSequence, States]:
        if isinstance(x, PackedSequence):
            if lengths is not None:
                raise ValueError("lengths are for a padded batch; a PackedSequence has its own.")
            return self._forward_packed(x, states, resets)
        batch_dim = 0 if self.batch_first else 1
        batch, states = self._batched(x, states)
        _check_resets(resets, x)
        if x.dim() == 2:
            if lengths is not None:
                raise ValueError("lengths are for a batch of sequences; got an input without a batch.")
            y, last = self._run(batch, states, None, None if resets is None else resets.unsqueeze(batch_dim))
            return y.squeeze(batch_dim), tuple(state.squeeze(1) for state in last)
        if lengths is None or x.size(batch_dim) == 0:
            return self._run(batch, states, None, resets)
        return self._forward_ragged(batch, states, lengths, resets)

    def _forward_ragged(
        self, x: Tensor, states: States, lengths: Lengths, resets: Tensor | None
    ) -> tuple[Tensor, States]:
        where = ragged(lengths, x, batch_first=self.batch_first)
        states = tuple(state.index_select(1, where.order) for state in states)
        resets = None if resets is None else where.packed(resets)
        y, last = self._run(where.packed(x), states, where.batch_sizes, resets)
        return where.padded(y, x.shape), tuple(state.index_select(1, where.order_back) for state in last)

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

    def _forward_packed(
        self, packed: PackedSequence, states: States | None, resets: Tensor | None
    ) -> tuple[PackedSequence, States]:
        x, batch_sizes, order, order_back = packed
        if states is not None and order is not None:
            states = tuple(state.index_select(1, order) for state in states)
        states = self._checked(x, states, batch_sizes, int(batch_sizes[0]))
        _check_resets(resets, x)
        y, last = self._run(x, states, batch_sizes, resets)
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


def draw_weights(module: nn.Module, hidden_size: int) -> None:
    """Give a layer or a cell its first weights."""
    k = 1.0 / math.sqrt(hidden_size) if hidden_size > 0 else 0.0
    for name, weight in module.named_parameters():
        if name.startswith("layer_norm"):
            nn.init.ones_(weight)
        else:
            nn.init.uniform_(weight, -k, k)


def check_extras(layer_norm: object, **shares: object) -> None:
    """Check the arguments that PyTorch's layers and cells do not have.

    Raises:
        TypeError: `layer_norm` is not a bool.
        ValueError: a share is not a number between 0 and 1.
    """
    if not isinstance(layer_norm, bool):
        raise TypeError(f"layer_norm should be of type bool, got: {type(layer_norm).__name__}")
    for name, share in shares.items():
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
            raise ValueError(f"{name} must be a number between 0 and 1; got {share!r}.")


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
            stacklevel=4,  # the line that constructs the layer: each class has or inherits one constructor above ours
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


def _check_resets(resets: Tensor | None, x: Tensor) -> None:
    if resets is None or (resets.shape == x.shape[:-1] and resets.dtype == torch.bool):
        return
    given = f"{resets.dtype} of shape {tuple(resets.shape)}"
    raise ValueError(f"resets must be torch.bool of shape {tuple(x.shape[:-1])}, as the input; got {given}.")
