"""`.keras` files, written here as Keras lays them out, beside Keras's equations."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from gatelet.deploy.importing import import_file
from gatelet.errors import ModelError
from gatelet.plan import interpret

h5py = pytest.importorskip("h5py")

Arrays = list[NDArray[Any]]
INPUTS, H, STEPS = 3, 4, 6


def entry(kind: str, name: str, **settings: Any) -> dict[str, Any]:
    config: dict[str, Any] = {"name": name, "activation": "tanh", "recurrent_activation": "sigmoid"} | settings
    return {"class_name": kind, "config": config}


def write(file: Path, layers: list[dict[str, Any]], groups: dict[str, Arrays]) -> Path:
    content = io.BytesIO()
    with h5py.File(content, "w") as weights:
        for path, arrays in groups.items():
            for number, array in enumerate(arrays):
                weights[f"layers/{path}/cell/vars/{number}"] = array
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("config.json", json.dumps({"class_name": "Sequential", "config": {"layers": layers}}))
        archive.writestr("model.weights.h5", content.getvalue())
    return file


def drawn(seed: int, gates: int, bias: tuple[int, ...], inputs: int = INPUTS) -> Arrays:
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(shape).astype(np.float32) for shape in ((inputs, gates * H), (H, gates * H), bias)]


def sigmoid(a: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(1 / (1 + np.exp(-a)))


def keras_gru(x: NDArray[Any], parts: Arrays) -> NDArray[Any]:
    """`keras.layers.GRU`, gates z, r, h; `reset_after` where the bias has two rows."""
    kernel, recurrent, bias = (part.astype(np.float64) for part in parts)
    after = bias.ndim == 2
    h, found = np.zeros(H), []
    for row in x:
        x_z, x_r, x_h = np.split(row @ kernel + (bias[0] if after else bias), 3)
        if after:
            h_z, h_r, h_h = np.split(h @ recurrent + bias[1], 3)
            z, r = sigmoid(x_z + h_z), sigmoid(x_r + h_r)
            new = np.tanh(x_h + r * h_h)
        else:
            u_z, u_r, u_h = np.split(recurrent, 3, 1)
            z, r = sigmoid(x_z + h @ u_z), sigmoid(x_r + h @ u_r)
            new = np.tanh(x_h + (r * h) @ u_h)
        h = z * h + (1 - z) * new
        found.append(h)
    return np.array(found)


def keras_lstm(x: NDArray[Any], parts: Arrays) -> NDArray[Any]:
    """`keras.layers.LSTM`, gates i, f, c, o."""
    kernel, recurrent, bias = (part.astype(np.float64) for part in parts)
    h, c, found = np.zeros(H), np.zeros(H), []
    for row in x:
        i, f, g, o = np.split(row @ kernel + h @ recurrent + bias, 4)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        found.append(h)
    return np.array(found)


@pytest.mark.parametrize("after", [True, False])
def test_both_resets_of_the_gru(tmp_path: Path, after: bool) -> None:
    parts = drawn(0, 3, (2, 3 * H) if after else (3 * H,))
    layers = [entry("InputLayer", "in"), entry("GRU", "mine", reset_after=after), entry("Dense", "head")]
    plan = import_file(write(tmp_path / "m.keras", layers, {"gru": parts}))
    x = np.random.default_rng(1).standard_normal((STEPS, INPUTS))
    found = interpret.whole(plan, [{"x": row} for row in x])["y"]
    np.testing.assert_allclose(found, keras_gru(x, parts), rtol=0, atol=1e-12)
    assert plan.features["left_out"] == ["head"]


def test_lstms_and_both_directions(tmp_path: Path) -> None:
    first, forth, back = drawn(0, 4, (4 * H,)), drawn(1, 4, (4 * H,), H), drawn(2, 4, (4 * H,), H)
    both = {"class_name": "Bidirectional", "config": {"name": "b", "merge_mode": "concat", "layer": entry("LSTM", "l")}}
    groups = {"lstm": first, "bidirectional/forward_layer": forth, "bidirectional/backward_layer": back}
    layers = [entry("LSTM", "a"), entry("Dropout", "d"), both]
    plan = import_file(write(tmp_path / "m.keras", layers, groups))
    x = np.random.default_rng(1).standard_normal((STEPS, INPUTS))
    middle = keras_lstm(x, first)
    expected = np.concatenate([keras_lstm(middle, forth), keras_lstm(middle[::-1], back)[::-1]], 1)
    found = interpret.step(plan, {"x": x}, interpret.start(plan))[0]["y"]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


SAVED = Path(__file__).parent / "keras_files"


@pytest.mark.parametrize("file", sorted(SAVED.glob("*.keras")), ids=lambda file: file.stem)
def test_files_that_keras_saved(file: Path) -> None:
    """Beside what Keras said of them, in float32; make_keras_files.py wrote both."""
    outputs = np.load(SAVED / "outputs.npz")
    x, y = outputs[f"{file.stem}.x"], outputs[f"{file.stem}.y"]
    plan = import_file(file)
    whole = not plan.streamed
    found = (
        interpret.step(plan, {"x": x}, interpret.start(plan))[0]
        if whole
        else interpret.whole(plan, [{"x": row} for row in x])
    )
    np.testing.assert_allclose(found["y"], y, rtol=0, atol=1e-6)
    assert plan.features["left_out"] == (["before", "head"] if file.stem == "stack" else [])


def test_all_files_that_keras_saved_are_there() -> None:
    assert len(list(SAVED.glob("*.keras"))) == 8


def test_what_cannot_be_said(tmp_path: Path) -> None:
    parts = drawn(0, 3, (2, 3 * H))

    def refused(reason: str, *layers: dict[str, Any], groups: dict[str, Arrays] | None = None) -> None:
        with pytest.raises(ModelError, match=reason):
            import_file(write(tmp_path / "m.keras", list(layers), {"gru": parts} if groups is None else groups))

    gru = entry("GRU", "g", reset_after=True)
    refused("activation of 'g' must be 'tanh'", entry("GRU", "g", reset_after=True, activation="relu"))
    refused("must read forward", entry("GRU", "g", reset_after=True, go_backwards=True))
    refused("'dense' stands between", gru, entry("Dense", "dense"), entry("GRU", "h", reset_after=True))
    refused("it has none", entry("Dense", "dense"))
    refused("must be in the file", gru, groups={})
    refused("gru", gru, groups={"gru": parts[:1]})
    refused("must be", gru, groups={"gru": [parts[0], parts[1][:2]]})


def test_damaged_files(tmp_path: Path) -> None:
    whole = write(tmp_path / "m.keras", [entry("GRU", "g", reset_after=True)], {"gru": drawn(0, 3, (2, 3 * H))})
    content = whole.read_bytes()
    for number, damaged in enumerate((b"", content[: len(content) // 2], content.replace(b"HDF", b"XXX"))):
        file = tmp_path / f"{number}.keras"
        file.write_bytes(damaged)
        with pytest.raises(ModelError, match=f"{number}.keras"):
            import_file(file)
