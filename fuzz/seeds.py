"""Writes the first inputs of the Python targets: sound plans, states, files and models, as small as they can be.

python fuzz/seeds.py        needs gatelet[train,onnx,keras]
"""

from __future__ import annotations

import io
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from folders import CUT, packed
from foreign_file import ARCHIVE, KERAS, NPZ, ONNX, SAFETENSORS

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests" / "plan"))
from small_plans import CELLS, cell, stacked, text, text_frames, window, writer

from gatelet import plan as p
from gatelet.deploy.quantization import quantize

INPUTS, HIDDEN = 2, 3


def main() -> None:
    """Write all of them."""
    for target, inputs in (
        ("plan_folder", plan_folders()),
        ("stream_state", states()),
        ("foreign_file", foreign_files()),
        ("model_folder", model_folders()),
    ):
        folder = HERE / "corpus" / target
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in inputs.items():
            (folder / f"seed-{name}").write_bytes(content)


def plan_folders() -> dict[str, bytes]:
    """A plan of every kind."""
    rng = np.random.default_rng(0)
    values = tuple(p.Value(name, shape) for name, shape in (("memory", ("source", 5)), ("keys", ("source", 3))))
    start = p.Value("start", (4,))
    pair = p.EncoderDecoder(p.Plan("T", (*values, start), (), (*values, start)), writer(rng))
    plans: dict[str, Any] = {name: stacked(rng, name, inputs=INPUTS, hidden=HIDDEN) for name in CELLS}
    plans |= {"restart": stacked(rng, "lstm", inputs=INPUTS, hidden=HIDDEN, restart=2)}
    plans |= {f"text-{pooling}": text(rng, pooling) for pooling in ("attention", "max", "root")}
    plans |= {f"window-{head}": window(rng, head) for head in ("quantiles", "student_t")}
    plans |= {f"integer-{kind}": _integers(rng, kind) for kind in ("gru", "lstm", "fastgrnn")}
    plans |= {"integer-text": quantize(text(rng, "mean"), [text_frames(rng, 40)], partly=True)}
    plans |= {"writer": writer(rng), "pair": pair, "whole": _whole(rng)}
    return {name: _plan(plan) for name, plan in plans.items()}


def _integers(rng: np.random.Generator, kind: str) -> p.Plan:
    """A cell and a layer of integers."""
    operations = (
        cell(rng, kind, "x", "h", (INPUTS, HIDDEN)),
        p.Dense("h", "y", *_weights(rng, (2, HIDDEN), (2,)), "tanh"),
    )
    plan = p.Plan("T", (p.Value("x", (INPUTS,)),), operations, (p.Value("y", (2,)),))
    return quantize(plan, [[{"x": rng.standard_normal(INPUTS)} for _ in range(40)]])


def _plan(plan: Any) -> bytes:
    with tempfile.TemporaryDirectory() as name:
        folder = p.save_plan(plan, Path(name) / "plan")
        document = json.loads((folder / "plan.json").read_bytes())
        text = json.dumps(document, separators=(",", ":")).encode()
        return packed(text, (folder / "plan.safetensors").read_bytes())


def _whole(rng: np.random.Generator) -> p.Plan:
    """A classifier that reads from both ends."""
    return p.Plan(
        "Classifier",
        (p.Value("tokens", ("time",), "int"),),
        (
            p.Embedding("tokens", "x", rng.standard_normal((5, INPUTS)).astype(np.float32)),
            cell(rng, "gru", "x", "f", (INPUTS, HIDDEN), over="rows"),
            cell(rng, "gru", "x", "r", (INPUTS, HIDDEN), over="rows", reverse=True, restart=2),
            p.Concatenate(("f", "r"), "h"),
            p.AttentionPool("h", "pooled", *_weights(rng, (2, 2 * HIDDEN), (2,), (2,)), over="rows"),
            p.Dense("pooled", "y", *_weights(rng, (2, 2 * HIDDEN), (2,))),
        ),
        (p.Value("y", (2,)),),
        {"kind": "text", "labels": ["a", "b"]},
    )


