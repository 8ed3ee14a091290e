"""The order in which the C runtime wants the constants of float cells: the only place that knows it."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gatelet.reference import Array, LayerWeights
from gatelet.reference.activations import sigmoid
from gatelet.runtime.packing import GROUP, grouped

__all__ = ["FloatKind", "PackedFloats", "pack_floats"]

FloatKind = Literal["gru", "gru_before", "lstm", "fastgrnn", "rnn", "ligru", "mgu", "min_gru", "min_lstm"]
GATES: dict[str, int] = {
    "gru": 3,
    "gru_before": 3,
    "lstm": 4,
    "fastgrnn": 1,
    "rnn": 1,
    "ligru": 2,
    "mgu": 2,
    "min_gru": 2,
    "min_lstm": 3,
}
GATED = ("gru_before", "mgu")  # their candidate, the last matrix, stands apart


@dataclass(frozen=True)
class PackedFloats:
    """The fields of `gatelet_f_cell`."""

    inputs: int
    units: int
    weights: NDArray[np.float32]  # (H, F, G, 4), one after the other where the candidate stands apart
    biases: NDArray[np.float32]  # (H, N)
    zeta: float
    nu: float


def pack_floats(kind: FloatKind, layer: LayerWeights) -> PackedFloats:
    """Put the gates of a unit side by side, four columns at a time.

    Of a W_hh of low rank, `layer` holds the left factor (G*H, R); `grouped` arranges the right one.

    Raises:
        ValueError: the C has no such cell: normalised products or a projection.
    """
    if layer.layer_norm_ih is not None or layer.weight_hr is not None:
        raise ValueError("A cell of the C runtime must have neither LayerNorm nor a projection; got one.")
    gates = GATES[kind]
    units = len(layer.weight_ih) // gates
    matrices = [grouped(layer.weight_ih).reshape(gates, units, -1, GROUP)]
    if not kind.startswith("min_"):
        matrices.append(grouped(layer.weight_hh).reshape(gates, units, -1, GROUP))
    together = np.concatenate(matrices, axis=2).transpose(1, 2, 0, 3)  # (H, F, G, 4)
    parts = [together[:, :, :-1], together[:, :, -1:]] if kind in GATED else [together]
    zeta, nu = (0.0, 0.0) if layer.scales is None else sigmoid(layer.scales)
    return PackedFloats(
        inputs=layer.weight_ih.shape[1],
        units=units,
        weights=np.concatenate([part.astype(np.float32).reshape(-1) for part in parts]).reshape(
            together.shape if len(parts) == 1 else -1
        ),
        biases=np.ascontiguousarray(_biases(kind, layer, units).reshape(-1, units).T.astype(np.float32)),
        zeta=float(zeta),
        nu=float(nu),
    )


def _biases(kind: FloatKind, layer: LayerWeights, units: int) -> Array:
    if kind == "fastgrnn" or kind.startswith("min_"):
        return layer.bias_ih
    if kind != "gru":
        return layer.bias_ih + layer.bias_hh
    both = 2 * units  # r and z; those of the candidate stay apart
    return np.concatenate([layer.bias_ih[:both] + layer.bias_hh[:both], layer.bias_ih[both:], layer.bias_hh[both:]])
