"""The whole way on the command line, and what it says when something is wrong."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest

from .conftest import QUICK, Gatelet, sales


def test_fit_tells_how_it_went_and_keeps_no_checkpoints(gatelet: Gatelet, table: Path, tmp_path: Path) -> None:
    said = gatelet("fit", "forecast", table, "--out", tmp_path / "m", *QUICK)
    assert said.code == 0
    assert "validation loss" in said.out and "seasonal naive" in said.out
    assert f"is in {tmp_path / 'm'}." in said.err
    assert [entry.name for entry in tmp_path.iterdir()] == ["m"]


def test_fit_as_json(gatelet: Gatelet, table: Path, tmp_path: Path) -> None:
    said = gatelet("fit", "forecast", table, "--out", tmp_path / "m", "--json", "--logs", "csv", *QUICK)
    told = json.loads(said.out)
    assert told["model"] == str(tmp_path / "m") and not told["interrupted"]
    assert len(told["epochs"]) == 2 and told["num_parameters"] > 0
    assert set(told["test"]["overall"]) >= {"gatelet", "seasonal naive", "persistence"}
    assert (tmp_path / "m.training" / "logs").is_dir()


def test_every_option_reaches_the_model(gatelet: Gatelet, tmp_path: Path) -> None:
    path = tmp_path / "renamed.parquet"
    names = {"unique_id": "shop", "ds": "day", "y": "sold"}
    sales().with_columns(size=pl.col("unique_id").str.len_chars()).rename(names).write_parquet(path)
    options = (
        "--id shop --time day --target sold --static size --past price --future open --categorical open "
        "--horizon 5 --context 20 --quantiles 0.05,0.95 --distribution student_t --frequency D --seasonality 7 "
        "--cell lstm --hidden-size 9 --layers 2 --segment-length 5 --dropout 0.1 --series-embedding 2 --center last "
        "--epochs 1 --steps-per-epoch 2 --batch-size 8 --learning-rate 0.01 --patience 3 --max-time 5m --seed 7 "
        "--precision 32 --validation-size 10 --conformal"
    ).split()
    assert gatelet("fit", "forecast", path, *options, "--out", tmp_path / "m").code == 0
    config = json.loads((tmp_path / "m" / "config.json").read_text())
    assert (config["horizon"], config["context_length"], config["distribution"]) == (5, 20, "student_t")
    assert config["quantiles"] == [0.05, 0.5, 0.95]
    network, training = config["network"], config["training"]
    assert (
        network
        | {
            "cell": "lstm",
            "hidden_size": 9,
            "num_layers": 2,
            "segment_length": 5,
            "dropout": 0.1,
            "series_embedding": 2,
            "center": "last",
        }
        == network
    )
    assert (
        training
        | {
            "epochs": 1,
            "steps_per_epoch": 2,
            "batch_size": 8,
            "learning_rate": 0.01,
            "patience": 3,
            "max_time": 300.0,
            "seed": 7,
            "precision": "32",
        }
        == training
    )
    columns = config["schema"]["columns"]
    assert (columns["id"], columns["time"], columns["target"]) == ("shop", "day", "sold")
    assert (columns["static"], columns["past"], columns["future"]) == (["size"], ["price"], ["open"])
    assert columns["categorical"] == ["open"]


def test_predict(gatelet: Gatelet, table: Path, model: Path, tmp_path: Path) -> None:
    ahead = pl.read_csv(table).filter(pl.col("ds") < "2024-04-23")
    past, future = tmp_path / "past.csv", tmp_path / "future.csv"
    ahead.write_csv(past)
    pl.read_csv(table).filter(pl.col("ds") >= "2024-04-23").select("unique_id", "ds", "open").write_csv(future)
    call = ("predict", "forecast", past, "--model", model, "--future-data", future)

    shown = gatelet(*call)
    assert shown.code == 0 and "2024-04-23 " in shown.out and "q0.9" in shown.out and "00:00" not in shown.out
    rows = json.loads(gatelet(*call, "--json").out)["rows"]
    assert len(rows) == 14 and rows[0]["unique_id"] == "north" and rows[0]["ds"] == "2024-04-23T00:00:00"
    assert all(row["q0.1"] <= row["q0.5"] == row["y_hat"] <= row["q0.9"] for row in rows)

    out = tmp_path / "forecast.csv"
    assert gatelet(*call, "--out", out).code == 0
    assert pl.read_csv(out).height == 14
    refused = gatelet(*call, "--out", out)
    assert refused.code == 2 and f"{out} is already there; give --overwrite" in refused.err
    assert gatelet(*call, "--out", out, "--overwrite").code == 0


def test_evaluate_and_backtest(gatelet: Gatelet, table: Path, model: Path, tmp_path: Path) -> None:
    told = json.loads(gatelet("evaluate", "forecast", table, "-m", model, "--json").out)
    assert told["windows"] == 4  # two series, the 14 rows that fit left out, a horizon of 7
    assert set(told["per_series"]["gatelet"]["mae"]) == {"north", "south"}
    out = tmp_path / "scores.parquet"
    shown = gatelet("evaluate", "forecast", table, "-m", model, "--test-size", 28, "--step", 7, "-o", out)
    assert "8 forecasts of 2 series" in shown.out and "window mean" in shown.out
    assert set(pl.read_parquet(out)["method"]) == set(told["overall"])

    told = json.loads(gatelet("backtest", "forecast", table, "-m", model, "--json").out)
    assert len(told["rows"]) == 28 and {"origin", "y", "y_hat"} <= set(told["rows"][0])
    assert "gatelet" in told["scores"]


def test_update_goes_on_from_a_model(gatelet: Gatelet, table: Path, model: Path, tmp_path: Path) -> None:
    refused = gatelet("update", "forecast", table, "--model", model)
    assert refused.code == 2 and "is already there; give --overwrite" in refused.err
    told = json.loads(gatelet("update", "forecast", table, "-m", model, "--out", tmp_path / "m", "--json").out)
    assert len(told["epochs"]) == 1  # a quarter of two, at least one
    told = json.loads(
        gatelet("update", "forecast", table, "-m", model, "-o", tmp_path / "n", "--epochs", 2, "--json").out
    )
    assert len(told["epochs"]) == 2
    config = json.loads((tmp_path / "n" / "config.json").read_text())
    assert (config["training"]["epochs"], config["training"]["steps_per_epoch"]) == (2, 4)


def test_show(gatelet: Gatelet, model: Path) -> None:
    shown = gatelet("show", model)
    assert shown.code == 0 and "past: price" in shown.out and "seasonal naive" in shown.out
    told = json.loads(gatelet("show", model, "--json").out)
    assert told["cell"] == "gru" and told["covariates"]["future"] == ["open"] and "test" in told["metrics"]


def test_a_public_set_by_name(gatelet: Gatelet, tmp_path: Path) -> None:
    options = ("--horizon", 24, "--context", 24, "--epochs", 1, "--steps-per-epoch", 1, "--hidden-size", 4)
    assert gatelet("fit", "forecast", "nyc_weather", *options, "--out", tmp_path / "m").code == 0
    said = gatelet("predict", "forecast", "weather", "--model", tmp_path / "m")
    assert (
        said.code == 2
        and "There is no file 'weather', nor a public set of series of that name: nyc_weather," in said.err
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["fit", "forecast", "no.csv", "--horizon", "7"], "no.csv"),
        (["fit", "forecast", "TABLE", "--horizon", "7", "--target", "sold"], "sold"),
        (["fit", "forecast", "TABLE", "--horizon", "7", "--quantiles", "a"], "--quantiles must be numbers"),
        (["fit", "forecast", "TABLE", "--horizon", "7", "--quantiles", "1.5"], "quantiles must lie between 0 and 1"),
        (["fit", "forecast", "TABLE", "--horizon", "7", "--max-time", "soon"], "--max-time must be a time"),
        (["fit", "forecast", "TABLE", "--horizon", "7", "--learning-rate", "0"], "learning_rate must be positive"),
        (["fit", "forecast", "TABLE", "--horizon", "500"], "500"),
        (["fit", "forecast", "TABLE", "--horizon", "7", "--resume"], "There must be a checkpoint to resume from"),
        (["fit", "forecast", "TABLE", "--horizon", "7", "--out", "no/model"], "the folder no does not exist"),
        (["fit", "TABLE", "--horizon", "7"], "Name the task before the data: gatelet fit forecast"),
        (["predict", "forecast", "TABLE", "--model", "no-model"], "no-model"),
        (["predict", "forecast", "TABLE", "--out", "x.xlsx"], "--out must end in .csv or .parquet"),
        (
            ["evaluate", "forecast", "TABLE", "--model", "MODEL", "--test-size", "3"],
            "test_size must be a whole number of at least 7; got 3.",
        ),
        (["show", "no-model"], "no-model"),
        (["data", "path", "weather"], "There is no data set 'weather'"),
    ],
)
def test_one_sentence_and_status_2(
    gatelet: Gatelet,
    table: Path,
    model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    sentence: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    places = {"TABLE": str(table), "MODEL": str(model)}
    said = gatelet(*(places.get(argument, argument) for argument in arguments))
    assert said.code == 2 and said.out == ""
    last = said.err.splitlines()[-1]
    assert sentence in last and "Traceback" not in said.err, said.err
    assert list(tmp_path.iterdir()) == []


def test_a_missing_future_covariate_is_named(gatelet: Gatelet, table: Path, model: Path) -> None:
    said = gatelet("predict", "forecast", table, "--model", model)
    assert said.code == 2 and "open" in said.err and "north" in said.err


def test_a_missing_extra_is_named(table: Path) -> None:
    call = ["fit", "forecast", str(table), "--horizon", "7"]
    code = f"import sys; sys.modules['torch'] = None; from gatelet.cli import main; main({call})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == 'This command needs torch; install it with: pip install "gatelet[train]"\n'


def test_ctrl_c_keeps_the_best_model(table: Path, tmp_path: Path) -> None:
    out = tmp_path / "m"
    quick = "--horizon 7 --epochs 100000 --steps-per-epoch 2 --hidden-size 4 --patience 100000 --logs csv".split()
    process = subprocess.Popen(
        [sys.executable, "-m", "gatelet", "fit", "forecast", str(table), "--out", str(out), *quick],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    deadline = time.monotonic() + 60
    while not (tmp_path / "m.training" / "best.ckpt").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "Stopped by Ctrl-C after" in err and f"is in {out}" in err and "Traceback" not in err
    files = {"config.json", "model.safetensors", "plan.json", "plan.safetensors"}
    assert {entry.name for entry in out.iterdir()} == files


def test_fit_refuses_a_foreign_folder_before_it_reads_the_data(gatelet: Gatelet, tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "cat.jpg").write_bytes(b"cat")
    refused = gatelet("fit", "forecast", "no.csv", "--horizon", 7, "--out", photos, "--overwrite")
    assert refused.code == 2 and "it also holds cat.jpg" in refused.err and "no.csv" not in refused.err
