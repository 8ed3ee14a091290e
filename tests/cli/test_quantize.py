"""gatelet quantize, as a user calls it: a model in integers that every other command reads."""

import json
from pathlib import Path

import polars as pl
import pytest

from .conftest import Gatelet

WORDS = {"good": ("superb", "moving", "bright"), "bad": ("dull", "awful", "slow")}


@pytest.fixture(scope="module")
def reviews(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rows = [
        {"text": f"the film was {words[row % 3]} {'and so on ' * (row % 4)}", "label": label}
        for row in range(40)
        for label, words in WORDS.items()
    ]
    path = tmp_path_factory.mktemp("reviews") / "reviews.csv"
    pl.DataFrame(rows).write_csv(path)
    return path


@pytest.fixture
def forecaster(gatelet: Gatelet, table: Path, tmp_path: Path) -> Path:
    model = tmp_path / "model"
    size = ("--hidden-size", 8, "--context", 14, "--past", "price", "--future", "open", "--test-size", 14)
    brief = ("--epochs", 2, "--steps-per-epoch", 20, "--horizon", 7)
    assert gatelet("fit", "forecast", table, *brief, *size, "--out", model).code == 0
    return model


def test_a_forecaster(gatelet: Gatelet, forecaster: Path, table: Path, tmp_path: Path) -> None:
    said = gatelet("quantize", forecaster, "--calibrate", table, "--qat", 1, "--json")
    assert (said.code, said.err) == (0, "")
    facts = json.loads(said.out)
    small = forecaster.with_name("model-int8")
    assert facts["model"] == str(small) and facts["counted"] == "the last 14 rows of each series"
    assert abs(facts["after"]["mase"] / facts["before"]["mase"] - 1) < 0.05
    assert facts["bytes_after"] < facts["bytes_before"] and facts["qat"]["epochs"] == 1
    assert [found["steps"] for found in facts["drift"].values()] == [10_000]
    shown = json.loads(gatelet("show", small, "--json").out)
    assert "IntegerGRU" in {row["operation"] for row in shown["plans"]["model"]["operations"]}
    scores = json.loads(gatelet("evaluate", "forecast", table, "--model", small, "--json").out)
    assert scores["overall"]["gatelet"]["mase"] == pytest.approx(facts["after"]["mase"])
    assert gatelet("export", small, "--to", "npz", "--out", tmp_path / "npz").code == 0
    said = gatelet("export", small, "--to", "onnx", "--out", tmp_path / "onnx")
    assert said.code == 2 and "export the model that they were quantized from" in said.err
    again = gatelet("quantize", forecaster, "--calibrate", table)
    assert again.code == 2 and "is already there; give --overwrite" in again.err


def test_a_classifier(gatelet: Gatelet, reviews: Path, tmp_path: Path) -> None:
    model = tmp_path / "model"
    size = ("--hidden-size", 8, "--embedding-size", 8, "--forward", "--epochs", 3)
    assert gatelet("fit", "classify", reviews, *size, "--out", model).code == 0
    said = gatelet("quantize", model, "--calibrate", reviews, "--out", tmp_path / "small")
    assert said.code == 0 and "Scores of 16 texts" in said.out and "bytes of weights" in said.out
    again = ("--out", tmp_path / "again", "--report", tmp_path / "report")
    assert gatelet("quantize", model, "--calibrate", reviews, *again).code == 0
    page = (tmp_path / "report" / "report.html").read_text()
    assert "gatelet quantize" in page and "of 16 texts" in page and "prefers-color-scheme: dark" in page
    assert (tmp_path / "report" / "shrinking.png").read_bytes().startswith(b"\x89PNG")
    refused = gatelet("quantize", model, "--calibrate", reviews, "--out", tmp_path / "third", *again[2:])
    assert refused.code == 2 and not (tmp_path / "third").exists()
    assert "does not" in said.out and "is in" in said.err
    said = gatelet("predict", "classify", reviews, "--model", tmp_path / "small", "--json")
    assert said.code == 0 and said.out.count("superb") == 14


def test_what_is_wrong_is_one_sentence(gatelet: Gatelet, forecaster: Path, tmp_path: Path) -> None:
    for arguments, words in (
        ((tmp_path / "none", "--calibrate", "x.csv"), "must be a folder that gatelet saved"),
        ((forecaster, "--calibrate", tmp_path / "none.csv"), "none.csv"),
        ((forecaster, "--calibrate", "x.csv", "--test", "y.csv"), "test is for texts only"),
    ):
        said = gatelet("quantize", *arguments)
        assert said.code == 2 and words in said.err and len(said.err.strip().splitlines()) == 1
        assert not (tmp_path / "model-int8").exists()
