"""What a study found, as plain data: for the table, for `study.json`, and for the report."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from gatelet.study.bootstrap import Interval
from gatelet.study.runs import Costs, Run, Variant
from gatelet.training import Epoch


@dataclass(frozen=True)
class CellResult:
    """One variant's quality and costs, over all its seeds."""

    variant: Variant
    costs: Costs
    seconds_per_epoch: float  # mean over seeds
    seconds_to_best: float  # mean over seeds
    quality: dict[str, Interval]  # metric -> mean over seeds and series
    per_seed: dict[str, tuple[float, ...]]  # metric -> (K,)
    per_series: dict[str, tuple[float, ...]]  # metric -> (S,) mean over seeds
    curves: tuple[tuple[Epoch, ...], ...]  # (K) trainings


@dataclass(frozen=True)
class Difference:
    """The deciding metric of one cell minus that of another: below zero where the first is better."""

    first: str
    second: str
    interval: Interval


@dataclass(frozen=True)
class Study:
    """A comparison of cells under one budget, beside baselines, with what follows from it."""

    recommendation: str
    budget: str
    metric: str  # the one that decides
    seeds: int
    series: tuple[str, ...]
    horizon: int
    windows: int  # forecasts scored, for each cell and seed
    cells: tuple[CellResult, ...]
    baselines: dict[str, dict[str, float]]  # name -> metric -> value
    differences: tuple[Difference, ...]
    settings: dict[str, Any]
    machine: dict[str, str]
    runs: tuple[Run, ...] = field(repr=False, default=())  # with the models and forecasts; not part of the JSON

    def to_json(self) -> dict[str, Any]:
        """Everything but the runs as plain values for `json.dumps`; what is not defined is None."""
        found = {name: value for name, value in vars(self).items() if name != "runs"}
        found["cells"] = [asdict(cell) for cell in self.cells]
        found["differences"] = [asdict(difference) for difference in self.differences]
        plain: dict[str, Any] = _plain(found)
        return {"format": "gatelet-study", "version": 1, **plain}

    def rows(self) -> list[dict[str, Any]]:
        """One row for each cell and then each baseline, for a table; a baseline has no costs."""
        rows: list[dict[str, Any]] = []
        for cell in self.cells:
            interval = cell.quality[self.metric]
            rows.append(
                {
                    "model": cell.variant.name,
                    **{metric: value.estimate for metric, value in cell.quality.items()},
                    f"{self.metric}_low": interval.low,
                    f"{self.metric}_high": interval.high,
                    "hidden_size": cell.variant.hidden_size,
                    "parameters": cell.costs.parameters,
                    "flops_per_step": cell.costs.flops_per_step,
                    "flops_per_forecast": cell.costs.flops_per_forecast,
                    "seconds_per_epoch": cell.seconds_per_epoch,
                    "seconds_to_best": cell.seconds_to_best,
                    "step_us_median": cell.costs.step_latency.median,
                    "step_us_p99": cell.costs.step_latency.p99,
                    "peak_mb": cell.costs.peak_memory / 1e6,
                }
            )
        return rows + [{"model": name, **scores} for name, scores in self.baselines.items()]


def _plain(value: Any) -> Any:
    """JSON has no NaN and no tuples."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return value if abs(value) < float("inf") else None
    return value
