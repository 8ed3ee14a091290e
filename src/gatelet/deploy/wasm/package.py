"""The package of JavaScript around a module: what it says of a model, its types, its README, its page."""

from __future__ import annotations

import base64
import json
import re
from importlib import resources
from typing import Any

from gatelet import plan as p
from gatelet.deploy.c.program import Port, Program
from gatelet.deploy.wasm.about import about, told
from gatelet.plan.values import spelled

# the files of a package that read for a model of a kind, and what they give
READERS = {
    "text": {"subwords.js": "", "text.js": "TextReader"},
    "language": {
        "subwords.js": "",
        "text.js": "TextReader",
        "language.js": "Draws, LanguageStream, TextWriter, nextProbabilities",
    },
    "series": {"series.js": "SeriesReader, parseCsv"},
    "sound": {"sound.js": "Hops, Resampler"},
    "numbers": {},
}
# and what its page is made of beside them
PAGES = {
    "text": ("page_text.js",),
    "language": ("page_language.js",),
    "series": ("page_series.js",),
    "sound": ("microphone.js", "page_sound.js"),
    "numbers": ("sound.js", "microphone.js", "page_numbers.js"),
}
ALONE = re.compile(r"^export (?=class|function|const)|^import .*\n", re.MULTILINE)  # what a page of one script has not


def asset(name: str) -> str:
    """A file of `assets/`."""
    return (resources.files("gatelet.deploy.wasm") / "assets" / name).read_text(encoding="utf-8")


def files(c: Program, plan: p.Plan, module: bytes) -> dict[str, str | bytes]:
    """The files of the package by name."""
    says = about(c, plan)
    coded = base64.b64encode(module).decode()
    readers = READERS[says["kind"]]
    return {
        "model.wasm": module,
        "model.js": f"export const about = {_json(says)};\n\nexport const binary =\n  {json.dumps(coded)};\n",
        "streams.js": asset("streams.js"),
        "index.js": _index(readers),
        "index.d.ts": _types(c, plan, says["kind"]),
        "package.json": _manifest(c, readers),
        "README.md": _readme(c, plan, len(module), says["kind"]),
        "index.html": page(says, coded),
        **{name: asset(name) for name in readers},
    }


def page(says: dict[str, Any], coded: str) -> str:
    """The page with everything in it, since a page from a file may load no other."""
    kind = says["kind"]
    names = ("streams.js", *READERS[kind], "page.js", *PAGES[kind], "start.js")
    values = {
        "@STYLE@": asset("page.css"),
        "@ABOUT@": _json(says).replace("<", "\\u003c"),
        "@BINARY@": coded,
        "@CODE@": "\n".join(ALONE.sub("", asset(name)) for name in names),
        "@TITLE@": f"gatelet: {re.sub(r'[^A-Za-z0-9 ]', ' ', says['task'])}",
    }
    return re.sub("|".join(values), lambda found: values[found[0]], asset("page.html"))


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _index(readers: dict[str, str]) -> str:
    more = "".join(f'export {{ {names} }} from "./{file}";\n' for file, names in readers.items() if names)
    return f"""import {{ about, binary }} from "./model.js";
import {{ Model }} from "./streams.js";

export {{ about }};
export {{ Model, Stream }} from "./streams.js";
{more}
/** The model, ready to open streams. */
export async function load() {{
  const text = atob(binary);
  return Model.load(Uint8Array.from(text, (sign) => sign.charCodeAt(0)), about);
}}
"""


def _manifest(c: Program, readers: dict[str, str]) -> str:
    names = ["index.js", "index.d.ts", "model.js", "model.wasm", "streams.js", *readers]
    values = {
        "name": f"gatelet-{re.sub('[^a-z0-9]+', '-', c.plan.task.lower()).strip('-') or 'model'}",
        "version": "1.0.0",
        "private": True,
        "description": "A recurrent model as WebAssembly, with a state for each stream; written by gatelet.",
        "type": "module",
        "main": "./index.js",
        "types": "./index.d.ts",
        "exports": {
            ".": {"types": "./index.d.ts", "default": "./index.js"},
            "./model.wasm": "./model.wasm",
        },
        "files": names,
    }
    return json.dumps(values, indent=2) + "\n"


