"""Small real trainings that several tests look at."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from gatelet.features import Columns
from gatelet.progress import WorkDone
from gatelet.study.compare import compare_forecast
from gatelet.study.results import Study
from gatelet.study.runs import Split
from gatelet.tasks.forecasting import Forecaster, NetworkSettings
from gatelet.training import TrainingSettings

QUICK = TrainingSettings(epochs=2, steps_per_epoch=4, batch_size=16, learning_rate=1e-2)
SPLIT = Split(test_size=18, validation_size=12, step=6)


@pytest.fixture(scope="session")
def waves() -> pl.DataFrame:
    """Five noisy waves of season 6, 120 rows each, with a gap."""
    random = np.random.default_rng(0)
    steps = np.arange(120)
    frames = []
    for number in range(5):
        values = 10 + number + 3 * np.sin((steps + number) / 6 * 2 * np.pi) + random.normal(0, 0.3, len(steps))
        values[40:43] = np.nan
        frames.append(pl.DataFrame({"unique_id": f"s{number}", "ds": steps, "y": values, "push": values[::-1]}))
    return pl.concat(frames).with_columns(pl.col("y").fill_nan(None))


@pytest.fixture(scope="session")
def template() -> Forecaster:
    """An unfitted forecaster for the waves."""
    return Forecaster(
        6, context_length=12, columns=Columns(past=("push",)), network=NetworkSettings(hidden_size=9), seasonality=6
    )


@pytest.fixture(scope="session")
def told() -> list[WorkDone]:
    """What the study told while it ran."""
    return []


@pytest.fixture(scope="session")
def study(waves: pl.DataFrame, template: Forecaster, told: list[WorkDone]) -> Study:
    """A GRU and an LSTM of as many parameters, two seeds each."""
    return compare_forecast(
        waves, template, cells=("gru", "lstm"), seeds=2, training=QUICK, split=SPLIT, progress=told.append
    )


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A folder that does not exist yet."""
    return tmp_path / "study"
