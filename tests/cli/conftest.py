"""A small table of daily series, and `gatelet` called in this process as a user would call it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
import pytest

from gatelet.cli import main


class Said(NamedTuple):
    code: int
    out: str
    err: str


Gatelet = Callable[..., Said]


@pytest.fixture
def gatelet(capsys: pytest.CaptureFixture[str]) -> Gatelet:
    def call(*arguments: object) -> Said:
        with pytest.raises(SystemExit) as left:
            main([str(argument) for argument in arguments])
        code = left.value.code
        assert isinstance(code, int)
        return Said(code, *capsys.readouterr())

    return call


def sales(days: int = 120) -> pl.DataFrame:
    """Two daily series with a weekly season, a past and a future covariate."""
    rng = np.random.default_rng(0)
    step = np.arange(days)
    return pl.concat(
        pl.DataFrame(
            {
                "unique_id": [name] * days,
                "ds": [datetime(2024, 1, 1) + timedelta(days=int(day)) for day in step],
                "y": level + 5 * np.sin(2 * np.pi * step / 7) + rng.normal(size=days),
                "price": rng.normal(size=days),
                "open": (step % 7 != 0).astype(int),
            }
        )
        for name, level in (("north", 20.0), ("south", 400.0))
    )


@pytest.fixture(scope="session")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "sales.csv"
    sales().write_csv(path)
    return path


@pytest.fixture(scope="session")
def model(table: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small forecaster with a past and a future covariate, trained by the command line."""
    out = tmp_path_factory.mktemp("models") / "model"
    with pytest.raises(SystemExit) as left:
        main(["fit", "forecast", str(table), "--past", "price", "--future", "open", "--out", str(out), *QUICK])
    assert left.value.code == 0
    return out


QUICK = ["--horizon", "7", "--epochs", "2", "--steps-per-epoch", "4", "--hidden-size", "8", "--test-size", "14"]
