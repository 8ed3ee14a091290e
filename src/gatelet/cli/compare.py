"""``gatelet compare``: which cell for these data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gatelet.cli import options as opt
from gatelet.cli.grouping import grouped
from gatelet.cli.output import cell, print_json, say, show_scores
from gatelet.cli.source import open_data
from gatelet.cli.words import names

if TYPE_CHECKING:
    from gatelet.study.results import Study


# What the table of costs shows of a study's rows, and how it is headed; study.json has all.
COSTS = {
    "model": "model",
    "hidden_size": "hidden",
    "parameters": "parameters",
    "flops_per_step": "FLOPs/step",
    "seconds_per_epoch": "s/epoch",
    "seconds_to_best": "s to best",
    "step_us_median": "us/step",
    "peak_mb": "peak MB",
}


class Budget(StrEnum):
    """What all cells share."""

    params = "params"
    hidden = "hidden"
    flops = "flops"


class Metric(StrEnum):
    """The errors that may decide."""

    mase = "mase"
    mae = "mae"
    rmse = "rmse"
    smape = "smape"
    wql = "wql"
    qlike = "qlike"


@dataclass(frozen=True)
class Contest:
    """Who is compared, and by what."""

    cells: Annotated[str, typer.Option(help="Cells to train: gru,lstm,rnn", rich_help_panel="Comparison")] = (
        "gru,lstm,rnn"
    )
    seeds: Annotated[int, typer.Option(min=1, help="Trainings of each cell.", rich_help_panel="Comparison")] = 3
    budget: Annotated[Budget, typer.Option(help="What all cells have the same of.", rich_help_panel="Comparison")] = (
        Budget.params
    )
    metric: Annotated[Metric, typer.Option(help="The error that decides.", rich_help_panel="Comparison")] = Metric.mase


@dataclass(frozen=True)
class NewStudy:
    """Where a study is written."""

    out: Annotated[
        Path, typer.Option("--out", "-o", help="Folder for the study.", rich_help_panel="Files", metavar="FOLDER")
    ] = Path("gatelet-study")
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an earlier study there.", rich_help_panel="Files")
    ] = False
    unit: Annotated[
        str, typer.Option(help="Unit of the target, for the report.", rich_help_panel="Files", show_default=False)
    ] = "the unit of the data"


@grouped
def forecast(
    data: opt.Data,
    forecast: opt.ForecastOptions,
    contest: Contest,
    columns: opt.ColumnOptions,
    network: opt.NetworkOptions,
    training: opt.TrainingOptions,
    validation: opt.Validation,
    origins: opt.Origins,
    new: NewStudy,
    json: opt.Json = False,
) -> None:
    """Train each cell under the same budget with several seeds, and say which to take for DATA.

    The reference is a GRU of --hidden-size; every other cell gets the width at which it costs the same. All are tested
    on the same last rows. Writes study.json, report.html and pictures.

    **Examples**

    ```
    gatelet compare forecast sales.csv --horizon 28 --cells gru,lstm,rnn --seeds 3 --budget params
    gatelet compare forecast nyc_weather --horizon 24 --test-size 1344 --step 24 --budget flops --out weather
    ```
    """
    from gatelet.study.compare import compare_forecast
    from gatelet.study.runs import Split
    from gatelet.study.writing import check_study_folder, write_study

    check_study_folder(new.out, overwrite=new.overwrite)
    study = compare_forecast(
        open_data(data),
        forecast.forecaster(columns, network.settings()),
        cells=names(contest.cells),
        seeds=contest.seeds,
        budget=contest.budget.value,
        metric=contest.metric.value,
        training=training.settings(),
        split=Split(origins.test_size or forecast.horizon, validation.validation_size, origins.step),
        progress=True,
    )
    write_study(study, new.out, overwrite=new.overwrite, unit=new.unit)
    if json:
        print_json({"out": new.out, **study.to_json()})
    else:
        show_study(study)
    say(f"The report is {new.out / 'report.html'}.")


def show_study(study: Study) -> None:
    """Quality of all, the main costs of the cells, and the sentence that follows."""
    from gatelet.study.words import MEASURES

    quality, costs = [], []
    low, high = f"{study.metric}_low", f"{study.metric}_high"
    for row in study.rows():
        scores = {name: row[name] for name in ("model", *MEASURES) if name in row}
        interval = f"{cell(row[low])} to {cell(row[high])}" if low in row else None
        quality.append(scores | {f"{study.metric} 95%": interval})
        if low in row:
            costs.append({heading: row[name] for name, heading in COSTS.items()})
    seeds = "" if study.seeds == 1 else f", mean of {study.seeds} trainings"
    show_scores(f"Quality: {study.windows:,} forecasts of {len(study.series):,} series{seeds}", quality)
    typer.echo("")
    show_scores("Costs", costs)
    typer.echo(f"\n{study.recommendation}")
