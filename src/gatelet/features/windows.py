"""Where windows of context and horizon lie in a panel, and how they are cut: by indexing, not sample by sample."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gatelet.errors import DataError
from gatelet.features.panel import Panel


@dataclass(frozen=True)
class Windows:
    """W places in a panel where a forecast starts.

    Attributes:
        series: (W,) number of the series.
        origins: (W,) row of the first step of the horizon; the context is the rows before it.
    """

    series: NDArray[np.int64]
    origins: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.origins)

    def take(self, index: NDArray[np.int64]) -> Windows:
        """The windows with these numbers."""
        return Windows(self.series[index], self.origins[index])

    def thinned(self, most: int) -> Windows:
        """At most `most` windows, evenly spread."""
        if len(self) <= most:
            return self
        return self.take(np.linspace(0, len(self) - 1, most).astype(np.int64))


def training_windows(panel: Panel, context_length: int, horizon: int, held_out: int) -> Windows:
    """Every window whose horizon ends before the last `held_out` rows of its series.

    The context is complete wherever the series is long enough; a shorter series gives windows whose context begins
    before its first row (missing there), as long as the part inside is at least as long as the horizon or the context.

    Raises:
        DataError: no series is long enough for one window.
    """
    begins, last = panel.offsets[:-1], panel.ends - held_out - horizon
    history = np.where(last - begins >= context_length, context_length, min(context_length, horizon))
    windows = _origins(begins + history, last, 1)
    windows = _scorable(panel, windows, context_length, horizon)
    if not len(windows):
        lengths = np.maximum(panel.ends - begins - held_out, 0)
        longest = int(np.argmax(lengths))
        raise DataError(
            f"At least one series must have {min(context_length, horizon) + horizon} rows "
            f"({min(context_length, horizon)} of context, {horizon} of horizon) with values among them before those "
            f"held out; the longest, '{panel.ids[longest]}', has {lengths[longest]}."
        )
    return windows


def rolling_windows(panel: Panel, context_length: int, horizon: int, size: int, step: int) -> Windows:
    """Windows whose horizons lie in the last `size` rows before `ends`, one every `step` rows, complete at the end.

    Series without a row before that part, and windows without any value to learn from or to score, are left out.
    """
    last = panel.ends - horizon
    first = np.maximum(last - (size - horizon) // step * step, panel.offsets[:-1] + 1)
    # count back from the last origin, so that the newest rows are always used
    first = last - (last - first) // step * step
    return _scorable(panel, _origins(first, last, step), context_length, horizon)


def next_windows(panel: Panel) -> Windows:
    """One window per series: the horizon after its last observed target."""
    return Windows(np.arange(panel.num_series), panel.ends.copy())


def cut(values: NDArray[np.float64], panel: Panel, windows: Windows, before: int, after: int) -> NDArray[np.float64]:
    """(W, before + after) the values of the rows around the origins, NaN outside the series."""
    rows = windows.origins[:, None] + np.arange(-before, after)
    inside = (rows >= panel.offsets[windows.series, None]) & (rows < panel.offsets[windows.series + 1, None])
    return np.where(inside, values[np.where(inside, rows, 0)], np.nan)


def _origins(first: NDArray[np.int64], last: NDArray[np.int64], step: int) -> Windows:
    """All origins from first to last (both included) of each series."""
    counts = np.maximum((last - first) // step + 1, 0)
    series = np.repeat(np.arange(len(first)), counts)
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return Windows(series, first[series] + within * step)


def _scorable(panel: Panel, windows: Windows, context_length: int, horizon: int) -> Windows:
    """Those windows that have at least one observed target in the context and one in the horizon."""
    observed = np.concatenate(([0], np.cumsum(~np.isnan(panel.target))))
    begin = np.maximum(windows.origins - context_length, panel.offsets[windows.series])
    end = np.minimum(windows.origins + horizon, panel.offsets[windows.series + 1])
    before = observed[windows.origins] - observed[begin]
    after = observed[end] - observed[windows.origins]
    return windows.take(np.flatnonzero((before > 0) & (after > 0)))
