"""A saved forecaster."""

import shutil
from pathlib import Path

import polars as pl
import pytest

from gatelet.tasks.forecasting import Forecaster

Fitted = tuple[Forecaster, pl.DataFrame]


@pytest.fixture(scope="module")
def saved(fitted: Fitted, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A saved model; not to be changed."""
    return fitted[0].save(tmp_path_factory.mktemp("saved") / "model")


@pytest.fixture
def model(saved: Path, tmp_path: Path) -> Path:
    """A saved model to be spoiled."""
    return Path(shutil.copytree(saved, tmp_path / "model"))