def _weights(rng: np.random.Generator, *shapes: tuple[int, ...]) -> list[Any]:
    return [rng.standard_normal(shape).astype(np.float32) for shape in shapes]


def states() -> dict[str, bytes]:
    """States of every plan of that target, whole and without their head, in both widths."""
    from stream_state import ENGINES, plans

    from gatelet.deploy.examples import frames
    from gatelet.stream import Session
    from gatelet.stream.state import _HEAD

    found = {}
    for number, plan in enumerate(plans()):
        for place, engine in enumerate(ENGINES):
            session = Session(plan, engine=engine)
            for frame in frames(plan, 2):
                session.push(frame)
            blob, choice = session.state, number + 8 * place
            found[f"{number}-{place}"] = bytes([choice]) + blob
            wide = 64 if blob[6:7] == b"f" else 0
            found[f"{number}-{place}-body"] = bytes([choice | 128 | wide]) + blob[_HEAD.size :]
    return found


def foreign_files() -> dict[str, bytes]:
    """Files as torch, Keras, ONNX and NumPy write them."""
    import onnx
    from safetensors.numpy import save

    rng = np.random.default_rng(0)
    found = {}
    for name, (kind, gates) in {"gru": ("GRU", 3), "lstm": ("LSTM", 4), "rnn": ("RNN", 1)}.items():
        arrays = {}
        for ending, width in (
            ("_l0", INPUTS),
            ("_l0_reverse", INPUTS),
            ("_l1", 2 * HIDDEN),
            ("_l1_reverse", 2 * HIDDEN),
        ):
            names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
            shapes = (gates * HIDDEN, width), (gates * HIDDEN, HIDDEN), (gates * HIDDEN,), (gates * HIDDEN,)
            arrays |= {f"m.{n}{ending}": a for n, a in zip(names, _weights(rng, *shapes), strict=True)}
        found[f"torch-{name}"] = SAFETENSORS + save(arrays)
        for direction in ("forward", "bidirectional"):
            found[f"onnx-{name}-{direction}"] = ONNX + _onnx(onnx, rng, kind, gates, direction)
    for name, both in (("one", False), ("both", True)):
        config, weights = _keras(rng, both)
        found[f"keras-{name}"] = KERAS + config + CUT + weights
        found[f"archive-{name}"] = ARCHIVE + _archive(config, weights)
    found["npz"] = NPZ + _npz(stacked(rng, "gru", inputs=INPUTS, hidden=HIDDEN))
    return found


def _onnx(onnx: Any, rng: np.random.Generator, kind: str, gates: int, direction: str) -> bytes:
    count = 2 if direction == "bidirectional" else 1
    shapes = (count, gates * HIDDEN, INPUTS), (count, gates * HIDDEN, HIDDEN), (count, 2 * gates * HIDDEN)
    arrays = dict(zip(("W", "R", "B"), _weights(rng, *shapes), strict=True))
    extra = {"linear_before_reset": 1} if kind == "GRU" else {}
    node = onnx.helper.make_node(kind, ["x", *arrays], ["y"], hidden_size=HIDDEN, direction=direction, **extra)
    x, y = (onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None) for name in ("x", "y"))
    constants = [onnx.numpy_helper.from_array(array, name) for name, array in arrays.items()]
    graph = onnx.helper.make_graph([node], "g", [x], [y], constants)
    made = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)])
    return bytes(made.SerializeToString())


def _keras(rng: np.random.Generator, both: bool) -> tuple[bytes, bytes]:
    import h5py

    gru: dict[str, Any] = {"name": "gru", "activation": "tanh", "recurrent_activation": "sigmoid", "reset_after": True}
    entry: dict[str, Any] = {"class_name": "GRU", "config": gru}
    paths = ["gru"]
    if both:
        entry = {"class_name": "Bidirectional", "config": {"name": "b", "layer": entry, "merge_mode": "concat"}}
        paths = ["bidirectional/forward_layer", "bidirectional/backward_layer"]
    content = io.BytesIO()
    with h5py.File(content, "w", libver="latest") as weights:
        for path in paths:
            for number, array in enumerate(_weights(rng, (INPUTS, 3 * HIDDEN), (HIDDEN, 3 * HIDDEN), (2, 3 * HIDDEN))):
                weights[f"layers/{path}/cell/vars/{number}"] = array
    config = {"class_name": "Sequential", "config": {"layers": [entry, {"class_name": "Dense", "config": {}}]}}
    return json.dumps(config).encode(), content.getvalue()


