"""From trained and tested cells to a study: means with intervals, costs, and the sentence that follows."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

import gatelet
from gatelet.errors import DataError
from gatelet.study.bootstrap import Interval, Resampled, resample
from gatelet.study.recommend import Candidate, Evidence, recommend
from gatelet.study.results import CellResult, Difference, Study
from gatelet.study.runs import Costs, Run, Split, costs
from gatelet.study.words import SPOKEN
from gatelet.tasks.forecasting import Backtest, Scores
from gatelet.tasks.forecasting.results import MODEL

Floats = NDArray[np.float64]


def summarize(groups: Sequence[Sequence[Run]], *, budget: str, metric: str, split: Split) -> Study:
    """Put the runs of C variants together.

    Args:
        groups: C groups of K runs each, the same seeds in the same order.
        budget: what the variants have in common.
        metric: the one that decides.
        split: what was held out.

    Raises:
        DataError: no series has the deciding metric.
    """
    scores = [[run.backtest.scores() for run in group] for group in groups]
    first, overall = groups[0][0], scores[0][0].overall
    resampled = {name: _resampled(scores, first.backtest, name) for name in overall[MODEL]}
    if metric not in resampled or not np.isfinite(resampled[metric].estimates).all():
        raise DataError(
            f"{SPOKEN.get(metric, metric)} must be defined for at least one series to compare cells by it; it is not."
        )
    cells = tuple(_cell(place, group, scores[place], resampled) for place, group in enumerate(groups))
    evidence = Evidence(
        resampled=resampled[metric],
        baselines=_baselines(scores, metric),
        metric=SPOKEN[metric],
        seeds=len(groups[0]),
        series=int(np.isfinite(_errors(scores, metric)).all(axis=(0, 1)).sum()),
    )
    pairs = [(a, b) for a in range(len(cells)) for b in range(a + 1, len(cells))]
    return Study(
        recommendation=recommend([Candidate(cell.variant.name, _spoken_costs(cell)) for cell in cells], evidence),
        budget=budget,
        metric=metric,
        seeds=evidence.seeds,
        series=scores[0][0].ids,
        horizon=first.forecaster.horizon,
        windows=scores[0][0].windows,
        cells=cells,
        baselines={name: values for name, values in overall.items() if name != MODEL},
        differences=tuple(
            Difference(cells[a].variant.name, cells[b].variant.name, resampled[metric].difference(a, b))
            for a, b in pairs
        ),
        settings=_settings(first, split),
        machine=_machine(),
        runs=tuple(run for group in groups for run in group),
    )


def _cell(position: int, group: Sequence[Run], scores: Sequence[Scores], resampled: dict[str, Resampled]) -> CellResult:
    histories = [run.forecaster.history for run in group]
    return CellResult(
        variant=group[0].variant,
        costs=_costs(group),
        seconds_per_epoch=float(np.mean([h.epochs[-1].seconds / len(h.epochs) for h in histories])),
        seconds_to_best=float(np.mean([h.best.seconds for h in histories])),
        quality={name: _interval(name, draws, position) for name, draws in resampled.items()},
        per_seed={name: tuple(score.overall[MODEL][name] for score in scores) for name in resampled},
        per_series={
            name: tuple(float(v) for v in np.mean([score.per_series[MODEL][name] for score in scores], axis=0))
            for name in resampled
        },
        curves=tuple(history.epochs for history in histories),
    )


def _costs(group: Sequence[Run]) -> Costs:
    forecaster = group[0].forecaster
    return costs(forecaster.module, forecaster.training.batch_size)


def _baselines(scores: Sequence[Sequence[Scores]], metric: str) -> tuple[str, ...]:
    """The baselines that have the metric."""
    return tuple(name for name, of in scores[0][0].per_series.items() if name != MODEL and metric in of)


def _errors(scores: Sequence[Sequence[Scores]], metric: str) -> Floats:
    """(C + baselines, K, S) of the cells and then of the baselines, which have no seed."""
    cells = [[score.per_series[MODEL][metric] for score in group] for group in scores]
    first = scores[0][0].per_series
    return np.array(cells + [[first[name][metric]] * len(scores[0]) for name in _baselines(scores, metric)])


def _resampled(scores: Sequence[Sequence[Scores]], backtest: Backtest, metric: str) -> Resampled:
    """The bootstrap of one metric, weighted so that the estimate is the metric over all series.

    MASE is a mean over series. The other metrics are means over values, and wQL is a sum of losses over the sum of |y|.
    RMSE is averaged as its square.
    """
    errors = _errors(scores, metric)
    if not np.isfinite(errors).all(axis=(0, 1)).any():
        nothing = np.full(len(errors), np.nan)
        return Resampled(nothing, nothing[None], 0.95)
    observed = [backtest.actual[backtest.series == number] for number in np.unique(backtest.series)]
    if metric == "mase":
        weights = None
    elif metric == "wql":
        weights = np.array([np.nansum(np.abs(y)) for y in observed])
    else:
        weights = np.array([float(np.isfinite(y).sum()) for y in observed])
    return resample(errors**2 if metric == "rmse" else errors, weights=weights)


def _interval(metric: str, resampled: Resampled, cell: int) -> Interval:
    interval = resampled.mean(cell)
    if metric != "rmse":
        return interval
    return Interval(*(float(np.sqrt(value)) for value in (interval.estimate, interval.low, interval.high)))


def _spoken_costs(cell: CellResult) -> dict[str, float]:
    return {
        "FLOPs per step": cell.costs.flops_per_step,
        "parameters": cell.costs.parameters,
        "seconds of training per epoch": cell.seconds_per_epoch,
    }


def _settings(run: Run, split: Split) -> dict[str, Any]:
    forecaster = run.forecaster
    frequency = forecaster.schema.frequency
    return {
        "context_length": forecaster.context_length,
        "levels": list(forecaster.levels),
        "distribution": forecaster.distribution,
        "seasonality": frequency.seasonality,
        "columns": asdict(forecaster.columns),
        "network": {k: v for k, v in asdict(forecaster.network).items() if k not in ("cell", "hidden_size")},
        "training": {k: v for k, v in asdict(forecaster.training).items() if k != "seed"},
        "split": asdict(split),
    }


def _machine() -> dict[str, str]:
    return {
        "gatelet": gatelet.__version__,
        "processor": platform.processor() or platform.machine(),
        "system": platform.system(),
        "cores": str(os.cpu_count()),
        "threads": str(torch.get_num_threads()),
        "python": platform.python_version(),
        "torch": torch.__version__,
    }
