import struct

import numpy as np
import pytest
from matplotlib import rcParams
from matplotlib._pylab_helpers import Gcf

from gatelet.study.bootstrap import Interval
from gatelet.study.canvas import DARK, DPI, LIGHT, WIDTH, Theme, data_uri, png
from gatelet.study.pictures import (
    Curve,
    GateDay,
    Point,
    Stretch,
    cost_picture,
    forecast_picture,
    gate_picture,
    learning_picture,
)

LEVELS = (0.1, 0.25, 0.5, 0.75, 0.9)
THEMES = pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)


def stretch(name: str = "EWR", steps: int = 48, start: str | None = "2013-12-01") -> Stretch:
    times = np.arange(steps) if start is None else np.datetime64(start, "h") + np.arange(steps)
    actual = 50 + 8 * np.sin(np.arange(steps) / 24 * 2 * np.pi)
    actual[5:8] = np.nan
    quantiles = np.nan_to_num(actual)[:, None] + np.linspace(-3, 3, len(LEVELS))
    return Stretch(name, times, actual, quantiles, LEVELS, {"seasonal naive": actual - 2}, tuple(range(0, steps, 24)))


def curve(name: str, epochs: int = 5) -> Curve:
    losses = np.exp(-np.arange(epochs) / 2.0)
    return Curve(name, np.arange(1.0, epochs + 1), losses, losses + 0.1)


@THEMES
def test_forecasts_show_what_happened_the_bands_and_the_baselines(theme: Theme) -> None:
    figure = forecast_picture(
        [stretch("EWR"), stretch("JFK")], theme, title="T", subtitle="S\nS", unit="F", model="GRU"
    )
    assert len(figure.axes) == 2
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels == ["80% band", "50% band", "GRU forecast", "seasonal naive", "what happened"]
    assert len(png(figure)) > 10_000


def test_integer_times_and_levels_without_symmetry_are_drawn() -> None:
    plain = stretch(start=None)
    lopsided = Stretch("x", plain.times, plain.actual, plain.quantiles[:, :2], (0.2, 0.5), {}, (0,))
    labels = forecast_picture([lopsided], LIGHT, title="T", subtitle="S", unit="F").legends[0].get_texts()
    assert [text.get_text() for text in labels] == ["GRU forecast", "what happened"]


@THEMES
def test_learning_names_each_model_once_for_all_its_seeds(theme: Theme) -> None:
    figure = learning_picture([curve("gru"), curve("gru"), curve("lstm", 1)], theme, title="T", subtitle="S")
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["gru", "lstm"]


@THEMES
def test_cost_shows_cells_with_intervals_and_baselines_as_lines(theme: Theme) -> None:
    points = [Point("gru", 30_000, Interval(0.8, 0.7, 0.9)), Point("lstm", 40_000, Interval(0.85, 0.75, 0.95))]
    figure = cost_picture(points, {"persistence": 1.1}, theme, title="T", subtitle="S", metric="MASE", cost="FLOPs")
    low, high = figure.axes[0].get_xlim()
    assert low < 30_000 < 40_000 < high
    assert any(text.get_text() == "persistence" for text in figure.axes[0].texts)


def test_one_cell_alone_has_a_cost_axis_too() -> None:
    figure = cost_picture(
        [Point("gru", 30_000, Interval(0.8, 0.8, 0.8))], {}, LIGHT, title="", subtitle="", metric="", cost=""
    )
    low, high = figure.axes[0].get_xlim()
    assert low < 30_000 < high


@THEMES
def test_gates_are_sorted_by_how_much_they_keep(theme: Theme) -> None:
    random = np.random.default_rng(0)
    update, reset = random.uniform(size=(24, 9)), random.uniform(size=(24, 9))
    times = np.datetime64("2013-07-01", "h") + np.arange(24)
    figure = gate_picture(
        GateDay("EWR", times, np.arange(24.0), update, reset), theme, title="T", subtitle="S", unit="F"
    )
    shown = np.asarray(figure.axes[1].images[0].get_array())
    assert (np.diff(shown.mean(axis=1)) <= 0).all()
    order = np.argsort(-update.mean(axis=0), kind="stable")
    np.testing.assert_array_equal(figure.axes[2].images[0].get_array(), reset[:, order].T)
    assert [text.get_text() for text in figure.axes[2].get_xticklabels()][:3] == ["00", "03", "06"]


def test_a_png_is_as_wide_as_promised_and_fits_in_an_address() -> None:
    data = png(learning_picture([curve("gru")], LIGHT, title="T", subtitle="S"))
    assert data.startswith(b"\x89PNG")
    assert struct.unpack(">I", data[16:20])[0] == round(WIDTH * DPI)
    assert data_uri(data).startswith("data:image/png;base64,iVBOR")


def test_nothing_global_is_touched() -> None:
    before = dict(rcParams)
    png(forecast_picture([stretch()], DARK, title="T", subtitle="S", unit="F"))
    assert dict(rcParams) == before
    assert Gcf.figs == {}  # the figures that pyplot keeps


def luminance(colour: str) -> float:
    """Relative luminance after WCAG 2.2."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@THEMES
def test_colours_stand_out_from_the_paper(theme: Theme) -> None:
    def contrast(colour: str) -> float:
        high, low = sorted((luminance(colour), luminance(theme.paper)), reverse=True)
        return (high + 0.05) / (low + 0.05)

    assert min(contrast(colour) for colour in (theme.ink, theme.muted)) >= 4.5  # text, WCAG AA
    assert min(contrast(colour) for colour in theme.lines) >= 3.0  # graphics, WCAG AA
