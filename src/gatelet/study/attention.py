"""The picture of what a written text looked at."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from numpy.typing import NDArray

from gatelet.errors import GateletError
from gatelet.study.canvas import Theme, new_figure

# tokens that still have room for their names; of a longer text the first are shown
MOST_TOKENS = 40
_LONGEST_NAME = 14


def attention_picture(
    weights: NDArray[np.float32], source: Sequence[str], written: Sequence[str], theme: Theme
) -> Figure:
    """Each written token by each token of the source, dark where it looked.

    Args:
        weights: (n, S) of the written tokens.
        source: (S) tokens.
        written: (n) tokens.
        theme: colours.

    Raises:
        GateletError: nothing was written, or the shapes do not agree.
    """
    if weights.shape != (len(written), len(source)) or not weights.size:
        raise GateletError(
            f"A picture of attention needs weights of shape ({len(written)}, {len(source)}), written by source tokens, "
            f"one at least; got {weights.shape}."
        )
    part = weights[:MOST_TOKENS, :MOST_TOKENS]
    rows, columns = [[_short(token) for token in side[:MOST_TOKENS]] for side in (written, source)]
    left, bottom = (0.3 + 0.085 * max(map(len, names)) for names in (rows, columns))
    height = 0.24 * len(rows) + bottom + 1.0
    subtitle = "Rows: what was written; columns: the source. Dark where it looked."
    if part.shape != weights.shape:
        subtitle += f"\nThe first {MOST_TOKENS} tokens of {len(written)} and {len(source)}."
    figure, (axis,) = new_figure("Attention", subtitle, theme, height=height, left=left, bottom=bottom)
    colours = LinearSegmentedColormap.from_list("weights", [theme.paper, theme.lines[0]])
    axis.imshow(part, cmap=colours, vmin=0.0, vmax=1.0, aspect="auto")
    axis.grid(False)
    axis.set_xticks(range(len(columns)), columns, rotation=90)
    axis.set_yticks(range(len(rows)), rows)
    return figure


def _short(token: str) -> str:
    """A token that fits, with no dollar sign that would begin a formula."""
    token = token.replace("$", r"\$")
    return token if len(token) <= _LONGEST_NAME else f"{token[: _LONGEST_NAME - 1]}…"
