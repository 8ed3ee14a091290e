"""Packages of WebAssembly: the plan's numbers, streams apart, texts and tables read as in Python, the page itself."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from small_plans import cell, stacked, text, text_frames, window

from gatelet import deploy
from gatelet import plan as p
from gatelet.deploy.quantization import quantize
from gatelet.errors import ExportError
from gatelet.features import Columns
from gatelet.features.text import TextFeatures, TextSettings
from gatelet.features.text.vocabulary import Vocabulary
from gatelet.stream.series import SeriesAnswerer
from gatelet.tasks.forecasting import Forecaster, NetworkSettings
from gatelet.training import TrainingSettings

CHROMIUM = next((name for name in ("chromium", "chromium-browser", "google-chrome") if shutil.which(name)), None)


def reader(unit: str = "word") -> p.Plan:
    """A classifier of texts, by words and spellings, that nobody trained."""
    rng = np.random.default_rng(0)
    settings = TextSettings(unit=unit, buckets=3, spelling_buckets=11, max_length=300)
    features = TextFeatures(settings, Vocabulary(("film", "bad", "good", "naïve", "映"), 3))
    return p.Plan(
        "Classifier",
        (p.Value("tokens", (), "int"), p.Value("spelling", ("parts",), "int")),
        (
            p.Embedding("tokens", "word", numbers(rng, len(features.vocabulary), 4)),
            p.Embedding("spelling", "spelled", numbers(rng, 11, 4), mean=True),
            p.Add(("word", "spelled"), "x"),
            cell(rng, "gru", "x", "h", (4, 6)),
            p.Pool("h", "pooled", "max"),
            p.Dense("pooled", "scores", 3 * numbers(rng, 2, 6), numbers(rng, 2)),
            p.Softmax("scores", "probabilities"),
        ),
        (p.Value("probabilities", (2,)),),
        {"kind": "text", "text": features.to_json(), "labels": ["dull", "lively"], "multiple": False, "threshold": 0.0},
    )


def numbers(rng: np.random.Generator, *shape: int) -> Any:
    return rng.standard_normal(shape).astype(np.float32)


def table(rows: int = 80) -> pl.DataFrame:
    hours = pl.datetime_range(
        pl.datetime(2024, 2, 26), pl.datetime(2024, 2, 26) + pl.duration(hours=rows - 1), "1h", eager=True
    )
    y = 20 + 3 * np.sin(np.arange(rows) * 2 * np.pi / 24)
    wind = [None if k % 11 == 3 else float(k % 7) for k in range(rows)]
    return pl.DataFrame(
        {"ds": hours, "y": y, "wind": wind, "sky": [("clear", "grey")[k // 3 % 2] for k in range(rows)]}
    )


@pytest.fixture(scope="module")
def forecaster() -> Forecaster:
    """One of hours, with a calendar and past covariates."""
    made = Forecaster(
        3, columns=Columns(past=("wind", "sky")), context_length=6, network=NetworkSettings(hidden_size=4)
    )
    return made.fit(table(), training=TrainingSettings(epochs=1, steps_per_epoch=2, batch_size=8), test_size=4)


def node(folder: Path, script: str, given: Any = None) -> Any:
    """What a script prints that imports the package as `#`."""
    (folder / "given.json").write_text(json.dumps(given))
    (folder / "run.mjs").write_text(script.replace("#", "./package/index.js"))
    done = subprocess.run(["node", "run.mjs"], cwd=folder, capture_output=True, text=True, check=False)
    assert not done.returncode, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", ["gru", "gru_low", "lstm", "text", "window", "integers"])
def test_the_numbers_of_the_plan_and_no_imports(name: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    made = {
        "text": lambda: text(rng, "mean"),
        "window": lambda: window(rng),
        "integers": lambda: quantize(text(rng, "max"), [text_frames(rng, 40)], partly=True),
    }
    plan = made.get(name, lambda: stacked(rng, name))()
    done = deploy.export(plan, "wasm", tmp_path / "package")
    assert 0 <= done.verified["Node"] < 0.5
    assert deploy.verify(tmp_path / "package").verified == done.verified
    script = """import { readFileSync } from "node:fs";
    const module = new WebAssembly.Module(readFileSync("package/model.wasm"));
    const { imports, exports } = WebAssembly.Module;
    console.log(JSON.stringify([imports(module), exports(module).map((each) => each.name)]));"""
    imports, exports = node(tmp_path, script)
    assert imports == []
    assert {"memory", "model_step", "model_reset", "model_state_size"} <= set(exports)


def test_streams_are_apart(tmp_path: Path) -> None:
    for name in ("gru", "lstm"):
        deploy.export(
            stacked(np.random.default_rng(0), name), "wasm", tmp_path / ("package" if name == "gru" else name)
        )
    script = """import { load } from "#";
    import { load as loadOther } from "./lstm/index.js";
    const model = await load(), other = await loadOther();
    const said = (stream) => Array.from(stream.push([1, 2, 3, 4, 5]).y);
    const caught = (body) => { try { body(); return ""; } catch (error) { return error.message; } };
    const a = model.open(), b = model.open(), first = said(a);
    const second = said(a), same = said(b), forked = said(a.fork()), third = said(a);
    a.reset();
    const again = said(a), crowd = Array.from({ length: 5000 }, () => model.open());
    crowd.at(-1).state = a.state;
    const last = said(crowd.at(-1)), next = said(a);
    console.log(JSON.stringify({ first, second, same, forked, third, again, last, next, errors: [
      caught(() => { a.state = other.open().state; }), caught(() => { a.state = a.state.subarray(1); }),
      caught(() => a.push([1, 2])), caught(() => a.push("x")), caught(() => { b.close(); b.reset(); }),
    ] }));"""
    found = node(tmp_path, script)
    assert found["first"] == found["same"] == found["again"] != found["second"] == found["last"] == found["next"]
    assert found["forked"] == found["third"]
    assert [error.split(";")[0] for error in found["errors"]] == [
        "The state must be of this model",
        "The state must be of this model",
        '"x" of a frame must have 5 numbers',
        "A value of a frame must be a number or an array of numbers.",
        "The stream must be open",
    ]


@pytest.mark.parametrize("unit", ["word", "space", "character", "byte"])
def test_texts_are_read_as_in_python(unit: str, tmp_path: Path) -> None:
    deploy.export(reader(unit), "wasm", tmp_path / "package")
    file = tmp_path / "package" / "text.js"
    changed = file.read_text().replace("0xedb88320", "0xedb88321").replace('"NFC"', '"NFD"')
    file.write_text(changed)
    with pytest.raises(ExportError, match="must be as it was exported"):
        deploy.verify(tmp_path / "package")
    from gatelet.deploy.wasm.checking import check_text

    with pytest.raises(ExportError, match="JavaScript must read a text as the model does"):
        check_text(reader(unit), tmp_path / "package")


def test_tables_are_read_as_in_python(forecaster: Forecaster, tmp_path: Path) -> None:
    plan = forecaster.plan()
    deploy.export(plan, "wasm", tmp_path / "package")
    rows = table(60).with_columns(pl.col("ds").dt.to_string("%Y-%m-%d %H:%M:%S"))
    script = """import { readFileSync } from "node:fs";
    import { load, about, SeriesReader, parseCsv } from "#";
    const reader = new SeriesReader(about.features, about.inputs.map((port) => port.name));
    const stream = (await load()).open();
    const rows = parseCsv(JSON.parse(readFileSync("given.json", "utf8")));
    const found = rows.map((row) => stream.push(reader.frame(row, reader.time(row))));
    console.log(JSON.stringify(found.map((each) => Array.from(each))));"""
    found = np.array(node(tmp_path, script, rows.write_csv()))
    answerer = SeriesAnswerer(plan)
    answers = [answerer.answer(row) for row in rows.to_dicts()]
    levels = [name for name in answers[0] if name.startswith("q")]
    expected = np.array([np.array([answer[name] for name in levels]).T.ravel() for answer in answers])
    np.testing.assert_allclose(found, expected, rtol=0, atol=2e-4)


@pytest.fixture(scope="module")
def foreseeing() -> Forecaster:
    """One of hours that knows wind and sky in advance."""
    made = Forecaster(
        3, columns=Columns(future=("wind", "sky")), context_length=6, network=NetworkSettings(hidden_size=4)
    )
    known = table().with_columns(pl.col("wind").fill_null(2.5))
    return made.fit(known, training=TrainingSettings(epochs=1, steps_per_epoch=2, batch_size=8), test_size=4)


def with_future(rows: int = 60) -> pl.DataFrame:
    """A table whose last three rows have no target."""
    known = table(rows).with_columns(pl.col("wind").fill_null(2.5), pl.col("ds").dt.to_string("%Y-%m-%d %H:%M:%S"))
    return known.with_columns(pl.when(pl.arange(rows) < rows - 3).then(pl.col("y")))


def test_what_is_known_of_the_future_is_read_as_in_python(foreseeing: Forecaster, tmp_path: Path) -> None:
    plan = foreseeing.plan()
    deploy.export(plan, "wasm", tmp_path / "package")
    rows = with_future()
    script = """import { readFileSync } from "node:fs";
    import { load, about, SeriesReader, parseCsv } from "#";
    const reader = new SeriesReader(about.features, about.inputs.map((port) => port.name));
    const stream = (await load()).open(), rows = parseCsv(JSON.parse(readFileSync("given.json", "utf8")));
    const frame = (row, k) => reader.frame(row, reader.time(row), rows.slice(k + 1));
    const found = rows.slice(0, 57).map((row, k) => stream.push(frame(row, k)));
    console.log(JSON.stringify(found.map((each) => Array.from(each))));"""
    found = np.array(node(tmp_path, script, rows.write_csv())).reshape(57, 3, -1)
    # a stream is told of the next rows by each record, `predict` finds them in the table
    answerer, given = SeriesAnswerer(plan), rows.to_dicts()
    for k, record in enumerate(given[:57]):
        ahead = {name: [row[name] for row in given[k + 1 : k + 4]] for name in ("wind", "sky")}
        answer = answerer.answer(record | {"ahead": ahead})
        expected = np.array([answer[name] for name in answer if name.startswith("q")]).T
        np.testing.assert_allclose(found[k], expected, rtol=0, atol=2e-4)
    quantiles = foreseeing.predict(rows.with_columns(pl.col("ds").str.to_datetime())).quantiles
    np.testing.assert_allclose(found[-1], quantiles[0], rtol=0, atol=2e-4)


def test_the_page_knows_of_the_future(foreseeing: Forecaster, tmp_path: Path, browse: Callable[..., Any]) -> None:
    folder = deploy.export(foreseeing, "wasm", tmp_path / "package").folder
    rows = with_future()
    put = f"const field = document.getElementById('paste'); field.value = {json.dumps(rows.write_csv())};"
    caption = {"expression": "document.querySelector('figcaption').textContent"}
    steps = [
        {"expression": f"{{{put} field.dispatchEvent(new Event('input'));}}"},
        caption,
        {"expression": f"{{{put.replace('clear', '').replace('grey', '')} field.dispatchEvent(new Event('input'));}}"},
        caption,
    ]
    _, known, _, unknown = browse((folder / "index.html").as_uri(), steps)
    assert known.startswith("pasted text: 57 rows. From 2024-02-28 09:00 to 2024-02-28 11:00; ")
    assert "Of the 3 rows ahead, 3 say what is known of wind, sky." in known
    assert "Of the 3 rows ahead, 0 say what is known of wind, sky." in unknown
    best = foreseeing.predict(rows.with_columns(pl.col("ds").str.to_datetime())).quantiles[0, 0]
    told = re.search(r"is about (\S+), between (\S+) and (\S+) in", known)
    assert told is not None
    for said, value in zip(told.groups(), (best[len(best) // 2], best[0], best[-1]), strict=True):
        assert float(said) == pytest.approx(value, rel=1e-3)


def shown(folder: Path, field: str, value: str) -> str:
    """The page after something was put into a field."""
    if CHROMIUM is None:
        pytest.skip("chromium is not there")
    script = f"""<script type="module">
    while (document.body.dataset.ready !== "yes") await new Promise((done) => setTimeout(done, 10));
    const field = document.getElementById("{field}");
    field.value = {json.dumps(value)};
    field.dispatchEvent(new Event("input"));
    </script></body>"""
    page = folder / "page.html"
    page.write_text((folder / "package" / "index.html").read_text().replace("</body>", script))
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=5000", "--dump-dom"]
    home = ["--user-data-dir=" + str(folder / "chromium")]
    done = subprocess.run([*command, *home, page.as_uri()], capture_output=True, text=True, check=False, timeout=120)
    assert 'data-ready="yes"' in done.stdout, done.stderr[-400:]
    return done.stdout


def test_the_page_reads_along(tmp_path: Path) -> None:
    plan = reader()
    deploy.export(plan, "wasm", tmp_path / "package")
    page = shown(tmp_path, "text", "A GOOD film, <b>naïve</b>")
    from gatelet.stream.answers import TextAnswerer

    expected = TextAnswerer(plan).answer("A GOOD film, <b>naïve</b>")
    assert re.search(r'<b id="label">(\w+)</b>', page)[1] == expected["label"]  # type: ignore[index]
    assert f"{100 * max(expected['probabilities'].values()):.0f} % after 12 tokens" in page
    assert page.count('class="bar"') == 2 and '<p id="problem" role="alert" hidden' in page


def test_the_page_draws_a_forecast(forecaster: Forecaster, tmp_path: Path) -> None:
    deploy.export(forecaster, "wasm", tmp_path / "package")
    page = shown(tmp_path, "paste", table(50).write_csv())
    assert "pasted text: 50 rows" in page and page.count("<path") >= 4 and "NaN" not in page.split("<script")[0]
    broken = shown(tmp_path, "paste", "ds,y\n2024-01-01 00:00,oats")
    assert 'Line 2: "y" must be a number; it is "oats".' in broken


def test_what_is_missing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ExportError, match="apt-get install clang-14 lld-14"):
        deploy.export(reader(), "wasm", tmp_path / "package")
    assert not (tmp_path / "package").exists()
