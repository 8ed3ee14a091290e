"""The look of all pictures: a width that phones show unscaled, two themes, colours the colour-blind can tell apart.

Figures are made without pyplot, so nothing global is opened, changed or left behind.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

WIDTH = 4.8  # inches: 346 points, about as many as a phone is pixels wide, so that 10 points stay readable
DPI = 225
MARKERS = "osD^"
DASHES: tuple[str | tuple[int, tuple[float, ...]], ...] = ("solid", (0, (5, 1.6)), (0, (1.2, 1.2)), (0, (6, 2, 1, 2)))


@dataclass(frozen=True)
class Theme:
    """Colours of one theme; `lines` after Okabe and Ito (2008), darkened or lightened to stand out from the paper."""

    name: str
    paper: str
    ink: str
    muted: str
    grid: str
    lines: tuple[str, ...]


LIGHT = Theme("light", "#ffffff", "#1b1f24", "#5a6570", "#e3e7eb", ("#0072b2", "#c4500a", "#a0317c", "#00835f"))
DARK = Theme("dark", "#171b21", "#e9ecef", "#a3adb8", "#2d343c", ("#5cb8f0", "#f0a030", "#ea8cc8", "#3ccf9e"))


def new_figure(
    title: str,
    subtitle: str,
    theme: Theme,
    *,
    height: float,
    rows: int = 1,
    ratios: Sequence[float] | None = None,
    gap: float = 0.14,
    unit: str = "",
    left: float = 0.55,
    right: float = 0.2,
    bottom: float = 0.8,
) -> tuple[Figure, list[Axes]]:
    """A figure with a headline and `rows` axes below each other that share x; all lengths in inches.

    Args:
        title: in bold, one line.
        subtitle: what is to be seen, one or two lines.
        theme: colours of everything.
        height: of the whole figure.
        rows: number of axes.
        ratios: heights of the axes relative to each other.
        gap: between the axes, as a share of their height.
        unit: what the uppermost y axis counts, written above it.
        left: room for the labels of the y axis.
        right: room for labels right of the axes.
        bottom: room for the labels of the x axis and the legend.
    """
    figure = Figure(figsize=(WIDTH, height), dpi=DPI, facecolor=theme.paper)
    FigureCanvasAgg(figure)
    edge = 0.13 / WIDTH
    figure.text(edge, 1 - 0.12 / height, title, va="top", color=theme.ink, fontsize=12.5, fontweight="bold")
    figure.text(edge, 1 - 0.40 / height, subtitle, va="top", color=theme.muted, fontsize=9.5, linespacing=1.35)
    top = 0.68 + 0.19 * subtitle.count("\n") + (0.21 if unit else 0.0)
    spaces = {
        "left": left / WIDTH,
        "right": 1 - right / WIDTH,
        "top": 1 - top / height,
        "bottom": bottom / height,
        "hspace": gap,
    }
    if ratios is not None:
        spaces |= {"height_ratios": ratios}  # type: ignore[dict-item]
    grid = figure.subplots(rows, 1, sharex=True, squeeze=False, gridspec_kw=spaces)
    axes: list[Axes] = list(grid[:, 0])
    for axis in axes:
        _dress(axis, theme)
    axes[0].set_title(unit, loc="left" if gap < 0.2 else "right", fontsize=9, color=theme.muted, pad=4)
    return figure, axes


def _dress(axis: Axes, theme: Theme) -> None:
    axis.set_facecolor(theme.paper)
    axis.grid(True, color=theme.grid, linewidth=0.8)
    axis.set_axisbelow(True)
    axis.tick_params(colors=theme.muted, labelsize=9, length=0)
    axis.xaxis.label.set(color=theme.muted, fontsize=9.5)
    axis.yaxis.label.set(color=theme.muted, fontsize=9.5)
    for side in ("top", "right", "left", "bottom"):
        axis.spines[side].set_visible(side == "bottom")
        axis.spines[side].set_color(theme.grid)


def legend(figure: Figure, axis: Axes, theme: Theme, *, columns: int = 3) -> None:
    """The legend of `axis` along the lower edge of the figure."""
    handles, labels = axis.get_legend_handles_labels()
    figure.legend(
        handles,
        labels,
        loc="lower left",
        bbox_to_anchor=(0.01, 0.0),
        ncols=columns,
        frameon=False,
        fontsize=9,
        labelcolor=theme.ink,
        handlelength=1.9,
        columnspacing=1.3,
        handletextpad=0.5,
    )


def png(figure: Figure) -> bytes:
    """The figure as a PNG file."""
    stream = io.BytesIO()
    figure.savefig(stream, format="png", facecolor=figure.get_facecolor())
    return stream.getvalue()


def data_uri(picture: bytes) -> str:
    """A PNG as an address that holds the picture itself, so that a page needs no other file."""
    return "data:image/png;base64," + base64.b64encode(picture).decode("ascii")
