"""Small tables, small networks and one fitted forecaster that the tests of tasks share."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from gatelet.features import Columns, Panel, fit_schema, read_panel
from gatelet.tasks.forecasting import Forecaster, NetworkSettings
from gatelet.training import TrainingSettings

SEASON = 8


@pytest.fixture(scope="session")
def quick() -> TrainingSettings:
    """A training of a fraction of a second."""
    return TrainingSettings(epochs=2, steps_per_epoch=4, batch_size=16)


@pytest.fixture(scope="session")
def tiny() -> NetworkSettings:
    """A network of a few hundred weights."""
    return NetworkSettings(hidden_size=6)


@pytest.fixture(scope="session")
def seasonal() -> Callable[..., pl.DataFrame]:
    """Makes series of one noisy season of 8 rows, each with its level and size, at integer times."""

    def make(rows: tuple[int, ...] = (90, 70), noise: float = 0.1, seed: int = 0) -> pl.DataFrame:
        generator = np.random.default_rng(seed)
        tables = []
        for number, length in enumerate(rows):
            wave = np.sin(np.arange(length) * 2 * np.pi / SEASON) + noise * generator.normal(size=length)
            tables.append(
                pl.DataFrame(
                    {"unique_id": f"s{number}", "ds": np.arange(length), "y": 10 * number + (1 + number) * wave}
                )
            )
        return pl.concat(tables)

    return make


@pytest.fixture(scope="session")
def panel_of() -> Callable[..., Panel]:
    """Makes a panel of one series per sequence of targets, None or NaN where missing; times 0, 1, 2, ..."""

    def make(*series: Any, seasonality: int = 1) -> Panel:
        frame = pl.concat(
            pl.DataFrame({"unique_id": f"s{number}", "ds": range(len(values)), "y": np.array(values, float)})
            for number, values in enumerate(series)
        ).with_columns(pl.col("y").fill_nan(None))
        return read_panel(frame, fit_schema(frame, Columns(), frequency="1", seasonality=seasonality))

    return make


@pytest.fixture(scope="session")
def fitted(
    seasonal: Callable[..., pl.DataFrame], quick: TrainingSettings, tiny: NetworkSettings
) -> tuple[Forecaster, pl.DataFrame]:
    """A forecaster with conformal offsets and its table; not to be changed."""
    table = seasonal()
    forecaster = Forecaster(4, context_length=16, network=tiny, seasonality=SEASON)
    return forecaster.fit(table, training=quick, test_size=8, conformal=True), table


@pytest.fixture(scope="session")
def new(tiny: NetworkSettings) -> Callable[..., Forecaster]:
    """Makes forecasters of four steps from sixteen."""

    def make(**options: Any) -> Forecaster:
        wanted: dict[str, Any] = {"context_length": 16, "network": tiny, "seasonality": SEASON}
        return Forecaster(4, **(wanted | options))

    return make


@pytest.fixture(scope="session")
def forge() -> Callable[..., None]:
    """Changes one entry of a saved description: `forge(folder, *keys, value=...)`."""

    def change(path: Path, *keys: str, value: Any) -> None:
        config = json.loads((path / "config.json").read_text(encoding="utf-8"))
        entry = config
        for key in keys[:-1]:
            entry = entry[key]
        entry[keys[-1]] = value
        (path / "config.json").write_text(json.dumps(config), encoding="utf-8")

    return change
