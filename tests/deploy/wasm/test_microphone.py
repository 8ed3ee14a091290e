"""The page of a model of sound in headless Chromium, which takes a WAV file for its microphone; and its resampler."""

from __future__ import annotations

import base64
import functools
import http.server
import json
import shutil
import subprocess
import threading
import wave
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import signal
from small_plans import sound, stacked

from gatelet import deploy
from gatelet import plan as p
from gatelet.deploy.quantization import quantize
from gatelet.stream import Session

Browse = Callable[..., Any]
BANDS = {"low": (200, 500), "high": (3500, 6000), "middle": (1000, 1800)}  # in the order of the WAV
NAMES = ["low", "middle", "high"]
SECONDS = 0.5  # of each

# what goes into each step of the model, and what it answers
LISTEN_IN = """
const real = WebAssembly.instantiate;
window.heard = [];
WebAssembly.instantiate = async (...given) => {
  const { exports } = await real(...given);
  const numbers = (place, count) => Array.from(new Float32Array(exports.memory.buffer, place, count));
  const model_step = (state, input, ...outputs) => {
    exports.model_step(state, input, ...outputs);
    window.heard.push([numbers(input, 160), numbers(outputs[0], 3)]);
  };
  return { exports: { ...exports, model_step } };
};
"""
# a browser that does not bring the microphone to the rate that is asked for
ONE_RATE = """
const Real = AudioContext;
window.AudioContext = function (options) {
  if (options && "sampleRate" in options) throw new DOMException("another rate", "NotSupportedError");
  return new Real(options);
};
"""
TEXTS: dict[str, Any] = {
    "expression": "['heard', 'label', 'problem', 'microphone'].map((id) => document.getElementById(id)?.textContent)"
}


def listener() -> p.Plan:
    """Which of three bands is the loudest, by log-mel frames."""
    filters = p.mel_filters(16000.0, 512, 40, low=20.0)
    tips = filters.argmax(1) * 16000 / 512
    inside = np.array([(tips >= low) & (tips <= high) for low, high in (BANDS[name] for name in NAMES)])
    return p.Plan(
        "Listener",
        (p.Value("samples", (160,)),),
        (
            p.LogMel("samples", "frame", filters, 400, 1e-8),
            p.Dense("frame", "scores", (inside / inside.sum(1, keepdims=True)).astype(np.float32), None),
            p.Softmax("scores", "probabilities"),
        ),
        (p.Value("probabilities", (3,)),),
        {"kind": "sound", "rate": 16000, "labels": NAMES},
    )


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return deploy.export(listener(), "wasm", tmp_path_factory.mktemp("sound") / "package").folder


def noise(rate: int) -> Any:
    """Noise of one band after the other, within -1 and 1."""
    rng, parts = np.random.default_rng(0), []
    for low, high in BANDS.values():
        filtered = signal.sosfilt(
            signal.butter(6, [low, high], "bandpass", fs=rate, output="sos"),
            rng.standard_normal(round(SECONDS * rate)),
        )
        parts.append(0.5 * filtered / np.abs(filtered).max())
    return np.concatenate(parts)


