"""What every reference cell shares: the weights of one layer in one direction, and the shape of its gradients."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Array", "Gradients", "LayerWeights", "check_shape", "from_names"]

Array = NDArray[np.float64]

S = TypeVar("S")


@dataclass(frozen=True)
class LayerWeights:
    """Weights of one layer in one direction, float64, gates stacked along the first axis in PyTorch's order.

    `G` is the number of gates: 3 for a GRU (r, z, n), 4 for an LSTM (i, f, g, o), 2 for an MGU (f, n) or a Li-GRU
    (z, n), 1 for a tanh RNN or a FastGRNN, whose `bias_ih` has 2H values, b_z and b_n. `P` is the size of the hidden
    state: `H`, or the smaller size that an LSTM projects it to.
    """

    weight_ih: Array  # (G*H, I)
    weight_hh: Array  # (G*H, P)
    bias_ih: Array  # (G*H,)
    bias_hh: Array  # (G*H,)
    weight_hr: Array | None = None  # (P, H), only in an LSTM with projection
    layer_norm_ih: Array | None = None  # (G*H,) gains of the normalised W_ih x; None: not normalised
    layer_norm_hh: Array | None = None  # (G*H,) gains of the normalised W_hh h
    scales: Array | None = None  # (2,), zeta and nu, only in a FastGRNN

    @property
    def state_size(self) -> int:
        """Size `P` of the hidden state."""
        return int(self.weight_hh.shape[1])

    def gains(self, gates: int) -> tuple[list[Array | None], list[Array | None]]:
        """Give the gains of the input's and of the state's products, gate by gate."""
        ih, hh = self.layer_norm_ih, self.layer_norm_hh
        nothing: list[Array | None] = [None] * gates
        return (
            nothing if ih is None else list(np.split(ih, gates)),
            nothing if hh is None else list(np.split(hh, gates)),
        )


@dataclass(frozen=True)
class Gradients(Generic[S]):
    """Gradients of a loss for all that went into a cell: each field has the shape of what it is the gradient of."""

    x: Array  # (T, B, I)
    h0: S  # the initial state: (B, H), or a pair of them for an LSTM
    weights: LayerWeights


def check_shape(name: str, array: Array, shape: tuple[int, ...]) -> Array:
    """Return `array`, or raise ValueError if it does not have this shape: NumPy would broadcast it without a word."""
    if array.shape != shape:
        raise ValueError(f"{name} must have shape {shape}; got {array.shape}.")
    return array


def from_names(arrays: Mapping[str, ArrayLike]) -> tuple[LayerWeights, ...]:
    """Collect weights by PyTorch's names, in the order l0, l0_reverse, l1, l1_reverse, ...

    Absent biases are zero, and an absent `weight_hh`, as of the scan cells, is empty.

    Raises:
        ValueError: there is no `weight_ih_l0` among the names.
    """
    endings = [f"_l{k}{suffix}" for k in range(len(arrays)) for suffix in ("", "_reverse")]
    layers = tuple(_one(arrays, ending) for ending in endings if f"weight_ih{ending}" in arrays)
    if not layers:
        raise ValueError(f"The weights must be named weight_ih_l0 and so on; got {', '.join(arrays) or 'no names'}.")
    return layers


def _one(arrays: Mapping[str, ArrayLike], ending: str) -> LayerWeights:
    weight_ih = np.asarray(arrays[f"weight_ih{ending}"], np.float64)
    weight_hh = np.asarray(arrays.get(f"weight_hh{ending}", np.zeros((0, 0))), np.float64)  # scan cells have none
    optional = [arrays.get(f"{name}{ending}") for name in ("weight_hr", "layer_norm_ih", "layer_norm_hh", "scales")]
    bias_ih = np.zeros(len(weight_ih) * (1 if optional[-1] is None else 2))  # a FastGRNN has two biases for one matrix
    return LayerWeights(
        weight_ih,
        weight_hh,
        np.asarray(arrays.get(f"bias_ih{ending}", bias_ih), np.float64),
        np.asarray(arrays.get(f"bias_hh{ending}", np.zeros(len(weight_hh))), np.float64),
        *(None if array is None else np.asarray(array, np.float64) for array in optional),
    )
