"""The picture of which classes are taken for which."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from numpy.typing import NDArray

from gatelet.errors import GateletError
from gatelet.study.canvas import WIDTH, Theme, new_figure

# classes that still have room for their names; of more, those are shown that are most often confused with each other
MOST_CLASSES = 20
_LONGEST_NAME = 18


def confusion_picture(counts: NDArray[np.int64], names: Sequence[str], theme: Theme) -> Figure:
    """Truth by prediction, each row in shares of its class.

    Args:
        counts: (K, K) how often the class of the row was taken for that of the column.
        names: (K) of the classes. Of more than 20 only those are shown that are most often taken for each other.
        theme: colours.

    Raises:
        GateletError: nothing was counted.
    """
    if not counts.sum():
        raise GateletError("A picture of confusions needs texts that were scored; there are none.")
    shown = _shown(counts)
    part, labels = counts[np.ix_(shown, shown)], [_short(names[number]) for number in shown]
    wrong = int(counts.sum() - np.trace(counts))
    subtitle = f"{wrong:,} of {int(counts.sum()):,} wrong. Rows: the truth; columns: the answer."
    if len(shown) < len(counts):
        subtitle += f"\nThe {len(shown)} classes most often confused with each other, of {len(counts)}."
    margin = 0.25 + 0.075 * max(map(len, labels))
    side = WIDTH - margin - 0.2
    height = side + margin + 0.9
    figure, (axis,) = new_figure("What is taken for what", subtitle, theme, height=height, left=margin, bottom=margin)
    totals = np.maximum(counts[shown].sum(1, keepdims=True), 1)
    colours = LinearSegmentedColormap.from_list("shares", [theme.paper, theme.lines[0]])
    axis.imshow(part / totals, cmap=colours, vmin=0.0, vmax=1.0, aspect="auto")
    axis.grid(False)
    axis.set_xticks(range(len(shown)), labels, rotation=90)
    axis.set_yticks(range(len(shown)), labels)
    _write_counts(axis, part, part / totals, theme)
    return figure


def _write_counts(axis: Axes, part: NDArray[np.int64], shares: NDArray[np.float64], theme: Theme) -> None:
    size = 8.5 if len(part) <= 12 else 6.5
    for row, column in np.ndindex(*part.shape):
        if part[row, column]:
            colour = theme.paper if shares[row, column] > 0.55 else theme.ink
            axis.text(column, row, f"{part[row, column]:,}", ha="center", va="center", fontsize=size, color=colour)


def _shown(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """The classes to show, in their order."""
    if len(counts) <= MOST_CLASSES:
        return np.arange(len(counts))
    shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    either_way = np.triu(shares + shares.T, 1)
    shown: set[int] = set()
    for pair in np.argsort(-either_way, axis=None, kind="stable"):
        both = shown | {int(number) for number in np.unravel_index(pair, counts.shape)}
        if len(both) <= MOST_CLASSES:
            shown = both
        if len(shown) == MOST_CLASSES:
            break
    return np.array(sorted(shown))


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"
