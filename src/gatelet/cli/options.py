"""The options of the commands, in groups; each group turns into the settings object that the library takes.

An option left alone is None and never reaches the library, whose own default then holds; the help repeats that default
(`show_default`), and a test compares the two.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gatelet.cli.panels import column, columns, files, forecast, network, training
from gatelet.cli.words import duration, names, numbers

if TYPE_CHECKING:
    from gatelet.features import Columns
    from gatelet.tasks.forecasting import Forecaster, NetworkSettings
    from gatelet.training import TrainingSettings

_folder = partial(files, "--out", "-o", metavar="FOLDER")
_file = partial(files, "--out", "-o", metavar="FILE")

DEFAULT_MODEL = Path("gatelet-model")

Data = Annotated[
    str,
    typer.Argument(help="A CSV or Parquet file in long format, or the name of a public set (gatelet data list)."),
]
Model = Annotated[
    Path, typer.Option("--model", "-m", help="Folder of the saved model.", rich_help_panel="Files", metavar="FOLDER")
]
Overwrite = Annotated[bool, files("--overwrite", help="Replace what is already there.")]
Json = Annotated[bool, typer.Option("--json", help="Write one JSON object to stdout, and all else to stderr.")]
Future = Annotated[
    str | None,
    typer.Option(
        "--future-data",
        help="A second file with the series, times and future-known covariates of the rows to forecast.",
        rich_help_panel="Files",
        metavar="FILE",
    ),
]

FutureData = Annotated[
    str | None,
    typer.Option(
        help="A second file with the future-known covariates of the rows to forecast.",
        rich_help_panel="Files",
        metavar="FILE",
    ),
]


class Cell(StrEnum):
    """The recurrent cells."""

    gru = "gru"
    lstm = "lstm"
    rnn = "rnn"


class Center(StrEnum):
    """What is subtracted from a window: the mean of its context, or its last value."""

    mean = "mean"
    last = "last"


class Distribution(StrEnum):
    """What the network predicts."""

    quantiles = "quantiles"
    student_t = "student_t"


class Precision(StrEnum):
    """Arithmetic of the training."""

    auto = "auto"
    full = "32"
    bf16 = "bf16"


class Logs(StrEnum):
    """How the course of the training is logged."""

    csv = "csv"
    tensorboard = "tensorboard"


CellOption = Annotated[
    Cell | None, typer.Option("--cell", help="Recurrent cell.", show_default="gru", rich_help_panel="Network")
]


@dataclass(frozen=True)
class ColumnOptions:
    """Which column plays which part."""

    id: Annotated[str | None, column(help="Which series a row belongs to.", show_default="unique_id")] = None
    time: Annotated[str | None, column(help="Timestamp or integer step.", show_default="ds")] = None
    target: Annotated[str | None, column(help="What is forecast.", show_default="y")] = None
    static: Annotated[str | None, columns(help="Covariates that never change within a series: a,b")] = None
    past: Annotated[str | None, columns(help="Covariates known only up to now: a,b")] = None
    future: Annotated[str | None, columns(help="Covariates known ahead, over the horizon too: a,b")] = None
    categorical: Annotated[str | None, columns(help="Covariates that are categories though numbers: a,b")] = None

    def settings(self) -> Columns:
        """The same as the library's Columns."""
        from gatelet.features import Columns

        texts = {part: getattr(self, part) for part in ("static", "past", "future", "categorical")}
        parts: dict[str, Any] = {part: names(text) for part, text in texts.items() if text is not None}
        return Columns(**parts, **given(id=self.id, time=self.time, target=self.target))


@dataclass(frozen=True)
class ForecastOptions:
    """What is forecast."""

    horizon: Annotated[int, forecast(min=1, help="Rows to forecast.")]
    context: Annotated[int | None, forecast(min=1, help="Rows the model looks back on.", show_default="3 seasons")] = (
        None
    )
    quantiles: Annotated[str | None, forecast(help="Quantile levels: 0.1,0.5,0.9", show_default="0.1 to 0.9")] = None
    distribution: Annotated[
        Distribution | None,
        forecast(help="student_t also gives a variance, for heavy tails.", show_default="quantiles"),
    ] = None
    frequency: Annotated[
        str | None, forecast(help="h, D, W, M, 15min, ..., or rows: one row, one step.", show_default="from the times")
    ] = None
    seasonality: Annotated[int | None, forecast(min=1, help="Rows per season.", show_default="from the frequency")] = (
        None
    )

    def forecaster(self, columns: ColumnOptions, network: NetworkSettings) -> Forecaster:
        """An unfitted Forecaster."""
        from gatelet.tasks.forecasting import Forecaster

        return Forecaster(
            self.horizon,
            columns=columns.settings(),
            network=network,
            **given(
                context_length=self.context,
                quantiles=None if self.quantiles is None else numbers(self.quantiles, "--quantiles"),
                distribution=self.distribution and self.distribution.value,
                frequency=self.frequency,
                seasonality=self.seasonality,
            ),
        )


