"""The constants of integer layers, in the order of the float ones, and the proof that nothing overflows."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatelet.reference.integer.arithmetic import SUM_SHIFT, Integers

__all__ = ["IntegerCell", "IntegerDense"]

LEAST_SHIFT, LARGEST_SHIFT = 3, 24


@dataclass(frozen=True)
class IntegerDense:
    """A dense layer, `y = clamp16(shift(shift(W x, 8) m + b, shift))`.

    Raises:
        ValueError: a value does not fit, or a sum could leave 32 bits for some input.
    """

    weight: NDArray[np.int8]  # (O, I)
    multiplier: NDArray[np.int16]  # (O,), not negative
    bias: NDArray[np.int32]  # (O,), in units of 2^-shift of the output's unit
    shift: int

    def __post_init__(self) -> None:
        _check_range("shift", self.shift, 1, LARGEST_SHIFT)
        bound = _product_at_most(self.weight, self.multiplier) + np.abs(self.bias.astype(np.int64))
        _check_sums(bound, self.shift)


@dataclass(frozen=True)
class IntegerCell:
    """One layer of a recurrent cell; `G` matrices, `N` biases per unit.

    GRU: matrices r, z, n and biases r, z, n of x, n of h. LSTM: i, f, g, o. FastGRNN: one matrix, biases z, n.

    Raises:
        ValueError: a shape or a value does not fit, or a sum could leave 32 bits for some input.
    """

    weight_ih: NDArray[np.int8]  # (G*H, I)
    weight_hh: NDArray[np.int8]  # (G*H, H), or (G*H, R)
    multiplier_ih: NDArray[np.int16]  # (G*H,), not negative
    multiplier_hh: NDArray[np.int16]  # (G*H,)
    bias: NDArray[np.int32]  # (N*H,), in units of 2^-(12 + shift)
    shift: int  # from that unit to Q12
    exponent: int = 0  # LSTM: c is in units of 2^(exponent-15); FastGRNN: h is
    zeta: int = 0  # FastGRNN: sigmoid(zeta) in Q15
    nu: int = 0
    right: IntegerDense | None = None  # of low rank: from h to the R sums in Q15 that weight_hh meets in its place

    def __post_init__(self) -> None:
        rows, units = len(self.weight_hh), self.size
        if self.right is not None and (len(self.right.weight) != self.weight_hh.shape[1] or self.right.bias.any()):
            given = f"{self.right.weight.shape} for weight_hh {self.weight_hh.shape}"
            raise ValueError(f"right must be (R, H) without a bias where weight_hh is (G*H, R); got {given}.")
        if rows % units or self.weight_ih.shape[0] != rows or len(self.bias) % units:
            shapes = f"{self.weight_ih.shape}, {self.weight_hh.shape} and {self.bias.shape}"
            raise ValueError(f"weight_ih, weight_hh and bias must be (G*H, I), (G*H, H) and (N*H,); got {shapes}.")
        _check_range("shift", self.shift, LEAST_SHIFT, LARGEST_SHIFT)
        _check_range("exponent", self.exponent, 0, 10)
        _check_sums(self.sums_at_most(), self.shift)

    @property
    def size(self) -> int:
        """Number of units `H`."""
        return int((self.weight_hh if self.right is None else self.right.weight).shape[1])

    @property
    def gates(self) -> int:
        """Number of matrices `G`."""
        return len(self.weight_hh) // self.size

    def sums_at_most(self) -> Integers:
        """Bound the magnitude of what goes into each gate before the last shift, for any input: (G*H,)."""
        biases = np.abs(self.bias.astype(np.int64)).reshape(-1, self.size)
        if self.gates == 1:
            biases = biases.max(axis=0, keepdims=True)
        elif len(biases) > self.gates:  # the two biases of a GRU's candidate stand in different sums
            biases = np.vstack([biases[:2], biases[2:].max(axis=0)])
        of_x = _product_at_most(self.weight_ih, self.multiplier_ih)
        return of_x + _product_at_most(self.weight_hh, self.multiplier_hh) + biases.reshape(-1)


def _product_at_most(weight: NDArray[Any], multiplier: NDArray[Any]) -> Integers:
    sums = np.abs(weight.astype(np.int64)).sum(axis=1) * 2**15 + 2 ** (SUM_SHIFT - 1)
    if sums.max() >= 2**31:
        raise ValueError(f"The magnitudes of a row of weights must sum to less than 65536; got {sums.max() >> 15}.")
    if multiplier.min() < 0:
        raise ValueError(f"Multipliers must not be negative; got {multiplier.min()}.")
    bounds: Integers = ((sums >> SUM_SHIFT) + 1) * multiplier.astype(np.int64)  # rounded either way
    return bounds


def _check_sums(bounds: Integers, shift: int) -> None:
    largest = int(bounds.max()) + 2 ** (shift - 1)
    if largest >= 2**31:
        raise ValueError(f"What goes into a gate must stay below 2^31 for any input; got up to {largest}.")


def _check_range(name: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise ValueError(f"{name} must lie within {low} ... {high}; got {value}.")
