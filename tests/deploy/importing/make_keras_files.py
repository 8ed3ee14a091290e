"""Writes the files of `keras_files/` with Keras itself, and what its layers say; the tests need no Keras to read them.

    python -m venv keras-venv && keras-venv/bin/pip install keras==3.15.1 torch h5py
    KERAS_BACKEND=torch keras-venv/bin/python tests/deploy/importing/make_keras_files.py

Every model has recurrent layers that give all their states; one has other layers around these. `outputs.npz`
holds, by the name of the file, the input and the states of the last recurrent layer.
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).parent / "keras_files"
INPUTS, UNITS, STEPS = 3, 5, 7


def models(layers: Any) -> dict[str, list[Any]]:
    """The layers of each file."""
    all_states = {"return_sequences": True}
    return {
        "gru_after": [layers.GRU(UNITS, **all_states)],
        "gru_before": [layers.GRU(UNITS, reset_after=False, **all_states)],
        "gru_without_bias": [layers.GRU(UNITS, use_bias=False, **all_states)],
        "lstm": [layers.LSTM(UNITS, **all_states)],
        "simple_rnn": [layers.SimpleRNN(UNITS, **all_states)],
        "bidirectional_gru": [layers.Bidirectional(layers.GRU(UNITS, **all_states))],
        "bidirectional_lstm": [layers.Bidirectional(layers.LSTM(UNITS, **all_states))],
        "stack": [
            layers.Dense(4, name="before"),
            layers.GRU(UNITS, **all_states),
            layers.Dropout(0.2),
            layers.GRU(UNITS + 1, reset_after=False, name="second", **all_states),
            layers.Bidirectional(layers.LSTM(UNITS, **all_states), name="both"),
            layers.Dense(2, name="head"),
        ],
    }


def deflate(file: Path) -> None:
    """The same members, compressed: Keras does not, and most of its bytes are zeros."""
    with zipfile.ZipFile(file) as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist()}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def main() -> None:
    """Write all files."""
    import keras  # type: ignore[import-not-found]

    FOLDER.mkdir(exist_ok=True)
    rng = np.random.default_rng(0)
    kept: dict[str, Any] = {}
    for name, chosen in models(keras.layers).items():
        model = keras.Sequential([keras.Input((None, INPUTS)), *chosen])
        model.set_weights([0.5 * rng.standard_normal(weight.shape).astype(np.float32) for weight in model.weights])
        model.save(FOLDER / f"{name}.keras")
        deflate(FOLDER / f"{name}.keras")
        recurrent = [layer for layer in model.layers if not layer.__class__.__name__.startswith(("Dense", "Dropout"))]
        x = rng.standard_normal((1, STEPS, INPUTS)).astype(np.float32)
        given = model.layers[0](x) if name == "stack" else x
        states = keras.Model(model.inputs[0], recurrent[-1].output)(x)
        kept[f"{name}.x"] = np.array(keras.ops.convert_to_numpy(given))[0]
        kept[f"{name}.y"] = np.array(keras.ops.convert_to_numpy(states))[0]
    np.savez(FOLDER / "outputs.npz", **kept)


if __name__ == "__main__":
    main()
