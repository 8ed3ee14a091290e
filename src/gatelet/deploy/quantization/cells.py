"""One recurrent layer in integers."""

from dataclasses import replace

import numpy as np

from gatelet.deploy.quantization.layers import quantize_dense
from gatelet.deploy.quantization.rows import fitting_shift, integer_bias, largest_shift, quantize_rows, row_scale
from gatelet.reference import Array, LayerWeights
from gatelet.reference.activations import sigmoid
from gatelet.reference.integer import IntegerCell, IntegerDense
from gatelet.reference.integer.weights import LARGEST_SHIFT, LEAST_SHIFT
from gatelet.runtime import Kind

__all__ = ["GATE_UNIT", "STATE_UNIT", "quantize_cell", "sums_at_most"]

GATE_UNIT = 2.0**-12
STATE_UNIT = 2.0**-15


def quantize_cell(
    kind: Kind, weights: LayerWeights, x_unit: float, *, exponent: int = 0, right: Array | None = None
) -> IntegerCell:
    """Give a layer in integers, for which no input makes a sum leave 32 bits.

    Args:
        kind: of the cell.
        weights: of the layer, in PyTorch's order; normalised products, projections and so on have no integer form.
        x_unit: what one unit of the 16-bit input stands for.
        exponent: an LSTM's c, or a FastGRNN's h, reaches from `-2^exponent` to `2^exponent`.
        right: (R, H), of a GRU's or an LSTM's W_hh of low rank the right factor, whose left one is in `weights`.

    Raises:
        ValueError: the cell has what integers do not, or weights too large for 32 bits.
    """
    if weights.layer_norm_ih is not None or weights.weight_hr is not None:
        raise ValueError("An integer cell must have neither LayerNorm nor a projection; got one.")
    factor = None
    if right is not None:
        sizes = sums_at_most(right)
        weights = replace(weights, weight_hh=weights.weight_hh * sizes)
        factor = quantize_dense(right / sizes[:, None], np.zeros(len(right)), STATE_UNIT, STATE_UNIT)
    h_unit = STATE_UNIT * 2**exponent if kind == "fastgrnn" else STATE_UNIT
    bias = _biases(kind, weights)
    w_ih, w_hh = weights.weight_ih, weights.weight_hh
    rows = np.abs(w_ih).sum(axis=1) * x_unit * 2**15 + np.abs(w_hh).sum(axis=1) * h_unit * 2**15
    bound = float(rows.max() + np.abs(bias).max(initial=0.0))
    shift = largest_shift(bound, GATE_UNIT, LEAST_SHIFT, LARGEST_SHIFT)
    shift = fitting_shift([(w_ih, x_unit), (w_hh, h_unit)], shift, GATE_UNIT, LEAST_SHIFT)
    while True:  # multipliers are rounded up, so the bound may be missed by a little
        try:
            return _cell(weights, bias, shift, x_unit, h_unit, exponent, factor)
        except ValueError:
            if shift == LEAST_SHIFT:
                raise
            shift -= 1


def sums_at_most(right: Array) -> Array:
    """The powers of two (R,) that no sum of a right factor (R, H) exceeds, whatever h is within -1 and 1.

    Its rows are divided by them, and the columns of the left factor multiplied, so that the sums are as h: in Q15.
    """
    largest: Array = np.abs(right).sum(axis=1)
    return np.exp2(np.ceil(np.log2(np.maximum(largest, 2.0**-20))))


def _cell(
    weights: LayerWeights,
    bias: Array,
    shift: int,
    x_unit: float,
    h_unit: float,
    exponent: int,
    right: IntegerDense | None,
) -> IntegerCell:
    weight_ih, multiplier_ih = quantize_rows(weights.weight_ih, row_scale(x_unit, GATE_UNIT, shift))
    weight_hh, multiplier_hh = quantize_rows(weights.weight_hh, row_scale(h_unit, GATE_UNIT, shift))
    zeta, nu = (0.0, 0.0) if weights.scales is None else sigmoid(weights.scales)
    return IntegerCell(
        weight_ih,
        weight_hh,
        multiplier_ih,
        multiplier_hh,
        integer_bias(bias, GATE_UNIT, shift),
        shift,
        exponent,
        zeta=min(round(float(zeta) * 2**15), 2**15 - 1),
        nu=min(round(float(nu) * 2**15), 2**15 - 1),
        right=right,
    )


def _biases(kind: Kind, weights: LayerWeights) -> Array:
    """Give the biases as the integer cell adds them: (N*H,)."""
    if kind == "fastgrnn":
        return weights.bias_ih
    if kind == "lstm":
        return weights.bias_ih + weights.bias_hh
    both = len(weights.bias_ih) // 3 * 2  # r and z; those of the candidate stay apart
    first = weights.bias_ih[:both] + weights.bias_hh[:both]
    return np.concatenate([first, weights.bias_ih[both:], weights.bias_hh[both:]])
