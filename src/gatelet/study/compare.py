"""Which cell for these data: each trained under one budget, with several seeds, and tested on the same rows."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

from gatelet.errors import GateletError
from gatelet.features import read_table
from gatelet.progress import Report, WorkDone, bars, silent
from gatelet.study.budgets import check_budget
from gatelet.study.results import Study
from gatelet.study.runs import Run, Split, Variant, like, match_network, run
from gatelet.study.summary import summarize
from gatelet.study.words import SPOKEN
from gatelet.tasks.forecasting import Forecaster
from gatelet.tasks.forecasting.network import CELLS
from gatelet.training import TrainingSettings

DECIDING = tuple(metric for metric in SPOKEN if metric != "coverage")


def compare_forecast(
    data: Any,
    forecaster: Forecaster,
    *,
    cells: Sequence[str] = ("gru", "lstm", "rnn"),
    seeds: int = 3,
    budget: str = "params",
    metric: str = "mase",
    training: TrainingSettings | None = None,
    split: Split | None = None,
    progress: bool | Report = False,
) -> Study:
    """Train each cell under the same budget with several seeds, and compare their forecasts of the same held-out rows.

    The reference is a GRU with the hidden size of `forecaster.network`; every other cell gets the hidden size at which
    it costs the same.

    Args:
        data: path of a CSV or Parquet file, or a dataframe.
        forecaster: unfitted; horizon, columns and network of all models.
        cells: among "gru", "lstm" and "rnn".
        seeds: trainings of each cell, with the seeds from `training.seed` on.
        budget: what all cells share: "params" (of the network), "flops" (per time step) or "hidden" (the hidden size).
        metric: the error that decides, such as "mase" or "wql"; lower is better.
        training: how to train.
        split: rows held out; by default the test part is one horizon, as in `Forecaster.backtest`.
        progress: draw bars on stderr, or call this after every batch.

    Raises:
        GateletError: a setting is outside its range, or the data cannot be used.
        KeyboardInterrupt: the user stopped it; there is no half study.
    """
    check_budget(budget)
    _check(cells, seeds, metric)
    training = training or TrainingSettings()
    split = split or Split(test_size=forecaster.horizon)
    table = read_table(data)
    shown = bars() if progress is True else nullcontext(progress or silent)
    with shown as report:
        report(WorkDone("sizing the cells", 0.0))
        reference = _reference(table, forecaster, training, split)
        report(WorkDone("sizing the cells", 1.0))
        groups: list[list[Run]] = []
        for cell in cells:
            match = match_network(reference, cell, budget)
            variant = Variant(f"{cell.upper()} {match.hidden_size}", cell, match.hidden_size, match.mismatch)
            trainings = [replace(training, seed=training.seed + number) for number in range(seeds)]
            groups.append([run(table, forecaster, variant, each, split, report) for each in trainings])
        report(WorkDone("weighing the results", 0.0))
        study = summarize(groups, budget=budget, metric=metric, split=split)
        report(WorkDone("weighing the results", 1.0))
    return study


def _check(cells: Sequence[str], seeds: int, metric: str) -> None:
    if not cells or len(set(cells)) != len(cells) or not set(cells) <= set(CELLS):
        raise GateletError(f"cells must be different ones of {', '.join(CELLS)}; got {', '.join(cells) or 'none'}.")
    if seeds < 1:
        raise GateletError(f"seeds must be at least 1; got {seeds}.")
    if metric not in DECIDING:
        raise GateletError(f"metric must be one of {', '.join(DECIDING)}; got {metric}.")


def _reference(data: Any, template: Forecaster, training: TrainingSettings, split: Split) -> Forecaster:
    """The reference for these data after a single step of training: only its shapes matter."""
    one_step = replace(training, epochs=1, steps_per_epoch=1, logs=None, max_time=None)
    return like(template, cell="gru").fit(
        data, training=one_step, test_size=split.test_size, validation_size=split.validation_size
    )
