"""The picture of a run: how much of the machine's peak each layer reaches at each shape."""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from gatelet.bench.results import Bench
from gatelet.study.canvas import Theme, legend, new_figure

MARKERS = "osD^vP"
TITLES = {"forward": "forward", "train": "train step"}


def peak_picture(bench: Bench, theme: Theme) -> Figure:
    """Share of peak against shape, forward above, train step below; LSTMs are hollow."""
    settings = bench.settings
    subtitle = (
        f"Share of what a square product of 2048 reaches with {settings['threads']} threads\n"
        f"({bench.peak / 1e9:.0f} GFLOP/s). Hollow: LSTM, which has a third more to do."
    )
    figure, axes = new_figure("How near to the peak", subtitle, theme, height=6.2, rows=2, titled=True, bottom=1.55)
    names = bench.names()
    places = range(len(bench.rows))
    for axis, what in zip(axes, TITLES, strict=True):
        for name in names:
            shares = [row.share(name, what, bench.peak) for row in bench.rows]
            points = [(place, share) for place, share in zip(places, shares, strict=True) if share is not None]
            axis.plot(*(zip(*points, strict=True) if points else ((), ())), label=name, **_style(name, names, theme))
        axis.set_title(TITLES[what], loc="left", fontsize=10, fontweight="bold", color=theme.ink, pad=4)
        axis.set_ylim(bottom=0)
        axis.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        axis.margins(x=0.06)
    labels = [f"{r.shape.batch}, {r.shape.steps}\n{r.shape.inputs}, {r.shape.hidden}" for r in bench.rows]
    axes[-1].set_xticks(list(places), labels, fontsize=8)
    axes[-1].set_xlabel("B, T above I, H", loc="left")
    legend(figure, axes[0], theme)
    return figure


def _style(name: str, names: list[str], theme: Theme) -> dict[str, Any]:
    """One colour and mark for each library; ours has a line."""
    libraries = list(dict.fromkeys(_library(each) for each in names))
    place = libraries.index(_library(name)) % len(MARKERS)
    colour = [*theme.lines, theme.ink, theme.muted][place]
    return {
        "color": colour,
        "marker": MARKERS[place],
        "markersize": 6,
        "markerfacecolor": theme.paper if "LSTM" in name else colour,
        "linestyle": "solid" if name == "GRU" else "none",
        "linewidth": 1.4,
    }


def _library(name: str) -> str:
    """The first word of a layer's name; ours are named by the cell alone."""
    return "" if name in ("GRU", "LSTM") else name.partition(" ")[0]
