"""Pruning from the command line: what is told, what is kept, what is refused."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import gatelet as library
from gatelet.cli import main

from .conftest import Gatelet

QUICK = ("--hidden-size", 8, "--epochs", 2, "--batch-size", 32)


def fitted(*arguments: object) -> None:
    with pytest.raises(SystemExit) as left:
        main([str(argument) for argument in ("fit", *arguments, *QUICK)])
    assert left.value.code == 0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two models and their data."""
    folder = tmp_path_factory.mktemp("models")
    time = np.arange(400)
    pl.DataFrame({"ds": time, "y": np.sin(time / 5)}).write_csv(folder / "series.csv")
    texts = [f"{'a superb film' if row % 2 else 'such an awful plot'} {'very ' * (row % 5)}so" for row in range(80)]
    pl.DataFrame({"text": texts, "label": [row % 2 for row in range(80)]}).write_csv(folder / "texts.csv")
    fitted("forecast", folder / "series.csv", "--horizon", 4, "--test-size", 40, "--out", folder / "series")
    fitted("classify", folder / "texts.csv", "--embedding-size", 8, "--cell", "lstm", "--out", folder / "texts")
    return folder


def test_a_forecaster(gatelet: Gatelet, folder: Path, tmp_path: Path) -> None:
    out, before = tmp_path / "small", (folder / "series" / "model.safetensors").read_bytes()
    said = gatelet(
        "prune", folder / "series", "--data", folder / "series.csv", "--density", 0.25, "--out", out, "--json"
    )
    facts = json.loads(said.out)
    assert said.code == 0 and facts["density"] == 0.25 and {"validation_loss", "test mase"} <= set(facts["quality"])
    layer = facts["layers"][0]
    assert layer["density_states"] == 0.25 and layer["density_inputs"] == 1 and layer["bytes"][1] < layer["bytes"][0]
    assert min(layer["stream_us"] + layer["c_ns"]) > 0
    assert (folder / "series" / "model.safetensors").read_bytes() == before
    pruned = library.load(out)
    assert pruned.training.density == 0.25 and pruned.test_size == 40
    assert (pruned.module.encoder.weight_hh_l0 == 0).float().mean() >= 0.75
    said = gatelet("prune", folder / "series", "--data", folder / "series.csv", "--out", out)
    assert said.code == 2 and "--overwrite" in said.err


def test_a_classifier_beside_its_model(gatelet: Gatelet, folder: Path) -> None:
    texts = folder / "texts.csv"
    said = gatelet("prune", folder / "texts", "--data", texts, "--test", texts, "--epochs", 1, "--inputs")
    assert said.code == 0 and "test accuracy" in said.out and "texts-pruned" in said.err
    shown = " ".join(said.out.split())
    assert "12.5, 12.5 %" in shown, "one block of each unit's two, at least one of all"
    assert (library.load(folder / "texts-pruned").module.layers[0].weight_hh_l0_reverse == 0).any()


def test_a_rank_instead(gatelet: Gatelet, folder: Path, tmp_path: Path) -> None:
    out, series = tmp_path / "thin", folder / "series.csv"
    said = gatelet("prune", folder / "series", "--data", series, "--rank", 2, "--out", out, "--json")
    facts = json.loads(said.out)
    assert said.code == 0 and (facts["rank"], facts["density"]) == (2, 1) and "test mase" in facts["quality"]
    layer = facts["layers"][0]
    assert layer["rank"] == 2 and layer["bytes"][1] < layer["bytes"][0] and min(layer["stream_us"] + layer["c_ns"]) > 0
    thin, whole = library.load(out), library.load(folder / "series")
    assert thin.training.rank == 2 and thin.num_parameters < whole.num_parameters
    assert (out / "model.safetensors").stat().st_size < (folder / "series" / "model.safetensors").stat().st_size
    table = pl.read_csv(series)
    assert thin.predict(table).frame().equals(library.load(thin.save(tmp_path / "again")).predict(table).frame())
    thin.update(table, training=library.TrainingSettings(epochs=1))
    thin.prune(table, rank=1, training=library.TrainingSettings(epochs=1))
    assert thin.module.encoder.weight_hh_left_l0.shape == (24, 1)
    said = gatelet("prune", folder / "series", "--data", series, "--rank", 1, "--epochs", 1, "--out", tmp_path / "new")
    assert said.code == 0 and "rank" in said.out and "W_hh has rank 1" in said.err


def test_a_report(gatelet: Gatelet, folder: Path, tmp_path: Path) -> None:
    texts, page, picture = folder / "texts.csv", tmp_path / "small.html", tmp_path / "small.png"
    quick = ("prune", folder / "texts", "--data", texts, "--epochs", 1)
    said = gatelet(*quick, "--test", texts, "--rank", 2, "--out", tmp_path / "low", "--report", page)
    assert said.code == 0 and f"the report is {page}" in said.err
    told = page.read_text()
    assert "texts, pruned" in told and "Accuracy" in told and "weights not zero" in told
    assert f"Scores are of {texts}" in told and "layer0.l0.forward" in told
    said = gatelet(*quick, "--out", tmp_path / "blocks", "--report", picture)
    assert said.code == 0 and picture.read_bytes().startswith(b"\x89PNG")
    said = gatelet(*quick, "--out", tmp_path / "again", "--report", picture)
    assert said.code == 2 and "--overwrite" in said.err and not (tmp_path / "again").exists()


def test_what_cannot_be_pruned_is_refused(gatelet: Gatelet, folder: Path, tmp_path: Path) -> None:
    series = folder / "series.csv"
    out = ("--out", tmp_path / "new")
    said = gatelet("prune", folder / "series", "--data", series, "--density", 0, *out)
    assert said.code == 2 and "density must be above 0, up to 1; got 0.0" in said.err
    said = gatelet("prune", folder / "series", "--data", series, "--test", series, *out)
    assert said.code == 2 and "--test is for classifiers" in said.err
    said = gatelet("prune", folder / "series", "--data", series, "--density", 0.1, "--rank", 2, *out)
    assert said.code == 2 and "a rank, or a density" in said.err
    said = gatelet("prune", folder / "series", "--data", series, "--rank", 7, *out)
    assert said.code == 2 and "must be at most 5" in said.err
    fitted("forecast", series, "--horizon", 4, "--cell", "rnn", "--out", tmp_path / "plain")
    said = gatelet("prune", tmp_path / "plain", "--data", series, *out)
    assert said.code == 2 and "GRU or LSTM alone" in said.err and not (tmp_path / "new").exists()
