"""Saved forecasters: back bit for bit, and never over somebody's files."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import gatelet
from gatelet.errors import GateletError, ModelError
from gatelet.features import Columns
from gatelet.tasks.forecasting import Forecaster, NetworkSettings
from gatelet.training import TrainingSettings

Fitted = tuple[Forecaster, pl.DataFrame]


def config_of(model: Path) -> dict[str, Any]:
    config: dict[str, Any] = json.loads((model / "config.json").read_text())
    return config


CONFIGURATIONS: dict[str, dict[str, Any]] = {
    "gru": {},
    "lstm": {"network": NetworkSettings(cell="lstm", hidden_size=5, num_layers=2, dropout=0.1, segment_length=3)},
    "rnn": {"network": NetworkSettings(cell="rnn", hidden_size=4, highway=False, center="last", series_embedding=2)},
    "student_t": {"distribution": "student_t", "quantiles": (0.05, 0.95)},
    "rows": {"frequency": "rows", "seasonality": 5},
    "covariates": {"columns": Columns(static=("kind",), past=("wind",), future=("price",))},
}


@pytest.mark.parametrize("name", list(CONFIGURATIONS))
def test_a_saved_forecaster_comes_back_bit_for_bit(
    name: str, seasonal: Callable[..., pl.DataFrame], quick: TrainingSettings, tmp_path: Path
) -> None:
    table = seasonal().with_columns(
        kind=pl.col("unique_id").replace_strict({"s0": "small", "s1": 'ünï\n"large"'}),
        wind=pl.col("y").shift(3),
        price=(pl.col("ds") % 3).cast(pl.Float64),
    )
    future = table.select("unique_id", "price", ds=pl.col("ds") + 100) if name == "covariates" else None
    first = Forecaster(4, context_length=16, **CONFIGURATIONS[name])
    first.fit(table, training=quick, test_size=4, conformal=name == "gru")
    first.evaluate(table)
    path = first.save(tmp_path / "model")
    second = gatelet.load(path)
    assert second.num_parameters == first.num_parameters
    for one in ("horizon", "context_length", "levels", "distribution", "network", "columns", "training", "history"):
        assert getattr(first, one) == getattr(second, one), one
    for one in ("schema", "test_size", "metrics"):
        assert getattr(first, one) == getattr(second, one), one
    if future is None:
        forecasts = [forecaster.predict(table) for forecaster in (first, second)]
        np.testing.assert_array_equal(forecasts[0].quantiles, forecasts[1].quantiles)
        np.testing.assert_array_equal(forecasts[0].times, forecasts[1].times)
        assert forecasts[0].ids == forecasts[1].ids
    scores = [forecaster.evaluate(table).to_json() for forecaster in (first, second)]
    assert scores[0] == scores[1]
    again = second.save(tmp_path / "again")
    assert (again / "model.safetensors").read_bytes() == (path / "model.safetensors").read_bytes()
    assert config_of(again) == config_of(path)


def test_a_loaded_forecaster_can_be_trained_on(saved: Path, fitted: Fitted, quick: TrainingSettings) -> None:
    forecaster = gatelet.load(saved)
    before = forecaster.predict(fitted[1]).quantiles
    forecaster.update(fitted[1], training=quick)
    assert not np.array_equal(forecaster.predict(fitted[1]).quantiles, before)
    np.testing.assert_array_equal(gatelet.load(saved).predict(fitted[1]).quantiles, before)


def test_the_description_is_for_people(saved: Path, fitted: Fitted) -> None:
    config = config_of(saved)
    assert list(config)[:4] == ["format", "version", "gatelet", "task"]
    assert config["gatelet"] == gatelet.__version__ and config["task"] == "Forecaster"
    assert config["schema"]["columns"]["target"] == "y" and config["series"] == ["s0", "s1"]
    assert config["metrics"]["validation_loss"] == fitted[0].history.best.validation_loss
    assert "\n  " in (saved / "config.json").read_text()
    files = ["config.json", "model.safetensors", "plan.json", "plan.safetensors"]
    assert sorted(path.name for path in saved.iterdir()) == files


def test_only_a_fitted_forecaster_is_saved(tmp_path: Path) -> None:
    with pytest.raises(GateletError, match="must be fitted first"):
        Forecaster(3).save(tmp_path / "model")
    assert not list(tmp_path.iterdir())


def test_nothing_is_overwritten_unasked(fitted: Fitted, model: Path) -> None:
    before = (model / "config.json").read_bytes()
    with pytest.raises(
        ModelError, match=r"The model was not saved: .* it holds 4 files, and overwriting was not asked"
    ):
        fitted[0].save(model)
    assert (model / "config.json").read_bytes() == before
    fitted[0].save(model, overwrite=True)
    gatelet.load(model)


def test_a_foreign_folder_is_never_overwritten(fitted: Fitted, tmp_path: Path) -> None:
    other = tmp_path / "transformer"  # the two names are those of another well-known library, too
    other.mkdir()
    (other / "config.json").write_text('{"model_type": "bert"}')
    (other / "model.safetensors").write_bytes(b"precious")
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "config.json").mkdir()
    (photos / "config.json" / "cat.jpg").write_bytes(b"precious")
    mixed = fitted[0].save(tmp_path / "mixed")
    (mixed / "notes.txt").write_text("precious")
    hollow = fitted[0].save(tmp_path / "hollow")
    (hollow / "model.safetensors").unlink()
    (hollow / "model.safetensors").mkdir()
    planless = fitted[0].save(tmp_path / "planless")
    (planless / "plan.json").unlink()
    (planless / "plan.json").mkdir()
    for folder in (other, photos, mixed, hollow, planless):
        before = sorted((path, path.is_file() and path.read_bytes()) for path in folder.rglob("*"))
        with pytest.raises(ModelError, match=r"^The model was not saved: .*\.$"):
            fitted[0].save(folder, overwrite=True)
        assert sorted((path, path.is_file() and path.read_bytes()) for path in folder.rglob("*")) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["hollow", "mixed", "photos", "planless", "transformer"]


def test_a_model_is_saved_and_loaded_through_links(fitted: Fitted, tmp_path: Path) -> None:
    (tmp_path / "latest").symlink_to("v1")
    fitted[0].save(tmp_path / "latest")
    fitted[0].save(tmp_path / "latest", overwrite=True)
    gatelet.load(tmp_path / "latest")
    assert (tmp_path / "latest").is_symlink() and sorted(path.name for path in tmp_path.iterdir()) == ["latest", "v1"]
