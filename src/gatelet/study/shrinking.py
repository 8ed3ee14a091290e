"""What making a model smaller did to it: quality, bytes, the error or the density of layers, and drift.

`gatelet quantize --report` and `gatelet prune --report` tell it as a page or as a picture.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator
from numpy.typing import NDArray

from gatelet import __version__
from gatelet.errors import GateletError
from gatelet.folders import check_folder, new_folder
from gatelet.study.canvas import DASHES, LIGHT, Theme, legend, new_figure, png
from gatelet.study.report import Cell, Page, Picture, Row, Table, bars, draw, render

FILES = ("report.html", "shrinking.png")
MOST_LAYERS = 16
_LONGEST_NAME = 20
Pairs = Mapping[str, tuple[float, float]]


@dataclass(frozen=True)
class Shrunk:
    """A model before and after.

    Attributes:
        command: that made it smaller, such as "gatelet quantize".
        model: its name.
        after: what it became: "in integers", "pruned".
        scores: before and after, by metric; the first is the one that counts.
        counted: what the scores are of.
        sizes: before and after, by what they count, the weights first.
        layers: one figure for each layer, in per cent.
        layers_title: what that is.
        drift: by name of a stack of cells, (stretches,) the largest error of each stretch of the steps.
        steps: of the drift, in all.
    """

    command: str
    model: str
    after: str
    scores: Pairs
    counted: str
    sizes: Pairs
    layers: Mapping[str, float] = field(default_factory=dict)
    layers_title: str = ""
    drift: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    steps: int = 0


def shrinking_picture(shrunk: Shrunk, theme: Theme) -> Figure:
    """Bars of what was and what became of it, bars of the layers, and curves of the drift; what there is of them."""
    pairs = [*shrunk.sizes.items(), *shrunk.scores.items()]
    layers = dict(list(shrunk.layers.items())[:MOST_LAYERS])
    heights = [
        0.34 * len(pairs) + 0.1,
        *([0.24 * len(layers) + 0.1] if layers else []),
        *([1.5] if shrunk.drift else []),
    ]
    gap = 0.55
    figure, axes = new_figure(
        f"{_short(shrunk.model, 30)}, {shrunk.after}",
        f"Scores of {shrunk.counted}.",
        theme,
        height=1.25 + sum(heights) + gap * (len(heights) - 1) + (0.75 if shrunk.drift else 0.35),
        rows=len(heights),
        ratios=heights,
        share_x=False,
        titled=True,
        left=1.45,
        right=0.95,
        bottom=0.85 if shrunk.drift else 0.45,
    )
    rest = list(axes)
    _draw_pairs(rest.pop(0), pairs, theme, "of what it was, %")
    if layers:
        _draw_layers(rest.pop(0), layers, theme, shrunk.layers_title)
    if shrunk.drift:
        _draw_drift(rest[0], shrunk, theme)
        legend(figure, rest[0], theme)
    return figure


def _draw_pairs(axis: Axes, pairs: list[tuple[str, tuple[float, float]]], theme: Theme, title: str) -> None:
    """What became of each, in per cent of what it was; the numbers stand to the right."""
    names = [name for name, _ in pairs]
    shares = [100 * after / before if before else 0.0 for _, (before, after) in pairs]
    places = np.arange(len(pairs))
    axis.barh(places, [100] * len(pairs), height=0.62, color=theme.grid)
    axis.barh(places, shares, height=0.62, color=theme.lines[0])
    for place, (_, (before, after)) in zip(places, pairs, strict=True):
        _beside(axis, f"{_number(before)}\n{_number(after)}", (max(100.0, shares[place]), float(place)), theme)
    _bars(axis, [_plain(name) for name in names], theme, title)


def _draw_layers(axis: Axes, layers: Mapping[str, float], theme: Theme, title: str) -> None:
    places = np.arange(len(layers))
    axis.barh(places, list(layers.values()), height=0.6, color=theme.lines[1])
    for place, value in zip(places, layers.values(), strict=True):
        _beside(axis, f"{value:.2g}", (value, float(place)), theme)
    _bars(axis, list(layers), theme, title)


def _beside(axis: Axes, text: str, end: tuple[float, float], theme: Theme) -> None:
    """Words to the right of the end of a bar."""
    words: dict[str, Any] = {"color": theme.ink, "fontsize": 8, "linespacing": 1.05, "va": "center"}
    axis.annotate(text, end, xytext=(5, 0), textcoords="offset points", annotation_clip=False, **words)


def _bars(axis: Axes, names: list[str], theme: Theme, title: str) -> None:
    axis.set_yticks(np.arange(len(names)), [_short(name, _LONGEST_NAME) for name in names])
    axis.tick_params(axis="y", labelcolor=theme.ink)
    axis.invert_yaxis()
    axis.grid(False, axis="y")
    axis.set_xlim(left=0)
    axis.xaxis.set_major_locator(MaxNLocator(5))
    axis.set_title(title, loc="left", fontsize=9, color=theme.muted, pad=4)


def _draw_drift(axis: Axes, shrunk: Shrunk, theme: Theme) -> None:
    for place, (name, largest) in enumerate(shrunk.drift.items()):
        ends = np.linspace(0, shrunk.steps, len(largest) + 1)[1:]
        axis.plot(
            ends,
            largest,
            color=theme.lines[place % 4],
            linestyle=DASHES[place // 4 % 4],
            marker="o",
            markersize=3.5,
            linewidth=1.6,
            label=_short(name, 28),
        )
    axis.set_ylim(0, 1.2 * max(float(largest.max()) for largest in shrunk.drift.values()) or 1)
    axis.set_xlim(left=0)
    axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axis.xaxis.set_major_locator(MaxNLocator(5))
    axis.yaxis.set_major_locator(MaxNLocator(4))
    axis.set_xlabel("steps without a restart", loc="left")
    axis.set_title("largest error of a state, stretch by stretch", loc="left", fontsize=9, color=theme.muted, pad=4)


def shrinking_page(shrunk: Shrunk) -> Page:
    """The same as a page: sizes as bars, the picture, and tables of all figures."""
    (metric, (before, after)), *_ = ((_plain(name), pair) for name, pair in shrunk.scores.items())
    (weights, (large, small)), *_ = shrunk.sizes.items()
    sizes = [("before", large, _number(large), -1), (shrunk.after, small, _number(small), 0)]
    return Page(
        kicker=shrunk.command,
        title=f"{shrunk.model}, {shrunk.after}",
        lead=f"{weights.capitalize()}: {_number(large)} before, {_number(small)} now. {metric.capitalize()} of "
        f"{shrunk.counted}: {_number(before)} before, {_number(after)} now.",
        verdict=f"{metric.capitalize()} changes by {_change(before, after)}, at {small / large:.0%} of the {weights}.",
        bars=bars(weights, "Shorter is smaller.", sizes),
        pictures=(_picture(shrunk),),
        tables=tuple(_tables(shrunk)),
        method=(f"Scores are of {shrunk.counted}, before and after.", *_about_drift(shrunk)),
        words=(),
        footer=f"Made by gatelet {__version__}. This page holds all it shows and asks no server for anything.",
    )


def check_report(path: Path, *, overwrite: bool = False) -> None:
    """Raise GateletError if `write_shrinking` would refuse to write there; to be asked before long work."""
    if path.suffix.lower() in (".html", ".png"):
        if path.exists() and not overwrite:
            raise GateletError(f"{path} is already there; give --overwrite to replace it, or another --report.")
        if not path.resolve().parent.is_dir():
            raise GateletError(f"{path} cannot be written: the folder {path.parent} does not exist.")
    else:
        check_folder(path, overwrite=overwrite, ours=FILES)


def write_shrinking(shrunk: Shrunk, path: Path, *, overwrite: bool = False) -> Path:
    """Write a report: FILE.html a page, FILE.png the picture, and what ends otherwise is a folder of both.

    Args:
        shrunk: the model before and after.
        path: of the file, or of a new or empty folder.
        overwrite: replace what is there.

    Raises:
        GateletError: something is there, or it cannot be written.
    """
    check_report(path, overwrite=overwrite)
    try:
        if path.suffix.lower() == ".png":
            path.write_bytes(png(shrinking_picture(shrunk, LIGHT)))
        elif path.suffix.lower() == ".html":
            path.write_text(render(shrinking_page(shrunk)), encoding="utf-8")
        else:
            page = shrinking_page(shrunk)
            with new_folder(path, overwrite=overwrite, ours=FILES) as folder:
                (folder / FILES[0]).write_text(render(page), encoding="utf-8")
                (folder / FILES[1]).write_bytes(page.pictures[0].light_png)
    except OSError as error:
        raise GateletError(f"{path} was not written: {error}.") from error
    return path


def _picture(shrunk: Shrunk) -> Picture:
    caption = "Grey is what it was. The upper of two numbers is from before, the lower one from after."
    if shrunk.drift:
        caption += " A curve that stays level means that errors do not add up, however long a stream lasts."
    alt = f"What became of {shrunk.model}: bytes and scores in per cent of what they were"
    alt += f"; {shrunk.layers_title} for each layer" if shrunk.layers else ""
    alt += "; the drift of states over steps" if shrunk.drift else ""
    return draw("shrinking", f"{alt}.", caption, lambda theme: shrinking_picture(shrunk, theme))


def _tables(shrunk: Shrunk) -> list[Table]:
    columns = ("before", shrunk.after, "change")
    found = []
    for title, pairs in (("Scores", shrunk.scores), ("Sizes", shrunk.sizes)):
        rows = (
            Row(_plain(name), "", (Cell(_number(before)), Cell(_number(after)), Cell(_change(before, after))))
            for name, (before, after) in pairs.items()
        )
        found.append(Table(title, "", columns, tuple(rows)))
    if shrunk.layers:
        rows = (Row(name, "", (Cell(f"{value:.3g}"),)) for name, value in shrunk.layers.items())
        found.append(Table("Layers", "", (shrunk.layers_title,), tuple(rows)))
    return found


def _about_drift(shrunk: Shrunk) -> tuple[str, ...]:
    if not shrunk.drift:
        return ()
    return (
        f"Drift: cells run {shrunk.steps:,} steps without a restart, on what they read in calibration, in float64 "
        "and in integers; told is the largest difference of any state in each tenth.",
    )


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.4g}"


def _plain(name: str) -> str:
    return name.replace("_", " ")


def _change(before: float, after: float) -> str:
    return f"{100 * (after / before - 1):+.2f} %" if before else "–"


def _short(name: str, most: int) -> str:
    return name if len(name) <= most else f"{name[: most - 1]}…"
