"""The verbs of forecasting: fit, predict, evaluate, backtest, update."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from gatelet.cli import options as opt
from gatelet.cli.fitting import asked, check_place, finish, report, train
from gatelet.cli.grouping import grouped
from gatelet.cli.model import load_model
from gatelet.cli.output import check_table_file, print_json, say, show_frame, show_scores, write_table
from gatelet.cli.source import open_data

if TYPE_CHECKING:
    import polars as pl

    from gatelet.tasks.forecasting import Forecaster, Scores


@grouped
def fit(
    data: opt.Data,
    forecast: opt.ForecastOptions,
    columns: opt.ColumnOptions,
    network: opt.NetworkOptions,
    training: opt.TrainingOptions,
    validation: opt.Validation,
    fitting: opt.FitOptions,
    kept: opt.KeptOptions,
    new: opt.NewModel,
    cell: opt.CellOption = None,
    fit_device: opt.FitDevice = None,
    json: opt.Json = False,
) -> None:
    """Train a forecaster on DATA and save it as a folder.

    DATA has one row per series and time, in the columns unique_id, ds and y unless you name others. Missing values and
    missing rows are fine, and a file with one series needs no id column.

    **Examples**

    ```
    gatelet fit forecast sales.csv --horizon 28
    gatelet fit forecast load.parquet --horizon 24 --id site --time hour --target kw --past wind --future holiday
    ```
    """
    check_place(new.out, new.overwrite)
    device = asked(fit_device)
    frame = open_data(data)
    model = forecast.forecaster(columns, network.settings(cell))
    train(model, frame, training, kept, new, device=device, **vars(validation), **vars(fitting))
    scores = model.evaluate(frame) if fitting.test_size else None
    tested = {} if scores is None or not json else {"test": scores.to_json()}
    if scores is not None and not json:
        _show(scores)
    finish(model, kept, new, json, **tested)


@grouped
def update(
    data: opt.Data,
    training: opt.TrainingOptions,
    new: opt.UpdatedModel,
    model: opt.Model = opt.DEFAULT_MODEL,
    json: opt.Json = False,
) -> None:
    """Go on training a saved forecaster on newer DATA; its scalers and columns stay as they were.

    Without training options it takes a quarter of the former epochs at a quarter of the former learning rate; with any,
    the others stay as they were.

    **Examples**

    ```
    gatelet update forecast this-week.csv --model gatelet-model --out newer-model
    gatelet update forecast this-week.csv --model gatelet-model --overwrite
    ```
    """
    target = new.out or model
    check_place(target, new.overwrite)
    forecaster = _load(model)
    changes = training.given()
    settings = replace(forecaster.training, **changes) if changes else None
    forecaster.update(open_data(data), training=settings, progress=True)
    forecaster.save(target, overwrite=new.overwrite)
    report(forecaster, target, json)


@grouped
def predict(
    data: opt.Data,
    new: opt.NewTable,
    model: opt.Model = opt.DEFAULT_MODEL,
    future_data: opt.FutureData = None,
    json: opt.Json = False,
) -> None:
    """Forecast what follows each series of DATA, with a saved forecaster.

    **Examples**

    ```
    gatelet predict forecast sales.csv --model gatelet-model
    gatelet predict forecast load.parquet --future-data holidays.csv --out forecast.csv
    ```
    """
    check_table_file(new.out, new.overwrite)
    future = None if future_data is None else open_data(future_data)
    forecast = _load(model).predict(open_data(data), future=future)
    show_frame("Forecast", forecast.frame("polars"), new.out, json)


@grouped
def evaluate(
    data: opt.Data,
    origins: opt.Origins,
    new: opt.NewTable,
    model: opt.Model = opt.DEFAULT_MODEL,
    json: opt.Json = False,
) -> None:
    """Score a saved forecaster on the last rows of DATA, beside simple baselines.

    --out writes the scores of every single series.

    **Example**

    ```
    gatelet evaluate forecast sales.csv --model gatelet-model --test-size 56 --step 7
    ```
    """
    check_table_file(new.out, new.overwrite)
    scores = _load(model).evaluate(open_data(data), test_size=origins.test_size, step=origins.step)
    if new.out is not None:
        write_table(_every_series(scores), new.out)
        say(f"Wrote the scores of {len(scores.ids):,} series to {new.out}.")
    if json:
        print_json(scores.to_json())
    else:
        _show(scores)


@grouped
def backtest(
    data: opt.Data,
    origins: opt.Origins,
    new: opt.NewTable,
    model: opt.Model = opt.DEFAULT_MODEL,
    json: opt.Json = False,
) -> None:
    """Forecast the last rows of DATA from rolling origins, each time knowing only what came before.

    **Example**

    ```
    gatelet backtest forecast sales.csv --test-size 56 --step 7 --out backtest.parquet
    ```
    """
    check_table_file(new.out, new.overwrite)
    done = _load(model).backtest(open_data(data), test_size=origins.test_size, step=origins.step)
    show_frame("Backtest", done.frame("polars"), new.out, json, scores=done.scores().overall)


def _show(scores: Scores) -> None:
    show_scores(f"{scores.windows:,} forecasts of {len(scores.ids):,} series", scores.rows())


def _every_series(scores: Scores) -> pl.DataFrame:
    """Long frame: one row per series and method."""
    import polars as pl

    parts = [
        pl.DataFrame({"series": scores.ids, "method": [method] * len(scores.ids), **columns})
        for method, columns in scores.per_series.items()
    ]
    return pl.concat(parts, how="diagonal")


def _load(model: Path) -> Forecaster:
    from gatelet.tasks.forecasting import Forecaster

    return load_model(model, Forecaster)