@dataclass(frozen=True)
class NetworkOptions:
    """The size of the network, whatever its cell."""

    hidden_size: Annotated[int | None, network(min=1, help="Width of the state.", show_default="64")] = None
    layers: Annotated[int | None, network(min=1, help="Recurrent layers.", show_default="1")] = None
    segment_length: Annotated[int | None, network(min=1, help="Rows per recurrent step.", show_default="1")] = None
    dropout: Annotated[float | None, network(min=0.0, max=0.99, help="Dropout.", show_default="0.0")] = None
    series_embedding: Annotated[
        int | None, network(min=0, help="Size of a learned vector per series.", show_default="0")
    ] = None
    center: Annotated[Center | None, network(help="What a window is measured from.", show_default="mean")] = None

    def settings(self, cell: Cell | None = None) -> NetworkSettings:
        """The same as the library's NetworkSettings."""
        from gatelet.tasks.forecasting import NetworkSettings

        return NetworkSettings(
            **given(
                cell=cell and cell.value,
                hidden_size=self.hidden_size,
                num_layers=self.layers,
                segment_length=self.segment_length,
                dropout=self.dropout,
                series_embedding=self.series_embedding,
                center=self.center and self.center.value,
            )
        )


@dataclass(frozen=True)
class TrainingOptions:
    """How long and how carefully to train."""

    epochs: Annotated[int | None, training(min=1, help="At most so many epochs.", show_default="20")] = None
    steps_per_epoch: Annotated[
        int | None, training(min=1, help="Batches in an epoch.", show_default="all windows once")
    ] = None
    batch_size: Annotated[int | None, training(min=1, help="Windows per step.", show_default="64")] = None
    learning_rate: Annotated[float | None, training(help="Highest learning rate.", show_default="0.002")] = None
    patience: Annotated[int | None, training(min=1, help="Epochs without progress to stop.", show_default="5")] = None
    max_time: Annotated[
        str | None, training(help="Stop after 90s, 5m or 1.5h, best model kept.", metavar="TIME", show_default="none")
    ] = None
    seed: Annotated[int | None, training(min=0, help="Same seed, same model.", show_default="0")] = None
    precision: Annotated[Precision | None, training(help="Arithmetic.", show_default="auto")] = None

    def given(self) -> dict[str, Any]:
        """The fields of TrainingSettings that the user set."""
        return given(
            epochs=self.epochs,
            steps_per_epoch=self.steps_per_epoch,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            patience=self.patience,
            max_time=None if self.max_time is None else duration(self.max_time, "--max-time"),
            seed=self.seed,
            precision=self.precision and self.precision.value,
        )

    def settings(self, **more: Any) -> TrainingSettings:
        """The same as the library's TrainingSettings, with more fields where they are not None."""
        from gatelet.training import TrainingSettings

        return TrainingSettings(**self.given(), **given(**more))


@dataclass(frozen=True)
class Validation:
    """Which rows steer a training."""

    validation_size: Annotated[
        int | None,
        training(min=1, help="Rows before the test part that choose the best epoch.", show_default="a tenth"),
    ] = None


@dataclass(frozen=True)
class FitOptions:
    """How the rows of a training are used."""

    test_size: Annotated[
        int | None,
        training(min=1, help="Last rows of each series to leave out and score the model on.", show_default="none"),
    ] = None
    conformal: Annotated[bool, training("--conformal", help="Calibrate the quantiles on as many rows again.")] = False


FitDevice = Annotated[
    str | None,
    training(
        help="Check before training that the model fits a device as C: its core, and what flash and RAM it has.",
        metavar="DEVICE",
        show_default="cortex-m4:64k-flash:16k-ram, say",
    ),
]


@dataclass(frozen=True)
class KeptOptions:
    """What is kept of a training."""

    checkpoints: Annotated[
        Path | None,
        training(help="Keep checkpoints and logs here.", metavar="FOLDER", show_default="OUT.training, until saved"),
    ] = None
    resume: Annotated[bool, training("--resume", help="Go on from the last checkpoint.")] = False
    logs: Annotated[Logs | None, training(help="Log every epoch beside the checkpoints.", show_default="none")] = None

    def folder(self, out: Path) -> Path:
        """Where checkpoints go."""
        return self.checkpoints or out.with_name(f"{out.name}.training")


@dataclass(frozen=True)
class NewModel:
    """Where a model is saved."""

    out: Annotated[Path, _folder(help="Folder for the model.")] = DEFAULT_MODEL
    overwrite: Overwrite = False


@dataclass(frozen=True)
class UpdatedModel:
    """Where a model that was trained further is saved."""

    out: Annotated[Path | None, _folder(help="Folder for the updated model.", show_default="where the model was")] = (
        None
    )
    overwrite: Overwrite = False


@dataclass(frozen=True)
class PrunedModel:
    """Where a model that was pruned is saved."""

    out: Annotated[Path | None, _folder(help="Folder for the pruned model.", show_default="MODEL-pruned")] = None
    report: Annotated[
        Path | None,
        files("--report", help="A page (.html), a picture (.png), or a folder of both.", metavar="PATH"),
    ] = None
    overwrite: Overwrite = False


@dataclass(frozen=True)
class NewTable:
    """Where a table is written, besides the screen."""

    out: Annotated[Path | None, _file(help="Write all rows to this .csv or .parquet file.")] = None
    overwrite: Overwrite = False


@dataclass(frozen=True)
class Origins:
    """Which past moments to forecast from."""

    test_size: Annotated[
        int | None,
        forecast(
            min=1,
            help="Last rows of each series to test on.",
            show_default="the rows that fit left out, or one horizon",
        ),
    ] = None
    step: Annotated[int | None, forecast(min=1, help="Rows between two forecasts.", show_default="the horizon")] = None


def given(**values: Any) -> dict[str, Any]:
    """Only the values that the user gave."""
    return {name: value for name, value in values.items() if value is not None}