def _archive(config: bytes, weights: bytes) -> bytes:
    import zipfile

    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", config)
        archive.writestr("model.weights.h5", weights)
    return content.getvalue()


def _npz(plan: p.Plan) -> bytes:
    from gatelet.deploy.npz import NAME, write_npz

    with tempfile.TemporaryDirectory() as name:
        write_npz(Path(name), plan, {})
        return (Path(name) / NAME).read_bytes()


def model_folders() -> dict[str, bytes]:
    """A saved model of every task, trained for one step."""
    import torch

    from gatelet.features.text import TextColumns, TextSettings
    from gatelet.tasks import Classifier, Forecaster, LanguageModel, Realizer, Translator
    from gatelet.tasks.classification import ClassifierSettings
    from gatelet.tasks.forecasting import NetworkSettings
    from gatelet.tasks.language_modelling import LanguageModelSettings
    from gatelet.tasks.realisation import RealizerSettings
    from gatelet.tasks.translation import TranslatorSettings
    from gatelet.training import TrainingSettings

    torch.manual_seed(0)
    brief = TrainingSettings(epochs=1, steps_per_epoch=1, batch_size=8)
    sizes: Any = {"hidden_size": 3, "embedding_size": 2}
    words = TextSettings(vocabulary_size=12, spelling_buckets=5)
    plain = TextSettings(vocabulary_size=12, buckets=0)
    small, rows = ClassifierSettings(**sizes, pair_buckets=5), range(24)
    texts = [{"text": ("good film", "bad film")[k % 2], "label": "ab"[k % 2], "tags": "B-x O"} for k in rows]
    series = [{"unique_id": "s", "ds": k, "y": float(k % 4)} for k in range(60)]
    models: dict[str, Any] = {
        "classifier": Classifier(text=words, network=small).fit(_frame(texts), training=brief),
        "slots": Classifier(
            columns=TextColumns(slots="tags"), text=TextSettings(unit="space", vocabulary_size=12), network=small
        ).fit(_frame(texts), training=brief),
        "subwords": Classifier(
            text=TextSettings(unit="bpe", vocabulary_size=20, spelling_buckets=5), network=small
        ).fit(_frame(texts), training=brief),
        "forecaster": Forecaster(2, context_length=4, network=NetworkSettings(hidden_size=3), seasonality=2).fit(
            _frame(series), training=brief, test_size=4, conformal=True
        ),
        "language_model": LanguageModel(
            text=TextSettings(unit="space", vocabulary_size=9), network=LanguageModelSettings(**sizes)
        ).fit(["a b a b\n" * 40], training=brief),
        "translator": Translator(source=plain, target=plain, network=TranslatorSettings(**sizes)).fit(
            [("one two", "eins zwei"), ("two", "zwei")] * 12, training=brief
        ),
        "realizer": Realizer(network=RealizerSettings(**sizes)).fit(
            [("inform(name='A')", "A is here."), ("goodbye()", "Goodbye!")] * 8, training=brief
        ),
    }
    return {name: _model(model) for name, model in models.items()}


def _frame(rows: list[dict[str, Any]]) -> Any:
    import polars

    return polars.DataFrame(rows)


def _model(model: Any) -> bytes:
    with tempfile.TemporaryDirectory() as name:
        folder = model.save(Path(name) / "model")
        document = json.loads((folder / "config.json").read_bytes())
        text = json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()
        return packed(text, (folder / "model.safetensors").read_bytes())


if __name__ == "__main__":
    main()
