"""Log-mel frames in C: the tables that the transform wants, and what runs it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gatelet.runtime import _runtime

__all__ = ["LogMelLayer", "PackedLogMel", "pack_log_mel"]

Floats = NDArray[np.float32]
LARGEST = 2**14  # points of a transform: what the C counts must fit 16 bits with a sign
LEAST = 2.0**-126  # of a floor: smaller floats have fewer digits


@dataclass(frozen=True)
class PackedLogMel:
    """The fields of `gatelet_f_log_mel`."""

    hop: int
    length: int
    half: int
    odd: int
    bands: int
    floor: float
    window: NDArray[np.float32]  # (L,)
    places: NDArray[np.uint16]  # (N/2,)
    turns: NDArray[np.float32]  # (numbers, 2)
    spans: NDArray[np.uint16]  # (M, 2)
    filters: NDArray[np.float32]  # of all spans

    @property
    def arrays(self) -> dict[str, NDArray[np.float32] | NDArray[np.uint16]]:
        """The tables by name, in the order of the struct."""
        return {name: getattr(self, name) for name in ("window", "places", "turns", "spans", "filters")}

    @property
    def scratch(self) -> int:
        """Floats that a step needs for itself."""
        return 2 * (self.half + self.odd)


def pack_log_mel(filters: NDArray[np.float32], hop: int, length: int, floor: float) -> PackedLogMel:
    """Make the tables of a transform of N real numbers as one of N/2 complex ones.

    N/2 is an odd number times a power of two. The odd part is summed up; then transforms are joined, two at most once,
    then four by four (Cooley and Tukey, Mathematics of Computation 19, 1965).

    Args:
        filters: (M, N/2 + 1), not negative.
        hop: samples of a step, at most `length`.
        length: samples of a frame, at most N.
        floor: the least power, as in `gatelet.plan.LogMel`.

    Raises:
        ValueError: the transform is too large, or the floor too small for floats.
    """
    bands, half = filters.shape[0], filters.shape[1] - 1
    if 2 * half > LARGEST or not LEAST <= floor < np.inf:
        raise ValueError(
            f"A transform in C must have at most {LARGEST} points, and a floor of at least {LEAST:.3g}; got "
            f"{2 * half} and {floor:.3g}."
        )
    odd = half // (half & -half)
    order = _order(half, odd)
    places = np.empty(half, np.uint16)
    places[order] = np.arange(half)
    spans = np.array([_span(row) for row in filters], np.uint16).reshape(bands, 2)
    kept = [row[first : first + count] for row, (first, count) in zip(filters, spans.tolist(), strict=True)]
    n = np.arange(length)
    return PackedLogMel(
        hop=hop,
        length=length,
        half=half,
        odd=odd,
        bands=bands,
        floor=floor,
        window=(0.25 - 0.25 * np.cos(2.0 * np.pi * n / length)).astype(np.float32),
        places=places,
        turns=_turns(half, odd),
        spans=spans,
        filters=np.concatenate([*kept, np.zeros(0 if any(map(len, kept)) else 1)]).astype(np.float32),
    )


class LogMelLayer:
    """Log-mel frames of a stream of samples, by the C that devices run. Its methods keep no state."""

    def __init__(self, packed: PackedLogMel) -> None:
        self.packed = packed

    def initial_state(self) -> Floats:
        """The silence before the first step, (L - hop,)."""
        return np.zeros(self.packed.length - self.packed.hop, np.float32)

    def run(
        self, x: NDArray[np.float32], state: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Run a sequence.

        Args:
            x: (T, hop).
            state: as `initial_state` gives it; is not changed.

        Returns:
            y: (T, M); the state after the last step.

        Raises:
            ValueError: a shape or a dtype does not fit.
        """
        p = self.packed
        for name, array, shape in (("x", x, (len(x), p.hop)), ("state", state, (p.length - p.hop,))):
            if array.shape != shape or array.dtype != np.float32:
                raise ValueError(f"{name} must be float32 of shape {shape}; got {array.dtype} of {array.shape}.")
        x, state, y = np.ascontiguousarray(x), state.copy(), np.empty((len(x), p.bands), np.float32)
        sizes = (p.hop, p.length, p.half, p.odd, p.bands)
        tables = tuple(array.ctypes.data for array in p.arrays.values())
        _runtime.log_mel(len(x), sizes, p.floor, tables, x.ctypes.data, state.ctypes.data, y.ctypes.data)
        return y, state


def _order(size: int, odd: int) -> NDArray[np.int64]:
    """Which number stands where before the first groups are joined."""
    if size == odd:
        return np.arange(odd)
    parts = 2 if size == 2 * odd else 4
    inner = _order(size // parts, odd)
    return np.concatenate([parts * inner + part for part in range(parts)])


def _turns(half: int, odd: int) -> NDArray[np.float32]:
    """(cos a, -sin a) of all angles a, in the order of use."""
    angles = [np.arange(odd) / odd] if odd > 1 else []
    part = odd
    if (half // odd).bit_length() % 2 == 0:
        angles.append(np.arange(part) / (2 * part))
        part *= 2
    while part < half:
        angles.append(np.outer(np.arange(1, part), [1, 2, 3]).reshape(-1) / (4 * part))
        part *= 4
    angles.append(np.arange(1, half // 2 + 1) / (2 * half))
    turns = 2.0 * np.pi * np.concatenate([*angles, np.zeros(1)])  # at least one number: C has no empty arrays
    return np.stack([np.cos(turns), -np.sin(turns)], axis=1).astype(np.float32)


def _span(row: NDArray[np.float32]) -> tuple[int, int]:
    """Where a filter begins, and how many columns it has."""
    there = np.flatnonzero(row)
    return (int(there[0]), int(there[-1] - there[0] + 1)) if there.size else (0, 0)
