"""The pictures of a study: forecasts, learning, quality against cost, and the gates of a GRU over a day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator
from numpy.typing import NDArray

from gatelet.study.bootstrap import Interval
from gatelet.study.canvas import DASHES, MARKERS, Theme, legend, new_figure

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Stretch:
    """Forecasts of one series, end to end: each begins where the one before ends."""

    name: str
    times: NDArray[Any]  # (N,)
    actual: Floats  # (N,) NaN = missing
    quantiles: Floats  # (N, Q)
    levels: tuple[float, ...]
    baselines: Mapping[str, Floats]  # each (N,)
    starts: tuple[int, ...]  # where a new forecast begins


@dataclass(frozen=True)
class Curve:
    """How one training went."""

    name: str
    seconds: Floats  # (E,)
    train_loss: Floats  # (E,)
    validation_loss: Floats  # (E,)


@dataclass(frozen=True)
class Point:
    """One cell's quality at its cost."""

    name: str
    cost: float
    quality: Interval


@dataclass(frozen=True)
class GateDay:
    """The gates of one GRU layer, hour by hour."""

    name: str  # of the series
    times: NDArray[Any]  # (T,)
    signal: Floats  # (T,) the series itself, NaN = missing
    update: Floats  # (T, H) z: 1 keeps the old state
    reset: Floats  # (T, H) r: 0 ignores the old state when proposing a new one


def forecast_picture(
    stretches: Sequence[Stretch], theme: Theme, *, title: str, subtitle: str, unit: str, model: str = "GRU"
) -> Figure:
    """Actual values, the forecast's median and its bands, and the baselines; one row for each series."""
    rows = len(stretches)
    figure, axes = new_figure(
        title, subtitle, theme, height=1.9 + 1.45 * rows, rows=rows, gap=0.3, unit=unit, bottom=0.95
    )
    for axis, stretch in zip(axes, stretches, strict=True):
        _draw_bands(axis, stretch, theme, model)
        for (name, values), dash in zip(stretch.baselines.items(), (DASHES[2], DASHES[3]), strict=False):
            broken = np.insert(values, stretch.starts[1:], np.nan)
            times = np.insert(stretch.times, stretch.starts[1:], stretch.times[list(stretch.starts[1:])])
            axis.plot(times, broken, color=theme.muted, linewidth=1.0, linestyle=dash, label=name)
        axis.plot(stretch.times, stretch.actual, color=theme.ink, linewidth=1.5, label="what happened")
        for start in stretch.starts:
            axis.axvline(stretch.times[start], color=theme.muted, linewidth=0.6, alpha=0.6)
        axis.margins(x=0.005, y=0.12)
        axis.grid(False, axis="x")
        axis.yaxis.set_major_locator(MaxNLocator(4))
        axis.set_title(stretch.name, loc="left", fontsize=10, fontweight="bold", color=theme.ink, pad=4)
    _time_axis(axes[-1], stretches[0].times)
    legend(figure, axes[0], theme)
    return figure


def _draw_bands(axis: Axes, stretch: Stretch, theme: Theme, model: str) -> None:
    """Symmetric bands, the outermost palest, and the median; broken where a new forecast begins."""
    colour = theme.lines[0]
    bands = _pairs(stretch.levels)
    shown = list(dict.fromkeys([bands[0], min(bands, key=lambda band: abs(band[1] - band[0] - 0.49))])) if bands else []
    ends = [*stretch.starts[1:], len(stretch.times)]
    for number, (start, end) in enumerate(zip(stretch.starts, ends, strict=True)):
        part = slice(start, end)
        for depth, (low, high) in enumerate(shown):
            lower, upper = (stretch.quantiles[part, stretch.levels.index(level)] for level in (low, high))
            label = f"{high - low:.0%} band" if number == 0 else None
            axis.fill_between(
                stretch.times[part], lower, upper, color=colour, alpha=0.20 + 0.16 * depth, lw=0, label=label
            )
        median = stretch.quantiles[part, int(np.argmin(np.abs(np.asarray(stretch.levels) - 0.5)))]
        axis.plot(stretch.times[part], median, color=colour, lw=1.7, label=f"{model} forecast" if number == 0 else None)


def _pairs(levels: tuple[float, ...]) -> list[tuple[float, float]]:
    """The levels that lie symmetrically about one half, outermost first."""
    return [(low, high) for low in levels for high in levels if low < high and abs(low + high - 1.0) < 1e-9]


def _time_axis(axis: Axes, times: NDArray[Any]) -> None:
    if np.issubdtype(times.dtype, np.datetime64):
        locator = AutoDateLocator(minticks=3, maxticks=7)  # type: ignore[no-untyped-call]
        axis.xaxis.set_major_locator(locator)
        axis.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
        axis.xaxis.get_offset_text().set(color=axis.xaxis.label.get_color(), fontsize=9)


def learning_picture(curves: Sequence[Curve], theme: Theme, *, title: str, subtitle: str) -> Figure:
    """Loss on validation and, fainter, on training windows over seconds of training; a mark at the best epoch."""
    figure, (axis,) = new_figure(title, subtitle, theme, height=3.9, bottom=1.0)
    names = list(dict.fromkeys(curve.name for curve in curves))
    for curve in curves:
        position = names.index(curve.name)
        colour, dash = theme.lines[position % 4], DASHES[position % 4]
        first = curve is next(other for other in curves if other.name == curve.name)
        axis.plot(curve.seconds, curve.train_loss, color=colour, linestyle=dash, linewidth=1.0, alpha=0.45)
        axis.plot(
            curve.seconds,
            curve.validation_loss,
            color=colour,
            linestyle=dash,
            linewidth=1.8,
            label=curve.name if first else None,
        )
        best = int(np.argmin(curve.validation_loss))
        mark: dict[str, Any] = {"marker": MARKERS[position % 4], "markersize": 6, "markeredgecolor": theme.paper}
        axis.plot(curve.seconds[best], curve.validation_loss[best], color=colour, **mark)
    axis.set_xlabel("seconds of training", loc="left")
    axis.set_xlim(left=0)
    axis.yaxis.set_major_locator(MaxNLocator(6))
    legend(figure, axis, theme, columns=2)
    return figure


