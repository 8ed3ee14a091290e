"""What models answer to lines as they come, and that a bad line spoils nothing but itself."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from small_plans import cell, stacked
from typer.testing import CliRunner

from gatelet import plan as p
from gatelet.cli.app import app
from gatelet.errors import DataError
from gatelet.features import Columns
from gatelet.features.text import TextSettings
from gatelet.stream import Session
from gatelet.stream.answers import answerer
from gatelet.stream.records import csv_records, json_records, raw_records
from gatelet.tasks.classification import Classifier, ClassifierSettings
from gatelet.tasks.forecasting import Forecaster, NetworkSettings
from gatelet.training import TrainingSettings

BRIEF = TrainingSettings(epochs=1, steps_per_epoch=3, batch_size=16)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plan of three numbers and their softmax."""
    plan = stacked(np.random.default_rng(0), "gru", inputs=3, hidden=4)
    return p.save_plan(plan, tmp_path_factory.mktemp("plan") / "plan")


def run(folder: Path, lines: str | bytes, *options: str) -> tuple[list[dict[str, Any]], str]:
    done = CliRunner().invoke(app, ["stream", str(folder), *options], input=lines)
    assert done.exit_code == 0, done.output
    return [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def test_bad_lines_are_named_and_passed_over(saved: Path) -> None:
    answers, told = run(saved, "a,b,c\n1,2,3\n1,2\n1,two,3\n\n4,5,\n\xff,,\n-1,0,1\n")
    assert [answer["line"] for answer in answers] == [2, 8]
    assert "line 3: expected 3 columns; got 2." in told
    assert "line 4: column 'b': expected a number; got 'two'." in told
    assert "line 7: column 'a': expected a number" in told and "4 bad lines passed over." in told
    assert "line 6: expected a number in every column, since this model does not fill gaps" in told
    expected = Session(saved).push(np.array([[1, 2, 3], [-1, 0, 1]]))["y"]
    np.testing.assert_allclose([answer["y"] for answer in answers], expected, rtol=1e-6)


def test_json_lines(saved: Path) -> None:
    answers, told = run(saved, '[1, 2, 3]\n{"x": [1, 2, 3]}\n7\n{"x": [1]}\nno\n', "--format", "jsonl")
    assert [answer["line"] for answer in answers] == [1, 2]
    assert "line 3: expected a JSON object or list" in told and "line 5: expected one JSON value" in told
    assert "line 4: 'x' of a frame must have shape (3,)" in told
    expected = Session(saved).push(np.array([[1, 2, 3], [1, 2, 3]]))["y"]
    np.testing.assert_allclose([answer["y"] for answer in answers], expected, rtol=1e-6)


def test_raw_samples(saved: Path) -> None:
    samples = np.array([[1, -2, 3], [32767, -32768, 0]], "<i2")
    answers, told = run(saved, samples.tobytes() + b"\0", "--format", "s16")
    assert [answer["line"] for answer in answers] == [1, 2] and "frame 3: expected 6 bytes" in told
    np.testing.assert_allclose(answers[1]["y"], Session(saved).push(samples / 32768)["y"][1], rtol=1e-6)
    found = list(raw_records(io.BytesIO(np.arange(6, dtype="<f4").tobytes()), "f32", 2))
    assert found == [(1, [0.0, 1.0]), (2, [2.0, 3.0]), (3, [4.0, 5.0])]


def test_a_single_number(tmp_path: Path) -> None:
    plan = p.Plan(
        "T",
        (p.Value("x", ()),),
        (p.Window("x", "w", 2), p.Row("w", "r"), cell(np.random.default_rng(0), "gru", "r", "h", (1, 2))),
        (p.Value("h", (2,)),),
    )
    follower = answerer(plan)
    np.testing.assert_array_equal(follower.answer([3.0])["h"], Session(plan).push(3.0))
    with pytest.raises(DataError):
        follower.answer([3.0, 4.0])


def test_records_of_lines() -> None:
    found = list(csv_records(["\ufeffa, b\n", '"x,y",2\r\n', '"open\n', "3,4\n"]))
    assert found[0] == (2, {"a": "x,y", "b": "2"}) and isinstance(found[1][1], DataError) and found[2][0] == 4
    assert isinstance(list(json_records(["[" * 100_000]))[0][1], DataError)


def weather(rows: int = 60) -> pl.DataFrame:
    rng = np.random.default_rng(0)
    times = np.datetime64("2024-01-01", "us") + np.arange(rows) * np.timedelta64(3600, "s")
    columns = {"ds": times, "load": 5 + rng.standard_normal(rows), "sky": rng.choice(["clear", "rain"], rows)}
    parts = [
        pl.DataFrame({"unique_id": f"s{number}", "y": 10.0 * number + rng.standard_normal(rows), **columns})
        for number in range(2)
    ]
    return pl.concat(parts)


def test_a_forecaster_answers_rows(tmp_path: Path) -> None:
    """Rows of two series in turns, one row missing, give the forecasts of the whole table."""
    columns = Columns(past=("load",), static=())
    table = weather().drop("sky")
    forecaster = Forecaster(3, context_length=6, columns=columns, network=NetworkSettings(hidden_size=4))
    forecaster.fit(table, training=BRIEF)
    folder = forecaster.save(tmp_path / "model")
    given = table.filter(pl.col("ds") != pl.lit(np.datetime64("2024-01-02T05:00", "us"))).sort("ds", "unique_id")
    lines = given.write_csv(datetime_format="%Y-%m-%d %H:%M:%S")
    answers, told = run(folder, lines)
    assert told == "" and len(answers) == len(given)
    expected = forecaster.predict(given)
    for answer, quantiles in zip(answers[-2:], expected.quantiles, strict=True):
        found = np.array([answer[f"q{level:g}"] for level in forecaster.levels]).T
        np.testing.assert_allclose(found, quantiles, rtol=1e-4)
    assert answers[-1]["unique_id"] == "s1" and answers[-1]["ds"][0].startswith("2024-01-03T12:00")
    _, told = run(folder, "unique_id,ds,y,load\ns0,soon,1,2\ns0,2024-01-01,1,2\ns0,2023-01-01,1,2\n")
    assert "line 2: column 'ds': expected a time like" in told and "line 4: column 'ds': expected a time after" in told


def test_future_covariates_come_with_the_row() -> None:
    columns = Columns(future=("load", "sky"))
    forecaster = Forecaster(3, context_length=6, columns=columns, network=NetworkSettings(hidden_size=4))
    table = weather()
    forecaster.fit(table, training=BRIEF)
    rows = table.filter(pl.col("unique_id") == "s0").to_dicts()
    follower = answerer(forecaster)
    for place in range(20):
        ahead = {name: [row[name] for row in rows[place + 1 : place + 4]] for name in ("load", "sky")}
        found = follower.answer({**rows[place], "ahead": ahead})
    expected = forecaster.predict(pl.DataFrame(rows[:20]), future=pl.DataFrame(rows[:23]).drop("y"))
    np.testing.assert_allclose(found["q0.5"], expected.quantiles[0, :, forecaster.levels.index(0.5)], rtol=1e-4)
    with pytest.raises(DataError, match="column 'ahead'"):
        follower.answer(rows[20])


def test_a_classifier_answers_words(tmp_path: Path) -> None:
    texts = pl.DataFrame({"text": ["a superb film", "an awful film"] * 20, "label": ["pos", "neg"] * 20})
    network = ClassifierSettings(hidden_size=5, embedding_size=4, bidirectional=False, pair_buckets=7)
    classifier = Classifier(network=network, text=TextSettings(spelling_buckets=31)).fit(texts, training=BRIEF)
    answers, _ = run(classifier.save(tmp_path / "model"), "a superb\nfilm\n\nan awful film\n")
    expected = classifier.predict(["a superb", "a superb film", "an awful film"]).probabilities
    for answer, probabilities in zip((answers[0], answers[1], answers[3]), expected, strict=True):
        np.testing.assert_allclose(list(answer["probabilities"].values()), probabilities, atol=1e-5)
    assert answers[2]["label"] is None
