"""Packages of models that read a whole text in one step, and their page."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import small_plans

from gatelet import deploy
from gatelet import plan as p
from gatelet.errors import ExportError
from gatelet.features.text import TextFeatures, TextSettings
from gatelet.features.text.vocabulary import Vocabulary
from gatelet.plan import interpret

MOST = 6
SLOTS = ("O", "B-thing", "I-thing", "B-word", "I-word")


def reader() -> p.Plan:
    """A classifier from both ends with a label for each word, that nobody trained."""
    settings = TextSettings(buckets=3, spelling_buckets=9, max_length=300)
    features = TextFeatures(settings, Vocabulary(("film", "bad", "good", "naïve", "映"), 3))
    said = {"kind": "text", "text": features.to_json(), "labels": ["dull", "lively", "odd"], "multiple": False}
    said |= {"threshold": 0.0, "slots": list(SLOTS)}
    return replace(small_plans.whole(np.random.default_rng(0)), features=said)


def expected(text: str) -> dict[str, np.ndarray]:
    """What the plan says of a text, read as the package reads it."""
    plan = reader()
    features = TextFeatures.from_json(plan.features["text"])
    tokens = replace(features, settings=replace(features.settings, max_length=MOST)).encode([text])
    cuts = np.split(tokens.spelling, tokens.spelling_offsets[1:-1])
    parts = [cuts[place] for place in tokens.places]
    spelling = np.full((len(parts), max(map(len, parts))), -1)
    for row, each in enumerate(parts):
        spelling[row, : len(each)] = each
    frame = {"tokens": tokens.ids[tokens.places], "spelling": spelling}
    return interpret.step(plan, frame, interpret.start(plan))[0]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("whole")
    done = deploy.export(reader(), "wasm", made / "package", max_steps=MOST)
    assert 0 <= done.verified["Node"] < 0.5
    return made


SCRIPT = """import { readFileSync } from "node:fs";
import { load, TextReader, about } from "./package/index.js";
const model = await load(), stream = model.open(), reader = new TextReader(about.features.text);
const caught = (body) => { try { body(); return ""; } catch (error) { return `${error.name}: ${error.message}`; } };
const read = (text) => {
  const tokens = reader.tokens(text);
  const spelling = tokens.map((each) => reader.spelling(each));
  const answer = stream.push({ tokens: tokens.map((each) => reader.id(each)), spelling });
  return [Array.from(answer.probabilities), Array.from(answer.slots)];
};
const texts = JSON.parse(readFileSync("given.json", "utf8"));
const errors = [
  caught(() => stream.push({ tokens: Array(7).fill(1), spelling: Array(7).fill([]) })),
  caught(() => stream.push({ tokens: [], spelling: [] })),
  caught(() => stream.push({ tokens: [1, 2], spelling: [[1]] })),
];
console.log(JSON.stringify({ found: texts.map(read), errors, most: about.most }));
"""


def test_texts_are_read_whole_and_longer_ones_from_both_ends(folder: Path) -> None:
    texts = ["good", "A GOOD naïve film!", "one two three four five six seven eight nine"]
    (folder / "given.json").write_text(json.dumps(texts))
    (folder / "run.mjs").write_text(SCRIPT)
    done = subprocess.run(["node", "run.mjs"], cwd=folder, capture_output=True, text=True, check=False)
    assert not done.returncode, done.stderr
    said = json.loads(done.stdout)
    assert said["most"] == MOST
    for text, (probabilities, slots) in zip(texts, said["found"], strict=True):
        wanted = expected(text)
        np.testing.assert_allclose(probabilities, wanted["probabilities"], atol=1e-5)
        np.testing.assert_allclose(slots, np.ravel(wanted["slots"]), atol=1e-4)
    assert said["errors"] == [
        "RangeError: A text must have from 1 to 6 rows; it has 7.",
        "RangeError: A text must have from 1 to 6 rows; it has 0.",
        'TypeError: "spelling" of a frame must have 2 rows; it has 1.',
    ]


def test_the_page_classifies_what_is_typed(folder: Path, browse: Callable[..., Any]) -> None:
    typed = "A GOOD naïve film"
    put = f"const field = document.getElementById('text'); field.value = {json.dumps(typed)};"
    steps = [
        {"expression": f"{{{put} field.dispatchEvent(new Event('input'));}}"},
        {"expression": "document.getElementById('label').textContent"},
        {"expression": "document.querySelector('.verdict').textContent"},
        {"expression": "[...document.querySelectorAll('#words span')].map((each) => each.title)"},
        {"expression": "document.getElementById('problem').textContent"},
    ]
    _, label, verdict, titles, problem = browse((folder / "package" / "index.html").as_uri(), steps)
    wanted = expected(typed)
    best = wanted["slots"].argmax(1)
    assert label == ("dull", "lively", "odd")[int(wanted["probabilities"].argmax())]
    assert f"{100 * wanted['probabilities'].max():.0f} % after 4 tokens" in verdict and problem == ""
    marks = [SLOTS[k] if k else "" for k in best]
    assert [title.split("; ")[0] for title in titles[1:]] == marks[1:]
    assert titles[0].endswith("training has not shown it")


def test_settings(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="takes the setting max_steps; got name"):
        deploy.export(reader(), "wasm", tmp_path / "out", name="x")
    with pytest.raises(ExportError, match="max_steps must be a whole number"):
        deploy.export(reader(), "wasm", tmp_path / "out", max_steps=0)
