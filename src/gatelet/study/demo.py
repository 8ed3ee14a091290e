"""The whole way on real weather: train, test, compare, save and explain, in the time of a cup of tea."""

from __future__ import annotations

import time
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gatelet.datasets.series import nyc_weather
from gatelet.features import Columns, read_table
from gatelet.features.windows import Windows
from gatelet.folders import check_folder, new_folder
from gatelet.progress import Report, WorkDone, bars, silent
from gatelet.study.demo_page import EASTERN, demo_page
from gatelet.study.gates import gates_during
from gatelet.study.pictures import GateDay
from gatelet.study.results import Study
from gatelet.study.runs import Run, Split, Variant, match_network, run
from gatelet.study.summary import summarize
from gatelet.study.writing import write_json, write_page
from gatelet.tasks.forecasting import Backtest, Forecaster, NetworkSettings
from gatelet.tasks.forecasting.batch import WindowCutter
from gatelet.training import TrainingSettings

HOURS = 24
SPLIT = Split(test_size=HOURS * 7 * 8, validation_size=HOURS * 7 * 4)
HIDDEN_SIZE = 64
NETWORK = NetworkSettings(hidden_size=HIDDEN_SIZE, center="last")
TRAINING = TrainingSettings(epochs=6, steps_per_epoch=60, batch_size=128, patience=3)
PAST = ("dewp", "humid", "wind_speed", "wind_east", "wind_north", "precip", "pressure", "visib")
DEMO_FILES = ("model", "report.html", "results.json", "forecast.png", "learning.png", "cost.png", "gates.png")


@dataclass(frozen=True)
class Demo:
    """What the demo found and where it lies."""

    folder: Path
    study: Study
    seconds: float


def run_demo(
    out: Path,
    *,
    seed: int = 0,
    training: TrainingSettings = TRAINING,
    overwrite: bool = False,
    progress: bool | Report = False,
) -> Demo:
    """Forecast New York's temperature 24 hours ahead with a GRU and two LSTMs, and write the model and a report.

    All three airports share one model, which is told the other measurements up to now and the calendar. The last eight
    weeks of the year are held out and forecast once a day.

    Args:
        out: a new or empty folder, for the model, `report.html`, `results.json` and the pictures.
        seed: of the training.
        training: how to train, but for the seed.
        overwrite: replace the results of an earlier demo there.
        progress: draw bars on stderr, or call this after every batch.

    Raises:
        GateletError: the folder holds something, or cannot be written.
        KeyboardInterrupt: the user stopped it; nothing is written.
    """
    started = time.perf_counter()
    check_folder(out, overwrite=overwrite, ours=DEMO_FILES)
    shown = bars() if progress is True else nullcontext(progress or silent)
    with shown as report:
        runs = train(replace(training, seed=seed), report)
        report(WorkDone("drawing the report", 0.1))
        study = summarize([[one] for one in runs], budget="hidden and params", metric="mase", split=SPLIT)
        page = demo_page(study, gate_day(runs[0]))
        with new_folder(out, overwrite=overwrite, ours=DEMO_FILES) as folder:
            runs[0].forecaster.save(folder / "model")
            write_json(folder / "results.json", study)
            write_page(folder, page)
        report(WorkDone("drawing the report", 1.0))
    return Demo(out, study, time.perf_counter() - started)


def train(training: TrainingSettings, report: Report) -> tuple[Run, ...]:
    """A GRU, an LSTM of the same hidden size, and an LSTM with as many parameters."""
    table = read_table(nyc_weather())
    template = Forecaster(HOURS, columns=Columns(past=PAST), network=NETWORK)

    def one(variant: Variant) -> Run:
        return run(table, template, variant, training, SPLIT, report)

    gru = one(Variant(f"GRU {HIDDEN_SIZE}", "gru", HIDDEN_SIZE))
    match = match_network(gru.forecaster, "lstm", "params")
    return (
        gru,
        one(Variant(f"LSTM {HIDDEN_SIZE}", "lstm", HIDDEN_SIZE)),
        one(Variant(f"LSTM {match.hidden_size}", "lstm", match.hidden_size, match.mismatch)),
    )


def gate_day(gru: Run) -> GateDay:
    """The gates over the day of the test part on which the temperature at one airport moved most."""
    backtest = gru.backtest
    series, first = _most_eventful_day(backtest)
    network = gru.forecaster.module
    windows = Windows(np.array([series]), np.array([first + HOURS]))  # whose context ends with that day
    cut = WindowCutter(
        backtest.panel,
        windows,
        network.sizes.context_length,
        network.sizes.horizon,
        center=network.settings.center,
    )
    gates = gates_during(network, lambda: network(cut(torch.tensor([0]))))
    rows = slice(first, first + HOURS)
    return GateDay(
        name=backtest.panel.ids[series],
        times=backtest.panel.times[rows] + EASTERN,
        signal=backtest.panel.target[rows],
        update=_last_day(gates.update),
        reset=_last_day(gates.reset),
    )


def _last_day(gate: torch.Tensor) -> Any:
    return gate[0, -HOURS:].numpy().astype(np.float64)


def _most_eventful_day(backtest: Backtest) -> tuple[int, int]:
    """Number of the series and row of the first hour, from midnight in New York, of the day with the largest range."""
    panel = backtest.panel
    hours = (panel.times + EASTERN).astype("datetime64[h]").astype(np.int64) % HOURS
    found: list[tuple[float, int, int]] = []
    for series in range(panel.num_series):
        end = int(panel.ends[series])
        for row in range(end - backtest.test_size, end - HOURS + 1):
            day = panel.target[row : row + HOURS]
            if hours[row] == 0 and not np.isnan(day).any():
                found.append((float(np.ptp(day)), series, row))
    _, series, row = max(found, key=lambda day: day[0])
    return series, row
