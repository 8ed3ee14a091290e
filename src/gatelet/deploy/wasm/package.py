"""The package of JavaScript around a module: what it says of a model, its types, its README, its page."""

from __future__ import annotations

import base64
import json
import re
from importlib import resources
from typing import Any

from gatelet.deploy.c.program import Port, Program
from gatelet.plan.values import spelled

MOST_INLINE = 64 * 2**20  # bytes of a module that a page holds in itself
# what JavaScript needs of the features of a plan
TEXT = ("text", "labels", "multiple", "threshold")
SERIES = ("schema", "context_length", "horizon", "quantiles", "series")


def about(c: Program) -> dict[str, Any]:
    """What JavaScript must know of a model: inputs, outputs, features, and the digest of its plan."""
    features = dict(c.plan.features)
    kind = {"text": "text", "series": "series"}.get(str(features.get("kind")), "numbers")
    if kind == "text" and ("labels" not in features or features["text"].get("subwords") is not None):
        kind = "numbers"
    kept = {"text": TEXT, "series": SERIES, "numbers": ()}[kind]
    found: dict[str, Any] = {
        "task": c.plan.task,
        "kind": kind,
        "digest": c.plan.digest,
        "inputs": [_port(port) | {"byValue": port.by_value} for port in c.inputs],
        "outputs": [_port(port) for port in c.outputs],
        "features": {name: features[name] for name in kept},
    }
    if kind == "text":
        found["features"]["text"] = {name: features["text"][name] for name in ("settings", "tokens")}
    return found


def _port(port: Port) -> dict[str, Any]:
    return {
        "name": port.value.name,
        "type": port.type,
        "size": port.size,
        "shape": list(port.value.shape),
        "unit": port.value.unit,
    }


def asset(name: str) -> str:
    """A file of `assets/`."""
    return (resources.files("gatelet.deploy.wasm") / "assets" / name).read_text(encoding="utf-8")


def files(c: Program, module: bytes) -> dict[str, str | bytes]:
    """The files of the package by name."""
    says = about(c)
    coded = base64.b64encode(module).decode()
    reader = {"text": "text.js", "series": "series.js"}.get(says["kind"])
    found: dict[str, str | bytes] = {
        "model.wasm": module,
        "model.js": f"export const about = {_json(says)};\n\nexport const binary =\n  {json.dumps(coded)};\n",
        "streams.js": asset("streams.js"),
        "index.js": _index(reader),
        "index.d.ts": _types(c, reader),
        "package.json": _manifest(c, reader),
        "README.md": _readme(c, len(module), reader),
        "index.html": page(says, coded, reader),
    }
    return found | ({reader: asset(reader)} if reader else {})


def page(says: dict[str, Any], coded: str, reader: str | None) -> str:
    """The page with everything in it, since a page from a file may load no other."""
    scripts = [asset("streams.js"), *([asset(reader)] if reader else []), asset("page.js")]
    code = "\n".join(re.sub(r"^export (?=class|function|const)", "", script, flags=re.MULTILINE) for script in scripts)
    values = {
        "@STYLE@": asset("page.css"),
        "@ABOUT@": _json(says).replace("<", "\\u003c"),
        "@BINARY@": coded,
        "@CODE@": code,
        "@TITLE@": f"gatelet: {re.sub(r'[^A-Za-z0-9 ]', ' ', says['task'])}",
    }
    return re.sub("|".join(values), lambda found: values[found[0]], asset("page.html"))


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _index(reader: str | None) -> str:
    exported = {"text.js": "TextReader", "series.js": "SeriesReader, parseCsv"}.get(reader or "")
    more = f'export {{ {exported} }} from "./{reader}";\n' if exported else ""
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


def _manifest(c: Program, reader: str | None) -> str:
    names = ["index.js", "index.d.ts", "model.js", "model.wasm", "streams.js", *([reader] if reader else [])]
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


def _types(c: Program, reader: str | None) -> str:
    arrays = {"float": "Float32Array", "double": "Float64Array", "int32_t": "Int32Array", "int16_t": "Int16Array"}

    def line(port: Port, type: str) -> str:
        unit = f", in {port.value.unit}" if port.value.unit else ""
        shape = spelled(port.value.shape) if port.value.shape else "one number"
        return f"  /** {re.sub('[*]/', '', shape + unit)} */\n  {json.dumps(port.value.name)}: {type};"

    inputs = [line(port, "number" if port.by_value else "Numbers") for port in c.inputs]
    outputs = [line(port, arrays[port.type] if port.value.shape else "number") for port in c.outputs]
    single = "number" if c.inputs[0].by_value else "Numbers"
    only = arrays[c.outputs[0].type] if c.outputs[0].value.shape else "number"
    return "\n".join([
        "export type Numbers = ArrayLike<number | ArrayLike<number>>;",
        "",
        "export interface Inputs {", *inputs, "}",
        "",
        "export interface Outputs {", *outputs, "}",
        "",
        f"export type Frame = {'Inputs' if len(c.inputs) > 1 else f'Inputs | {single}'};",
        f"export type Answer = {only if len(c.outputs) == 1 else 'Outputs'};",
        *asset("index.d.ts").splitlines(),
        *({"text.js": asset("text.d.ts"), "series.js": asset("series.d.ts")}.get(reader or "", "").splitlines()),
        "",
    ])  # fmt: skip


def _readme(c: Program, size: int, reader: str | None) -> str:
    def frame(port: Port) -> str:
        return f"{json.dumps(port.value.name)}: " + ("0" if port.by_value else "[/* numbers */]")

    lines = {
        "text.js": [
            "", "`new TextReader(about.features.text)` gives the tokens of a text, numbered as the model reads them.",
        ],
        "series.js": [
            "", "`new SeriesReader(about.features, names)` gives a frame for each row of a table, `parseCsv` the rows.",
        ],
    }.get(reader or "", [])  # fmt: skip
    rows = [
        f"| {word} | `{port.value.name}` | {spelled(port.value.shape) if port.value.shape else 'one number'} "
        f"| {port.value.unit} |"
        for word, ports in (("in", c.inputs), ("out", c.outputs))
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
        f"is needed. A stream keeps {c.state_bytes:,} bytes, and a step takes {c.plan.macs:,} multiply-adds. Needs a",
        "browser of 2023 or later (128-bit SIMD), or Node 18.",
        *lines,
        "",
        "`index.html` runs the model: open it from a file, no server needed. Nothing that is typed, dropped or heard",
        "there leaves the page.",
        "",
    ])  # fmt: skip