def cost_picture(
    points: Sequence[Point],
    baselines: Mapping[str, float],
    theme: Theme,
    *,
    title: str,
    subtitle: str,
    metric: str,
    cost: str,
) -> Figure:
    """Error against cost, with intervals; the better cell lies lower and further left. Baselines are lines."""
    figure, (axis,) = new_figure(title, subtitle, theme, height=3.9, unit=metric, bottom=0.95)
    for position, point in enumerate(points):
        interval = point.quality
        reach = [[interval.estimate - interval.low], [interval.high - interval.estimate]]
        axis.errorbar(
            point.cost,
            interval.estimate,
            yerr=reach,
            color=theme.lines[position % 4],
            marker=MARKERS[position % 4],
            markersize=8,
            capsize=4,
            linewidth=1.6,
            linestyle="none",
            label=point.name,
        )
    costs = [point.cost for point in points]
    room = 0.25 * (max(costs) - min(costs) or max(costs))
    axis.set_xlim(max(0.0, min(costs) - room), max(costs) + room)
    _baseline_lines(axis, baselines, theme)
    axis.set_xlabel(cost, loc="left")
    axis.set_title(metric, loc="left", fontsize=9, color=theme.muted, pad=3)
    axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _short(value)))
    axis.xaxis.set_major_locator(MaxNLocator(5))
    legend(figure, axis, theme, columns=2)
    return figure


def _baseline_lines(axis: Axes, baselines: Mapping[str, float], theme: Theme) -> None:
    """Lines for the best baseline and those near it; the others, which would flatten the picture, are named above."""
    low, high = axis.get_ylim()
    ranked = sorted(baselines, key=lambda name: baselines[name])
    top = max(high, baselines[ranked[0]]) if ranked else high
    top += 0.25 * (top - low)
    axis.set_ylim(low - 0.05 * (top - low), top)
    words: dict[str, Any] = {"color": theme.muted, "fontsize": 9, "textcoords": "offset points"}
    near = [name for name in ranked if baselines[name] < top]
    for place, name in enumerate(near):
        axis.axhline(baselines[name], color=theme.muted, linewidth=1.2, linestyle=DASHES[1])
        x, side = ((0.99, "right"), (0.01, "left"))[place % 2]  # neighbours on different sides, or they would overlap
        at = (x, baselines[name])
        axis.annotate(name, at, xytext=(0, 3), xycoords=("axes fraction", "data"), ha=side, **words)
    beyond = [f"{name} {baselines[name]:.3g}" for name in ranked if name not in near]
    if beyond:
        note = f"further up: {', '.join(beyond)}"
        axis.annotate(note, (0.99, 1), xytext=(0, -4), xycoords="axes fraction", ha="right", va="top", **words)


def _short(value: float) -> str:
    """12345 as 12.3k, as axis labels have little room."""
    for size, suffix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:g}{suffix}"
    return f"{value:g}"


def gate_picture(day: GateDay, theme: Theme, *, title: str, subtitle: str, unit: str) -> Figure:
    """The series over the day, and below it each unit's update and reset gate; units sorted by how much they keep."""
    figure, axes = new_figure(
        title, subtitle, theme, height=6.4, rows=3, ratios=(0.6, 1, 1), unit=unit, bottom=0.62, right=0.95
    )
    hours = np.arange(len(day.times))
    order = np.argsort(-day.update.mean(axis=0), kind="stable")
    axes[0].plot(hours, day.signal, color=theme.ink, linewidth=1.8)
    axes[0].yaxis.set_major_locator(MaxNLocator(3))
    parts = (
        ("update gate z", day.update, ("0 writes\n   anew", "1 keeps")),
        ("reset gate r", day.reset, ("0 ignores\n   the past", "1 uses\n   the past")),
    )
    for axis, (name, gate, (low, high)) in zip(axes[1:], parts, strict=True):
        axis.grid(False)
        image = axis.imshow(gate[:, order].T, aspect="auto", cmap="cividis", vmin=0, vmax=1, interpolation="nearest")
        axis.set_ylabel(f"{name}, {gate.shape[1]} units")
        axis.yaxis.set_ticks([])
        box = axis.get_position()
        bar = figure.add_axes((box.x1 + 0.025, box.y0 + 0.03, 0.02, box.height - 0.06))
        figure.colorbar(image, cax=bar).set_ticks([0, 0.5, 1], labels=[low, "0.5", high])
        bar.tick_params(colors=theme.muted, labelsize=9, length=0)
        bar.spines[:].set_visible(False)
    ticks = hours[:: max(1, len(hours) // 8)]
    axes[-1].set_xticks(ticks, [_hour(day.times[tick]) for tick in ticks])
    axes[-1].set_xlabel("hour of the day", loc="left")
    return figure


def _hour(time: Any) -> str:
    return f"{time.astype('datetime64[h]').item():%H}" if isinstance(time, np.datetime64) else str(time)
