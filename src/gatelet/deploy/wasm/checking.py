"""A package of WebAssembly, run in Node beside its plan."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatelet.deploy.c.golden import Golden, make_golden
from gatelet.deploy.c.program import Port, Program
from gatelet.deploy.wasm.about import kind_of
from gatelet.deploy.wasm.texts import WHOLE
from gatelet.errors import ExportError
from gatelet.features.text import Spacing, TextFeatures, Writer, plain_line
from gatelet.plan import Plan

STEPS = 48
# letters of many scripts, marks, emoji, spaces of several kinds, and half a character
TEXTS = (
    *(
        "Don’t STOP: the film isn't bad!",
        "",
        "  \t\n ",
        "na\u00efve cafe\u0301 ΌΔΟΣ İstanbul ß",
        "$5.00 (50%)... e-mail@x.org #tag",
    ),
    *("映画は良い 👍🏽 👩‍👩‍👧 🇩🇪🇫🇷", "soft\u00adhyphen \ufeff\u200b x\u0085y\u2028z\x1fw \x07", "0123456789" * 6),
    *("a <unk> b<unk>", "▁▁x▁ y", "Ωmega q🦄zz 映▁画", "x ـ؝ ৽ ⹃ 𑁍 ‽ $+<=>^`|~ «q» ¿no?"),
    *("हिन्दी עברית العربية \u0661\u0662 ½ x² _a_ 'q' 3'4", "\ud800 a\ud800"),
)

RUN = """import { readFileSync, writeFileSync } from "node:fs";
import { load } from "./package/index.js";
const given = JSON.parse(readFileSync("given.json", "utf8"));
const read = (file) => new Float64Array(new Uint8Array(readFileSync(file)).buffer);
const inputs = given.inputs.map((port, k) => ({ ...port, values: read(`in${k}`) }));
const model = await load();
const stream = model.open(), beside = model.open();
const found = given.outputs.map(() => []);
const row = (all, at, width) => all.subarray(at * width, (at + 1) * width);
const cut = (all, height, width) => Array.from({ length: height }, (_, at) => row(all, at, width));
const listed = (part) => (part.length === undefined ? [part] : Array.from(part));
const filled = (part, width) => Object.assign(Array(width).fill(0), listed(part));
for (let t = 0; t < given.steps; t++) {
  const frame = {};
  for (const port of inputs) {
    const begin = t * port.width, count = port.counts ? port.counts[t] : port.width;
    const all = port.values.subarray(begin, begin + count);
    frame[port.name] = port.scalar ? all[0] : port.sizes ? cut(all, ...port.sizes[t]) : all;
  }
  const before = stream.state;
  let answer = stream.push(frame);
  beside.state = before;  // a second stream goes on from the state of the first, and must say the same
  beside.push(frame);
  if (given.told === 1) answer = { [given.outputs[0]]: answer };
  if (given.told < given.outputs.length) answer[given.outputs.at(-1)] = stream.spectrum;
  given.outputs.forEach((name, k) => found[k].push(...filled(answer[name], given.widths[k])));
  const same = JSON.stringify(beside.state) === JSON.stringify(stream.state);
  if (!same) throw new Error("A restored state must go on as the stream did.");
}
found.forEach((numbers, k) => writeFileSync(`out${k}`, Float64Array.from(numbers)));
"""

READ = """import { readFileSync } from "node:fs";
import { TextReader, about } from "./package/index.js";
const reader = new TextReader(about.features.text);
const texts = JSON.parse(readFileSync("given.json", "utf8"));
const read = (token) => [reader.id(token), reader.spelling(token)];
console.log(JSON.stringify(texts.map((text) => reader.tokens(text).map(read))));
"""


WRITE = """import { readFileSync } from "node:fs";
import { Draws, TextWriter, about } from "./package/index.js";
const given = JSON.parse(readFileSync("given.json", "utf8"));
const writer = new TextWriter(about.features.text.settings.unit, about.features.spacing);
const written = given.lines.map((tokens) => [...tokens.map((token) => writer.add(token)), writer.line()]);
const draws = given.seeds.map((seed) => new Draws(seed)).map((draw) => Array.from({ length: 9 }, () => draw.next()));
console.log(JSON.stringify([written, draws]));
"""
SEEDS = [0, 1, 2**31, 2**53 - 1]


def need_node() -> str:
    """Node, which runs a package.

    Raises:
        ExportError: it is missing.
    """
    found = shutil.which("node")
    if found is None:
        raise ExportError(
            "An export to WebAssembly is compared with the plan in Node; install it with: apt-get install nodejs"
        )
    return found


def check_model(c: Program, plan: Plan, folder: Path) -> dict[str, float]:
    """The largest difference from the plan over some steps, as a share of what is allowed.

    Args:
        c: what was compiled.
        plan: what is exported; outputs of `c` that it has not are looked at by the page alone.
        folder: of the package.

    Raises:
        ExportError: it is larger than 1, or the package does not run.
    """
    golden = make_golden(c, STEPS, seed=1)
    inputs = [
        {
            "name": port.value.name,
            "width": golden.given[port.name].shape[1],
            "scalar": port.by_value,
            "counts": _sizes(c, golden, port).prod(1).tolist() if not port.size else None,
            "sizes": _sizes(c, golden, port).tolist() if not port.size and len(port.value.shape) > 1 else None,
        }
        for port in c.inputs
    ]
    outputs = [port.value.name for port in c.outputs]
    widths = [golden.wanted[port.name].shape[1] for port in c.outputs]
    given = {"steps": golden.steps, "inputs": inputs, "outputs": outputs, "widths": widths, "told": len(plan.outputs)}
    with tempfile.TemporaryDirectory(prefix="gatelet-wasm-") as name:
        place = Path(name)
        for number, port in enumerate(c.inputs):
            (place / f"in{number}").write_bytes(golden.given[port.name].astype("<f8").tobytes())
        _node(place, folder, RUN, given)
        shares = [_share(golden, port.name, place / f"out{number}") for number, port in enumerate(c.outputs)]
    if not max(shares) <= 1.0:
        raise ExportError(
            f"The model in WebAssembly must be what the plan computes; it differs by {max(shares):.3g} times what is "
            "allowed."
        )
    return {"Node": max(shares)}


def _sizes(c: Program, golden: Golden, port: Port) -> NDArray[np.int64]:
    """(steps, axes) of an input of any length."""
    lengths = [golden.counts[c.counts[axis]] if isinstance(axis, str) else axis for axis in port.value.shape]
    return np.stack([np.broadcast_to(each, golden.steps) for each in lengths], 1).astype(np.int64)


def check_text(plan: Plan, folder: Path, most_steps: int = 0) -> None:
    """Compare how JavaScript reads texts with how the features do.

    Args:
        plan: what is exported.
        folder: of the package.
        most_steps: tokens of a text that there is room for; 0 for as many as the features read.

    Raises:
        ExportError: a text is read in another way.
    """
    features = TextFeatures.from_json(plan.features["text"])
    if kind_of(plan) == "language":
        features = replace(features, settings=replace(features.settings, max_length=WHOLE))
    longest = features.settings.max_length
    features = replace(features, settings=replace(features.settings, max_length=min(longest, most_steps or longest)))
    texts = _texts(features)
    with tempfile.TemporaryDirectory(prefix="gatelet-wasm-") as name:
        found = json.loads(_node(Path(name), folder, READ, texts))
    for text, read in zip(texts, found, strict=True):
        tokens = features.encode([text])
        cuts = np.split(tokens.spelling, tokens.spelling_offsets[1:-1])
        expected = [[int(tokens.ids[place]), cuts[place].tolist()] for place in tokens.places]
        if read != expected:
            raise ExportError(f"JavaScript must read a text as the model does; it does not read {text!r:.60} so.")


def check_writing(plan: Plan, folder: Path) -> None:
    """Compare how JavaScript puts tokens together, and what it draws, with how a stream does.

    Raises:
        ExportError: one of them is another.
    """
    features, spacing = TextFeatures.from_json(plan.features["text"]), Spacing.from_json(plan.features["spacing"])
    lines = [features.tokens(plain_line(text)) for text in _texts(features)]
    with tempfile.TemporaryDirectory(prefix="gatelet-wasm-") as name:
        written, draws = json.loads(_node(Path(name), folder, WRITE, {"lines": lines, "seeds": SEEDS}))
    writer = Writer(features.settings.unit, spacing)
    for tokens, pieces in zip(lines, written, strict=True):
        if pieces != [*map(writer.add, tokens), writer.line()]:
            raise ExportError(f"JavaScript must write tokens as the model does; it does not write {tokens!r:.60} so.")
    if draws != [np.random.default_rng(seed).random(9).tolist() for seed in SEEDS]:
        raise ExportError("JavaScript must draw the numbers that NumPy draws; it draws others.")


def _texts(features: TextFeatures) -> list[str]:
    """Texts of many scripts, and of what the vocabulary holds."""
    return [*TEXTS, " ".join(features.vocabulary.tokens[:400])]


def _share(golden: Golden, name: str, file: Path) -> float:
    wanted = golden.wanted[name].astype(np.float64)
    found = np.frombuffer(file.read_bytes(), "<f8").reshape(wanted.shape)
    same = (found == wanted) | (np.isnan(found) & np.isnan(wanted))
    off = np.where(same, 0.0, np.abs(found - wanted))
    if not off.any():
        return 0.0
    return float(off.max() / golden.allowed[name]) if golden.allowed[name] and np.isfinite(off).all() else np.inf


def _node(place: Path, folder: Path, script: str, given: Any) -> str:
    (place / "package").symlink_to(folder.resolve(), target_is_directory=True)
    (place / "run.mjs").write_text(script, encoding="utf-8")
    (place / "given.json").write_text(json.dumps(given), encoding="utf-8")
    done = subprocess.run(
        [need_node(), "--preserve-symlinks", "run.mjs"], cwd=place, capture_output=True, text=True, check=False
    )
    if done.returncode:
        reason = next((line for line in done.stderr.splitlines() if "Error" in line), done.stderr.strip()[-200:])
        raise ExportError(f"The package must run in Node; it says: {reason:.200}")
    return done.stdout
