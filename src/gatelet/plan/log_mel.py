"""Samples of sound to the logarithm of their power in mel bands, hop by hop."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gatelet.errors import ModelError
from gatelet.plan.operation import Arrays, OneToOne
from gatelet.plan.values import (
    Numbers,
    Shape,
    State,
    Weights,
    need_array,
    need_matrix,
    need_number,
    need_whole,
    spelled,
)

# points of a Fourier transform, at most
LARGEST_TRANSFORM = 2**16


@dataclass(frozen=True, eq=False)
class LogMel(OneToOne):
    """One frame of each hop, of the last L samples x_0 ... x_{L-1}:

        y_m = log(max(sum over k of filters[m, k] P_k, floor))
        P_k = |sum over n < L of w_n x_n exp(-2 pi i k n / N)|^2,   w_n = 1/2 - 1/2 cos(2 pi n / L)

    w is Hann's window, and N, the points of the transform, is 2 (K - 1) for K columns of the filters. Before the first
    step there was silence. Streams and this equation compute it in double precision, since quiet bands lie beside loud
    ones, and C in floats, see docs/runtime.md.

    Source: Davis and Mermelstein, IEEE Transactions on Acoustics, Speech, and Signal Processing 28(4), 1980.

    Attributes:
        source: the next samples, (hop,).
        target: (M,).
        filters: (M, K), not negative, such as `mel_filters` gives.
        length: L, from hop to N.
        floor: positive, in units of the power.
    """

    source: str
    target: str
    filters: Weights
    length: int
    floor: float = 1e-10

    @property
    def points(self) -> int:
        """N."""
        return 2 * (int(self.filters.shape[1]) - 1)

    def shapes(self, given: Sequence[Shape]) -> tuple[Shape, ...]:
        """(M,)."""
        bands, columns = need_matrix("filters of LogMel", self.filters)
        need_array("filters of LogMel", self.filters, (bands, columns))
        need_whole("points of LogMel", self.points, 2, LARGEST_TRANSFORM)
        if self.filters.min() < 0:
            raise ModelError(f"filters of LogMel must not be negative; the least is {self.filters.min()}.")
        need_number("floor of LogMel", self.floor)
        if self.floor <= 0:
            raise ModelError(f"floor of LogMel must be positive; it is {self.floor}.")
        match given[0]:
            case (int(hop),):
                need_whole("length of LogMel", self.length, hop, self.points)
                return ((bands,),)
        raise ModelError(f"{self.source!r}, which LogMel reads, must be samples of one hop; it is {spelled(given[0])}.")

    def macs(self, given: Sequence[Shape]) -> int:
        """The window, the transform, by halves, and the filters."""
        return self.length + 2 * self.points * math.ceil(math.log2(self.points)) + self.filters.size

    def state(self, given: Sequence[Shape]) -> tuple[State, ...]:
        """The samples that the next frame shares with this one; none where frames do not overlap."""
        (hop,) = given[0]
        assert isinstance(hop, int)
        return (State("samples", (self.length - hop,)),) if hop < self.length else ()

    def run(self, given: Sequence[Numbers], state: Arrays) -> tuple[Arrays, Arrays]:
        """One step."""
        samples = np.concatenate([*state, given[0]])
        window = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(self.length) / self.length)
        power = np.abs(np.fft.rfft(window * samples, self.points)) ** 2
        frame = np.log(np.maximum(self.filters.astype(np.float64) @ power, self.floor))
        return (frame,), (samples[len(given[0]) :],) if state else ()


def mel_filters(rate: float, points: int, bands: int, low: float = 0.0, high: float | None = None) -> Weights:
    """Triangles over the powers of a transform; corners are evenly spaced on the mel scale, 2595 log10(1 + f / 700).

    Args:
        rate: samples per second.
        points: N of the transform, even.
        bands: M.
        low: where the first triangle begins, in Hz.
        high: where the last one ends; half the rate if None.

    Returns:
        (M, N/2 + 1), 1 at the tips.

    Raises:
        ModelError: sizes or frequencies are outside their range.
    """
    need_whole("points", points, 2, LARGEST_TRANSFORM)
    need_whole("bands", bands, 1, points)
    high = rate / 2 if high is None else high
    if points % 2 or not 0 <= low < high <= rate / 2:
        raise ModelError(
            "Filters must have an even number of points, and lie within 0 and half the rate; got "
            f"{points}, {low}, {high}."
        )
    mels = np.linspace(2595.0 * math.log10(1.0 + low / 700.0), 2595.0 * math.log10(1.0 + high / 700.0), bands + 2)
    corners = 700.0 * (10.0 ** (mels / 2595.0) - 1.0)
    frequencies = np.arange(points // 2 + 1) * (rate / points)
    left, tip, right = corners[:-2, None], corners[1:-1, None], corners[2:, None]
    rising, falling = (frequencies - left) / (tip - left), (right - frequencies) / (right - tip)
    return np.maximum(0.0, np.minimum(rising, falling)).astype(np.float32)