def _types(c: Program, plan: p.Plan, kind: str) -> str:
    arrays = {"float": "Float32Array", "double": "Float64Array", "int32_t": "Int32Array", "int16_t": "Int16Array"}

    def line(port: Port, type: str) -> str:
        unit = f", in {port.value.unit}" if port.value.unit else ""
        shape = spelled(port.value.shape) if port.value.shape else "one number"
        return f"  /** {re.sub('[*]/', '', shape + unit)} */\n  {json.dumps(port.value.name)}: {type};"

    given = told(c, plan)
    inputs = [line(port, "number" if port.by_value else "Numbers") for port in c.inputs]
    outputs = [line(port, arrays[port.type] if port.value.shape else "number") for port in given]
    single = "number" if c.inputs[0].by_value else "Numbers"
    only = arrays[given[0].type] if given[0].value.shape else "number"
    return "\n".join([
        "export type Numbers = ArrayLike<number | ArrayLike<number>>;",
        "",
        "export interface Inputs {", *inputs, "}",
        "",
        "export interface Outputs {", *outputs, "}",
        "",
        f"export type Frame = {'Inputs' if len(c.inputs) > 1 else f'Inputs | {single}'};",
        f"export type Answer = {only if len(given) == 1 else 'Outputs'};",
        *asset("index.d.ts").splitlines(),
        *(asset(f"{kind}.d.ts").splitlines() if READERS[kind] else ()),
        "",
    ])  # fmt: skip


READS = {
    "text": "`new TextReader(about.features.text)` gives the tokens of a text, numbered as the model reads them.",
    "language": "`new LanguageStream(model, about.features)` reads a text and writes on: `read(text)`, `likeliest()`,\n"
    "`write({ tokens, temperature, seed })`, which gives piece after piece.",
    "series": "`new SeriesReader(about.features, names)` gives a frame for each row of a table, `parseCsv` the rows.",
    "sound": "`new Resampler(from, about.features.rate)` brings sound to the rate of the model, `new Hops(size)` cuts\n"
    "it into steps. `stream.spectrum` is the log-mel frame of the last one.",
}


def _readme(c: Program, plan: p.Plan, size: int, kind: str) -> str:
    def frame(port: Port) -> str:
        return f"{json.dumps(port.value.name)}: " + ("0" if port.by_value else "[/* numbers */]")

    lines = ["", READS[kind]] if kind in READS else []
    rows = [
        f"| {word} | `{port.value.name}` | {spelled(port.value.shape) if port.value.shape else 'one number'} "
        f"| {port.value.unit} |"
        for word, ports in (("in", c.inputs), ("out", told(c, plan)))
        for port in ports
    ]
    return "\n".join([
        f"# {c.plan.task} as WebAssembly, written by gatelet",
        "",
        "```js",
        'import { load } from "./index.js";',
        "",
        "const model = await load();",
        "const stream = model.open(); // as many as you like, each with a state of its own",
        f"const answer = stream.push({{ {', '.join(frame(port) for port in c.inputs)} }});",
        "stream.reset();",
        "const saved = stream.state; // bytes; stream.state = saved goes on from there",
        "```",
        "",
        "| | name | shape | unit |",
        "|---|---|---|---|",
        *rows,
        "",
        f"`model.wasm` has {size:,} bytes and imports nothing; `model.js` holds the same as text, so that no server",
        f"is needed. A stream keeps {c.state_bytes:,} bytes, and a step takes {plan.macs:,} multiply-adds. Needs a",
        "browser of 2023 or later (128-bit SIMD), or Node 18.",
        *lines,
        "",
        "`index.html` runs the model: open it from a file, no server needed. Nothing that is typed, dropped or heard",
        "there leaves the page.",
        "",
    ])  # fmt: skip
