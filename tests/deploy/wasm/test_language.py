"""Subwords and language models in packages of WebAssembly: read, followed and continued as streams do it in Python."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_plans import cell, weights

from gatelet import deploy
from gatelet import plan as p
from gatelet.deploy.wasm.about import kind_of
from gatelet.deploy.wasm.texts import described_text
from gatelet.errors import ExportError
from gatelet.features.text import Spacing, TextFeatures, TextSettings, fit_text
from gatelet.stream.answers import answerer

TEXTS = [
    "the cat sat on the mat, don't you see?",
    "映画は良い film, 👍🏽 good (very) good!",
    "naïve café under_score high-light 50% [sic]",
    "हिन्दी עברית the dog sat on the log",
]
UNITS = ["word", "byte", "bpe", "unigram"]


def features_of(unit: str) -> TextFeatures:
    if unit in ("bpe", "unigram"):
        pytest.importorskip("tokenizers")
    return fit_text(TEXTS * 3, TextSettings(unit=unit, lowercase=False, buckets=0, vocabulary_size=120))


def language(unit: str, **sampling: Any) -> p.Plan:
    """A language model that nobody trained."""
    rng, features = np.random.default_rng(0), features_of(unit)
    line = len(features.vocabulary)
    size, end = line + 2, line + 1
    how = {"temperature": 0.7, "top_k": None, "top_p": 0.95, "max_length": 40, "stop": [], "seed": 5} | sampling
    return p.Plan(
        "LanguageModel",
        (p.Value("token", (), "int"),),
        (
            p.Embedding("token", "vector", 2 * weights(rng, size, 6)),
            cell(rng, "gru", "vector", "h", (6, 9)),
            p.Dense("h", "scores", 4 * weights(rng, size, 9), weights(rng, size)),
            p.Softmax("scores", "log_probabilities", logarithm=True),
        ),
        (p.Value("log_probabilities", (size,)),),
        {
            "kind": "text",
            "text": features.to_json(),
            "spacing": Spacing(frozenset(",.?!)]%"), frozenset("([")).to_json(),
            "line": line,
            "end": end,
            "unwritten": [0, 1],
            "sampling": how,
        },
    )


def classifier(unit: str) -> p.Plan:
    rng, features = np.random.default_rng(0), features_of(unit)
    return p.Plan(
        "Classifier",
        (p.Value("tokens", (), "int"),),
        (
            p.Embedding("tokens", "x", weights(rng, len(features.vocabulary), 4)),
            cell(rng, "gru", "x", "h", (4, 6)),
            p.Dense("h", "scores", weights(rng, 2, 6), weights(rng, 2)),
            p.Softmax("scores", "probabilities"),
        ),
        (p.Value("probabilities", (2,)),),
        {"kind": "text", "text": features.to_json(), "labels": ["dull", "lively"], "multiple": False, "threshold": 0.0},
    )


def node(folder: Path, script: str, given: Any) -> Any:
    (folder / "given.json").write_text(json.dumps(given))
    head = 'import { readFileSync } from "node:fs";\nconst given = JSON.parse(readFileSync("given.json", "utf8"));\n'
    (folder / "run.mjs").write_text(head + script)
    done = subprocess.run(["node", "run.mjs"], cwd=folder, capture_output=True, text=True, check=False)
    assert not done.returncode, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("unit", ["bpe", "unigram"])
def test_subwords_of_any_text(unit: str, tmp_path: Path) -> None:
    """Characters of all kinds in any order, known ones the most often; and a word of 1,700."""
    plan = classifier(unit)
    assert kind_of(plan) == "text"
    deploy.export(plan, "wasm", tmp_path / "package")
    rng, features = np.random.default_rng(1), TextFeatures.from_json(plan.features["text"])
    known = list("".join(TEXTS)) + ["\u2581", " ", "  ", "<unk>", "\ufffd", "\t"]
    strange = [chr(code) for code in rng.integers(32, 0x30000, 400).tolist() if not 0xD800 <= code < 0xE000]
    texts = [
        "".join(str(rng.choice(known if rng.random() < 0.85 else strange)) for _ in range(int(rng.integers(0, 60))))
        for _ in range(300)
    ]
    texts.append("thecatsatonthemat" * 100)
    script = """import { TextReader, about } from "./package/index.js";
    const reader = new TextReader(about.features.text);
    console.log(JSON.stringify(given.map((text) => reader.tokens(text))));"""
    assert node(tmp_path, script, texts) == [features.tokens(text) for text in texts]


@pytest.mark.parametrize("unit", UNITS)
def test_a_text_goes_on_as_in_a_stream(unit: str, tmp_path: Path) -> None:
    plan = language(unit)
    done = deploy.export(plan, "wasm", tmp_path / "package")
    assert done.verified["Node"] < 0.5 and deploy.verify(tmp_path / "package").verified == done.verified
    script = """import { LanguageStream, about, load } from "./package/index.js";
    const follower = new LanguageStream(await load(), about.features);
    const found = given.map((text) => {
      const bits = follower.read(text).reduce((sum, part) => sum + part.bits, 0), next = follower.likeliest();
      const written = (how) => [...follower.write(how)].join("");
      return [bits, next, written({ tokens: 40, seed: 5 }), written({ tokens: 3, topK: 1 })];
    });
    console.log(JSON.stringify(found));"""
    lines = ["the cat sat", "on the  mat,", "naïve zebra"]
    found = node(
        tmp_path, script, ["the cat sat", "\n".join(lines[:2]), "\n".join(lines), "x\n\nthe cat sat", "x\n\n", "the"]
    )
    follower = answerer(plan, write=40)
    bits = 0.0
    for number, line in enumerate(lines):
        answer = follower.answer(line)
        strange = 8 * sum(
            len(token.encode()) + 1
            for token in TextFeatures.from_json(plan.features["text"]).tokens(" ".join(line.split()))
            if TextFeatures.from_json(plan.features["text"]).vocabulary.id(token) == 1
        )
        bits += answer["bits_per_character"] * (len(" ".join(line.split())) + (number > 0)) - strange
        assert found[number][0] == pytest.approx(bits, rel=1e-4)
        for one, other in zip(found[number][1], answer["next"], strict=True):
            assert one["token"] == other["token"] and one["probability"] == pytest.approx(
                other["probability"], rel=1e-4
            )
        if number == 0:  # the first to draw, with the seed of the model
            assert found[0][2] == answer["written"] and found[0][2] != found[0][3]
    assert found[3] == found[0]  # after an empty line
    assert found[4][0] == 0 and found[5][0] < found[0][0]


def test_a_space_that_was_typed_is_read(tmp_path: Path) -> None:
    """Of characters, where a text may end between two words."""
    deploy.export(language("character"), "wasm", tmp_path / "package")
    script = """import { LanguageStream, about, load } from "./package/index.js";
    const follower = new LanguageStream(await load(), about.features);
    console.log(JSON.stringify(given.map((text) => follower.read(text).map(({ bits }) => bits))));"""
    begun, spaced, whole = node(tmp_path, script, ["the cat", "the cat ", "the cat sat"])
    assert whole[:7] == begun and whole[:8] == spaced and len(spaced) == 8


def test_what_stops_a_text(tmp_path: Path) -> None:
    plan = language("character", stop=["t"], top_k=None, top_p=1.0)
    deploy.export(plan, "wasm", tmp_path / "package")
    script = """import { LanguageStream, about, load } from "./package/index.js";
    const follower = new LanguageStream(await load(), about.features);
    follower.read("the cat sa");
    console.log(JSON.stringify(given.map((seed) => [...follower.write({ tokens: 40, seed })])));"""
    seeds = [5, 6, 7, 8]
    found = node(tmp_path, script, seeds)
    for seed, pieces in zip(seeds, found, strict=True):
        features = dict(plan.features) | {"sampling": {**plan.features["sampling"], "seed": seed}}
        written = answerer(replace(plan, features=features), write=40).answer("the cat sa")["written"]
        assert "".join(pieces) == written and "t" not in written


def test_the_page_writes_on(browse: Callable[..., Any], tmp_path: Path) -> None:
    plan = language("word")
    folder = deploy.export(plan, "wasm", tmp_path / "package").folder
    typed = "the cat sat on"
    put = f"const field = document.getElementById('text'); field.value = {json.dumps(typed)};"
    steps = [
        {"expression": f"{{{put} field.dispatchEvent(new Event('input'));}}"},
        {"expression": "document.querySelectorAll('#bars .bar').length"},
        {"expression": "document.querySelectorAll('#words span').length"},
        {"expression": "document.getElementById('tokens').value = 40"},
        {"expression": "document.getElementById('write').click()"},
        {
            "expression": "!document.getElementById('keep').hidden && document.getElementById('written').textContent",
            "until": 9000,
        },
        {"expression": "document.getElementById('keep').click()"},
        {"expression": "document.getElementById('text').value"},
        {"expression": "document.getElementById('problem').textContent"},
    ]
    _, bars, words, _, _, written, _, kept, problem = browse((folder / "index.html").as_uri(), steps)
    assert (bars, words, problem) == (6, 4, "")
    expected = typed + answerer(plan, write=40).answer(typed)["written"]
    assert written == kept == expected != typed


def test_subwords_made_in_another_way_are_refused() -> None:
    features = features_of("bpe").to_json()
    values = json.loads(features["subwords"])
    for change, told in (
        ({"normalizer": {"type": "NFKC"}}, "its normalizer is another one"),
        ({"model": values["model"] | {"byte_fallback": True}}, "its model"),
        ({"pre_tokenizer": {"type": "Whitespace"}}, "its cut before"),
    ):
        with pytest.raises(ExportError, match=told):
            described_text(features | {"subwords": json.dumps(values | change)}, whole=False)
