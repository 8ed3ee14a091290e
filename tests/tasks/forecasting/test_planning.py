"""The plan of a forecaster forecasts what the forecaster does, from every row of a series."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from gatelet.deploy.budget import Asked, Verdict, parse_device
from gatelet.errors import GateletError
from gatelet.features import Columns, read_panel
from gatelet.features.windows import Windows
from gatelet.plan import Plan, interpret, load_plan
from gatelet.stream import Session
from gatelet.tasks.forecasting import Forecaster, NetworkSettings
from gatelet.training import TrainingSettings

HORIZON, CONTEXT = 4, 6
SETTINGS: list[dict[str, Any]] = [
    {"cell": "gru"},
    {"cell": "lstm", "num_layers": 2, "segment_length": 3, "center": "last"},
    {"cell": "rnn", "highway": False, "series_embedding": 2, "segment_length": 2},
]
COVARIATES = Columns(past=("load", "kind"), future=("wind", "holiday"), static=("size", "sort"))


def table(rows: int = 60) -> pl.DataFrame:
    rng = np.random.default_rng(0)
    parts = []
    for number in range(2):
        y = 100 + 10 * number + np.cumsum(rng.standard_normal(rows))
        y[rng.choice(rows - 1, 6, replace=False)] = np.nan
        parts.append(
            pl.DataFrame(
                {
                    "unique_id": f"s{number}",
                    "ds": np.datetime64("2024-01-01", "us") + np.arange(rows) * np.timedelta64(3600, "s"),
                    "y": y,
                    "load": np.where(rng.random(rows) < 0.2, np.nan, 5 + rng.standard_normal(rows)),
                    "kind": rng.choice(["a", "b"], rows),
                    "wind": 3 * rng.standard_normal(rows),
                    "holiday": rng.choice(["yes", "no"], rows),
                    "size": 2.0 + number,
                    "sort": "up" if number else "down",
                }
            )
        )
    return pl.concat(parts).with_columns(pl.col("y", "load").fill_nan(None))


def frames(forecaster: Forecaster, data: pl.DataFrame, plan: Plan, series: int) -> list[dict[str, Any]]:
    """What a stream would be given: a row after the other, in the units of the table."""
    schema, names = forecaster.schema, {value.name for value in plan.inputs}
    panel = read_panel(data, schema)
    rows = panel.series(series)

    def raw(features: Any, covariates: tuple[str, ...]) -> Any:
        columns = []
        for name in covariates:
            size = len(schema.expanded((name,)))
            own = (0.0, 1.0) if name in schema.categories else (schema.mean[name], schema.std[name])
            columns += [own] * size
        mean, std = np.array(columns, float).reshape(-1, 2).T
        return features.astype(np.float64) * std + mean

    past, known = raw(panel.past[rows], schema.columns.past), raw(panel.future[rows], schema.columns.future)
    calendar, found = panel.calendar[rows], []
    for row in range(len(past) - HORIZON):
        ahead = slice(row + 1, row + 1 + HORIZON)
        frame = {
            "target": panel.target[rows][row],
            "past": past[row],
            "known": known[row],
            "ahead": known[ahead],
            "calendar": calendar[row],
            "calendar_ahead": calendar[ahead],
            "static": panel.static[series],
            "series": series + 1,
        }
        found.append({name: value for name, value in frame.items() if name in names})
    return found


def check(forecaster: Forecaster, data: pl.DataFrame) -> None:
    fitted, plan = forecaster._need_fitted(), forecaster.plan()
    panel = read_panel(data, fitted.schema)
    for series in range(panel.num_series):
        given = frames(forecaster, data, plan, series)
        found = interpret.whole(plan, given)["forecast"]
        session = Session(plan)
        np.testing.assert_allclose([session.push(frame) for frame in given], found, rtol=2e-5)
        begin = int(panel.offsets[series])
        origins = begin + 1 + np.arange(len(found))
        observed = np.cumsum(~np.isnan(panel.target[panel.series(series)]))[: len(found)] > 0
        expected, _ = fitted.forward(panel, Windows(np.full(len(origins), series), origins))
        np.testing.assert_allclose(found[observed], expected[observed], rtol=2e-5)
    assert plan.outputs[0].shape == (HORIZON, len(forecaster.levels)) and plan.streamed


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
@pytest.mark.parametrize("columns", [Columns(), COVARIATES], ids=["plain", "covariates"])
def test_parity(settings: dict[str, Any], columns: Columns, quick: TrainingSettings) -> None:
    network = NetworkSettings(hidden_size=5, **settings)
    forecaster = Forecaster(HORIZON, context_length=CONTEXT, columns=columns, network=network)
    forecaster.fit(table(), training=quick, test_size=8)
    check(forecaster, table())


def test_student_t_and_conformal_offsets(quick: TrainingSettings) -> None:
    for distribution in ("student_t", "quantiles"):
        forecaster = Forecaster(
            HORIZON, context_length=CONTEXT, distribution=distribution, network=NetworkSettings(hidden_size=5)
        )
        forecaster.fit(table(), training=quick, test_size=8, conformal=True)
        check(forecaster, table())


def test_the_folder_holds_the_plan(
    fitted: tuple[Forecaster, pl.DataFrame], new: Callable[..., Forecaster], tmp_path: Path
) -> None:
    forecaster, _ = fitted
    folder = forecaster.save(tmp_path / "model")
    plan = load_plan(folder)
    assert isinstance(plan, Plan) and plan.digest == forecaster.plan().digest
    assert plan.features["horizon"] == forecaster.horizon and plan.outputs[0].unit == "y"
    # nearly all weights are read from the file of the model, and not stored a second time
    assert (folder / "plan.safetensors").stat().st_size < (folder / "model.safetensors").stat().st_size / 2
    # a folder of an older gatelet has no plan, and is read as before
    for file in ("plan.json", "plan.safetensors"):
        (folder / file).unlink()
    assert Forecaster.load(folder).plan().digest == plan.digest
    assert forecaster.save(folder, overwrite=True) == folder and (folder / "plan.json").is_file()


def test_a_device_is_checked_before_training() -> None:
    told: list[Verdict] = []
    forecaster = Forecaster(HORIZON, context_length=CONTEXT, network=NetworkSettings(hidden_size=8))
    forecaster.fit(
        table(),
        training=TrainingSettings(epochs=1, steps_per_epoch=1),
        device=Asked(parse_device("cortex-m4:64k-flash:16k-ram"), told.append),
    )
    assert told[0].fits and told[0].floats.macs == forecaster.plan().macs
    with pytest.raises(GateletError, match="the largest that fits is"):
        Forecaster(HORIZON, context_length=CONTEXT).fit(table(), device="cortex-m4:20k-flash")
    with pytest.raises(GateletError, match="must begin with one of"):
        Forecaster(HORIZON).fit(table(), device="abacus")
