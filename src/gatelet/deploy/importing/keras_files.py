"""Recurrent layers of a `.keras` file, read without TensorFlow: a zip with JSON and HDF5 in it."""

from __future__ import annotations

import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from gatelet import plan as p
from gatelet.deploy.importing.stacks import Layer, stacked
from gatelet.deploy.npz import UNREADABLE
from gatelet.errors import ModelError, require
from gatelet.plan.storing import damaged
from gatelet.reference.keras import from_keras

CONFIG, WEIGHTS = "config.json", "model.weights.h5"
KINDS = {"GRU": "GRU", "LSTM": "LSTM", "SimpleRNN": "RNN"}
# layers that change nothing outside training
NOTHING = {"InputLayer", "Dropout", "SpatialDropout1D", "GaussianNoise", "Masking"}
LARGEST_CONFIG, LARGEST_WEIGHTS = 64 * 2**20, 4 * 2**30


def read_keras(path: str | Path) -> p.Plan:
    """The plan of the recurrent layers of a Keras model: GRU (both reset forms), LSTM, SimpleRNN, Bidirectional.

    Other layers before the first and after the last of them are left out; `features` names them.

    Raises:
        ModelError: the file is damaged, or its layers have settings that a plan cannot say.
    """
    file = Path(path)
    h5py = require("h5py", "keras")
    try:
        with damaged(file), zipfile.ZipFile(file) as archive:
            config = json.loads(_member(archive, CONFIG, LARGEST_CONFIG))
            chosen, left_out = _chosen(config["config"]["layers"])
            with h5py.File(io.BytesIO(_member(archive, WEIGHTS, LARGEST_WEIGHTS)), "r") as weights:
                groups = _groups(h5py, weights)
                layers = [_layer(entry, groups, name) for entry, name in chosen]
        return stacked(layers, {"from": "keras", "left_out": left_out})
    except UNREADABLE as error:
        reason = " ".join(str(error).split()).removesuffix(".")[:200]
        raise ModelError(f"{file} must be a file that Keras saved; it cannot be read: {reason}.") from error


def _member(archive: zipfile.ZipFile, name: str, largest: int) -> bytes:
    size = archive.getinfo(name).file_size
    if size > largest:
        raise ModelError(f"{name} must have at most {largest} bytes; it has {size}.")
    return archive.read(name)


def _chosen(entries: list[dict[str, Any]]) -> tuple[list[tuple[dict[str, Any], str]], list[str]]:
    """The recurrent layers with the names of their weights, and the names of the layers around them."""
    counts: dict[str, int] = {}
    chosen: list[tuple[dict[str, Any], str]] = []
    around: list[str] = []
    before = 0
    for entry in entries:
        kind = entry["class_name"]
        # Keras counts the layers of a class: gru, gru_1, ...
        number = counts[kind] = counts.get(kind, -1) + 1
        snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", kind).lower()
        if kind in KINDS or kind == "Bidirectional":
            if chosen and len(around) > before:
                raise ModelError(f"Recurrent layers must follow each other; {around[-1]!r:.80} stands between them.")
            chosen.append((entry, snake if number == 0 else f"{snake}_{number}"))
        elif kind not in NOTHING:
            around.append(str(entry["config"].get("name", kind)))
        if not chosen:
            before = len(around)
    if not chosen:
        raise ModelError("The model must have a GRU, LSTM or SimpleRNN; it has none.")
    return chosen, around


def _groups(h5py: Any, weights: Any) -> dict[str, list[Any]]:
    """Arrays 0, 1, ... of every cell by the path of its layer, such as "gru" or "bidirectional/forward_layer"."""
    found: dict[str, list[Any]] = {}

    def visit(path: str, item: Any) -> None:
        parts = path.split("/")
        if isinstance(item, h5py.Group) and parts[-2:] == ["cell", "vars"]:
            here = [name for name in parts[:-2] if name not in ("layers", "_layer_checkpoint_dependencies")]
            arrays = [item[str(number)] for number in range(len(item))]
            if any(array.size > 2**28 for array in arrays):
                raise ModelError(f"The weights {path!r:.80} must have at most {2**28} numbers; they have more.")
            found["/".join(here)] = [np.asarray(array[()], np.float64) for array in arrays]

    weights.visititems(visit)
    return found


def _layer(entry: dict[str, Any], groups: dict[str, list[Any]], name: str) -> Layer:
    names, config = [name, str(entry["config"].get("name", ""))], entry["config"]
    if entry["class_name"] != "Bidirectional":
        kind, settings = _settings(entry)
        if config.get("go_backwards"):
            raise ModelError(f"The layer {names[1]!r:.80} must read forward; it reads backward alone.")
        return Layer(KINDS[kind], (_weights(kind, groups, names),), settings)
    kind, settings = _settings(config["layer"])
    if config.get("merge_mode") != "concat":
        raise ModelError(f"merge_mode of {names[1]!r:.80} must be 'concat'; it is {config.get('merge_mode')!r:.40}.")
    ways = ("forward_layer", "backward_layer")
    return Layer(KINDS[kind], tuple(_weights(kind, groups, [f"{n}/{way}" for n in names]) for way in ways), settings)


def _settings(entry: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The kind of a recurrent layer, and what its cell needs to know; ModelError for what a plan cannot say."""
    kind, config = entry["class_name"], entry["config"]
    if kind not in KINDS:
        raise ModelError(f"A recurrent layer must be {', '.join(KINDS)}; got {kind!r:.80}.")
    wanted = {"activation": "tanh"} | ({} if kind == "SimpleRNN" else {"recurrent_activation": "sigmoid"})
    for name, word in wanted.items():
        if config.get(name) != word:
            raise ModelError(f"{name} of {config.get('name')!r:.80} must be {word!r}; it is {config.get(name)!r:.80}.")
    return kind, {"reset_after": bool(config["reset_after"])} if kind == "GRU" else {}


def _weights(kind: str, groups: dict[str, list[Any]], names: list[str]) -> Any:
    for name in names:
        arrays = groups.get(name, [])
        if len(arrays) in (2, 3):
            return from_keras(kind, *arrays)
    raise ModelError(f"The weights of {names[0]!r:.80} must be in the file; they are not.")