def saved(samples: Any, rate: int, file: Path) -> Path:
    with wave.open(str(file), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(np.round(samples * 32767).astype("<i2").tobytes())
    return file


@pytest.fixture
def server(package: Path) -> Iterator[str]:
    """The package at an address of this machine."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=package)) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}/index.html"
        running.shutdown()
        thread.join()


def hears(browse: Browse, folder: Path, url: str, before: str) -> tuple[Any, Any, list[str]]:
    """The samples and answers of some seconds of microphone, and the texts of the page."""
    steps: list[dict[str, Any]] = [
        {"expression": "document.getElementById('microphone').click()"},
        {"expression": "window.heard.length > 260", "until": 15_000},
        TEXTS,
        {"expression": "document.getElementById('microphone').click()"},
        {"expression": "document.getElementById('microphone').textContent === 'Listen'", "until": 5000},
        {"expression": "window.heard"},
    ]
    file = saved(noise(48000), 48000, folder / "microphone.wav")
    _, enough, texts, _, stopped, heard = browse(url, steps, file, LISTEN_IN + before)
    assert enough is True and stopped is True, texts
    return np.array([x for x, _ in heard]), np.array([y for _, y in heard]), texts


def runs(places: Any) -> list[str]:
    """The names that stand for a tenth of a second or more, one after the other."""
    cuts = [0, *(np.flatnonzero(np.diff(places)) + 1), len(places)]
    found = [NAMES[places[a]] for a, b in zip(cuts, cuts[1:], strict=False) if b - a >= 10]
    return [name for k, name in enumerate(found) if k == 0 or name != found[k - 1]]


@pytest.mark.parametrize("way", ["a file, and the browser resamples", "a server, and the page resamples"])
def test_the_microphone_is_heard(way: str, package: Path, server: str, browse: Browse, tmp_path: Path) -> None:
    """What the page hears is the WAV, and what it answers is what the plan answers to these samples."""
    own = way.startswith("a server")
    x, y, texts = hears(browse, tmp_path, server if own else (package / "index.html").as_uri(), ONE_RATE if own else "")
    told, label, problem, button = texts
    assert told.startswith("Listening, 16,000 samples a second, ") and label in NAMES and not problem
    assert ("made of the" in told) is own and button == "Stop"
    np.testing.assert_allclose(y, Session(listener()).push(x.astype(np.float64)), rtol=0, atol=1e-3)
    # the order of the bands, as often as the WAV was played
    found = runs(y.argmax(1))
    begin = list(BANDS).index(found[0])
    assert len(found) >= 4 and found == [list(BANDS)[(begin + k) % 3] for k in range(len(found))]
    # and the samples themselves, wherever a piece of them lies; a busy machine's microphone drops some
    played = np.tile(signal.resample_poly(noise(48000), 2, 1), 2)
    likeness = []
    for piece in np.split(x.ravel()[: len(x) // 20 * 3200], len(x) // 20):
        wanted = signal.resample_poly(piece, 6, 1)  # at 96,000, to lie between two samples
        products = signal.correlate(played, wanted, "valid", "fft")
        energy = signal.correlate(played**2, np.ones(len(wanted)), "valid", "fft")
        likeness.append((products / np.sqrt(np.maximum(energy * (wanted @ wanted), 1e-9))).max())
    assert np.median(likeness) > 0.98


def test_a_recording(package: Path, browse: Browse, tmp_path: Path) -> None:
    """Samples of a WAV of the model's rate go in as they are."""
    file = saved(noise(16000), 16000, tmp_path / "recording.wav")
    coded = base64.b64encode(file.read_bytes()).decode()
    choose = f"""
    const bytes = Uint8Array.from(atob("{coded}"), (sign) => sign.charCodeAt(0)), files = new DataTransfer();
    files.items.add(new File([bytes], "recording.wav"));
    const field = document.getElementById("file");
    field.files = files.files;
    field.dispatchEvent(new Event("change"));"""
    painted = """(() => { const { width, height } = document.getElementById("spectrum");
    const seen = document.getElementById("spectrum").getContext("2d").getImageData(0, 0, width, height).data;
    return seen.some((value) => value > 0); })()"""
    steps: list[dict[str, Any]] = [
        {"expression": f"{{{choose}}}"},
        {"expression": "window.heard.length >= 150", "until": 10_000},
        {"expression": painted, "until": 5000},
        TEXTS,
        {"expression": "window.heard"},
    ]
    _, enough, drawn, texts, heard = browse((package / "index.html").as_uri(), steps, before=LISTEN_IN)
    assert enough is True and drawn is True and texts == ["recording.wav: 1.5 seconds.", "middle", "", "Listen"]
    samples = np.round(noise(16000) * 32767) / 32768
    x, y = np.array([x for x, _ in heard]), np.array([y for _, y in heard])
    np.testing.assert_allclose(x.ravel(), samples, rtol=0, atol=2**-15)  # a unit of 16 bits
    np.testing.assert_allclose(y, Session(listener()).push(x.astype(np.float64)), rtol=0, atol=1e-3)


def test_what_is_no_recording_and_no_microphone(package: Path, browse: Browse) -> None:
    choose = """const files = new DataTransfer(), field = document.getElementById("file");
    files.items.add(new File(["oats"], "oats.wav"));
    field.files = files.files;
    field.dispatchEvent(new Event("change"));"""
    problem: dict[str, Any] = {"expression": "document.getElementById('problem').textContent", "until": 5000}
    steps: list[dict[str, Any]] = [
        {"expression": f"{{{choose}}}"},
        problem | {"expression": f"/oats/.test({problem['expression']}) && {problem['expression']}"},
        {"expression": "document.getElementById('microphone').click()"},
        problem | {"expression": f"/microphone/.test({problem['expression']}) && {problem['expression']}"},
    ]
    _, recording, _, microphone = browse((package / "index.html").as_uri(), steps)
    assert recording == "The recording must be a sound that this browser knows, such as WAV; oats.wav is none."
    assert microphone.startswith(("There must be a microphone; ", "The microphone must be allowed"))


def test_a_model_of_sound_in_integers(tmp_path: Path) -> None:
    """The log-mel frame is an output of the model itself."""
    rng = np.random.default_rng(0)
    plan = quantize(sound(rng), [[{"samples": rng.standard_normal(160)} for _ in range(40)]])
    assert deploy.export(plan, "wasm", tmp_path / "package").verified["Node"] < 0.5
    says = json.loads((tmp_path / "package" / "model.js").read_text().split("export const about = ")[1].split(";\n")[0])
    assert says["kind"] == "sound" and says["features"] == {"rate": 16000, "labels": ["off", "on", "stop"]}
    assert [port["name"] for port in says["outputs"]] == ["probabilities", "frame"]


def test_the_frame_is_beside_the_answer(package: Path, tmp_path: Path) -> None:
    script = """import { load } from "./package/index.js";
    const stream = (await load()).open(), answer = stream.push(new Float32Array(160).fill(0.5));
    console.log(JSON.stringify([answer.length, stream.spectrum.length, stream.spectrum[0]]));"""
    (tmp_path / "package").symlink_to(package)
    (tmp_path / "run.mjs").write_text(script)
    done = subprocess.run(
        ["node", "--preserve-symlinks", "run.mjs"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    classes, bands, first = json.loads(done.stdout)
    x = np.concatenate([np.zeros(240), np.full(160, 0.5)]) * signal.get_window("hann", 400)
    power = np.abs(np.fft.rfft(x, 512)) ** 2
    assert (classes, bands) == (3, 40)
    assert first == pytest.approx(np.log(p.mel_filters(16000.0, 512, 40, low=20.0)[0] @ power), abs=1e-4)


@pytest.mark.parametrize(
    ("come", "wanted"), [(48000, 16000), (44100, 16000), (44100, 8000), (16000, 44100), (8000, 8000)]
)
def test_sounds_at_another_rate(come: int, wanted: int, tmp_path: Path) -> None:
    """A sine stays what it is, later by what the filter takes, and nothing is folded back."""
    shutil.copyfile(Path(deploy.__file__).parent / "wasm" / "assets" / "sound.js", tmp_path / "sound.mjs")
    pure, above = 0.4 * min(come, wanted), 0.52 * wanted
    script = f"""import {{ Hops, Resampler }} from "./sound.mjs";
    const turn = (2 * Math.PI) / {come};
    const sine = (f) => Float32Array.from({{ length: {come // 5} }}, (_, t) => Math.sin(turn * f * t));
    const through = (x) => {{
      const resampler = new Resampler({come}, {wanted}), y = [];
      for (let at = 0, size = 1; at < x.length; at += size, size = (size * 7) % 301) {{
        y.push(...resampler.push(x.subarray(at, at + size)));
      }}
      return [y, resampler._half / {come}];
    }};
    const hops = new Hops(3), parts = [[1], [2, 3, 4, 5, 6, 7], [8, 9]];
    const cut = parts.flatMap((part) => hops.push(part)).map((hop) => [...hop]);
    console.log(JSON.stringify([through(sine({pure})), through(sine({above})), cut]));"""
    (tmp_path / "run.mjs").write_text(script)
    done = subprocess.run(["node", "run.mjs"], cwd=tmp_path, capture_output=True, text=True, check=True)
    (found, late), (folded, _), cut = json.loads(done.stdout)
    assert cut == [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
    t = np.arange(len(found)) / wanted
    settled = t > 0.03
    assert abs(len(found) - wanted // 5) <= 1
    np.testing.assert_allclose(
        np.array(found)[settled], np.sin(2 * np.pi * pure * (t - late))[settled], rtol=0, atol=1e-4
    )
    if above < come / 2 and come != wanted:
        assert np.abs(np.array(folded)[settled]).max() < 1e-3


def test_raw_samples_for_any_other_model(browse: Browse, tmp_path: Path) -> None:
    """A model of five numbers a step takes them from the microphone as they are."""
    folder = deploy.export(stacked(np.random.default_rng(0), "gru"), "wasm", tmp_path / "package").folder
    steps: list[dict[str, Any]] = [
        {"expression": "document.getElementById('microphone').click()"},
        {"expression": "document.querySelector('polyline')?.getAttribute('points').length > 1000", "until": 10_000},
        {"expression": "document.getElementById('problem').textContent"},
    ]
    file = saved(noise(16000), 16000, tmp_path / "microphone.wav")
    _, drawn, problem = browse((folder / "index.html").as_uri(), steps, file)
    assert drawn is True and not problem
