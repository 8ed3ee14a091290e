"""How far what an export computes is from its plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gatelet.errors import ExportError

# of single precision: a part of the range of a value, a part of its size, and as a number
OF_RANGE, OF_SIZE, LEAST = 1e-4, 4e-6, 1e-6


@dataclass(frozen=True)
class Verified:
    """What came of running an export beside its plan.

    Attributes:
        shares: the largest difference by what ran it, as a share of what is allowed.
        remarks: on what ran it, or could not.
        measured: by what ran it, numbers by what they are: instructions of a step, bytes of stack.
    """

    shares: dict[str, float]
    remarks: dict[str, str] = field(default_factory=dict)
    measured: dict[str, dict[str, float]] = field(default_factory=dict)


def compare(what: str, expected: Mapping[str, NDArray[np.float64]], given: Mapping[str, NDArray[np.float64]]) -> float:
    """The largest difference of all values, as a share of what is allowed.

    Allowed is 1e-4 of the range of a value over all steps, and what single precision cannot keep.

    Raises:
        ExportError: a value differs by more, or has another shape.
    """
    worst = 0.0
    for name, right in expected.items():
        found = np.asarray(given[name], np.float64)
        if found.shape != right.shape:
            raise ExportError(f"{name!r} of {what} must have shape {right.shape}; it has {found.shape}.")
        share = difference(right, found)
        if not share <= 1.0:
            raise ExportError(
                f"{name!r} of {what} must be what the plan computes; it differs by {share:.3g} times what is allowed."
            )
        worst = max(worst, share)
    return worst


def difference(right: NDArray[np.float64], found: NDArray[np.float64]) -> float:
    """The largest difference as a share of what is allowed; infinite numbers must be the same."""
    finite = np.isfinite(right)
    if not np.array_equal(right[~finite], found[~finite], equal_nan=True) or not np.isfinite(found[finite]).all():
        return float("inf")
    if not finite.any():
        return 0.0
    return float(np.abs(found[finite] - right[finite]).max() / allowed(right))


def allowed(right: NDArray[np.float64]) -> float:
    """The largest difference that a value may have from these numbers; infinite ones do not count."""
    wanted = right[np.isfinite(right)]
    if not wanted.size:
        return LEAST
    return float(OF_RANGE * np.ptp(wanted) + OF_SIZE * np.abs(wanted).max() + LEAST)
