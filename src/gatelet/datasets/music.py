"""Public music: chorales as notes, chorales and folk tunes as piano rolls."""

from __future__ import annotations

import json

import numpy as np
from numpy.typing import NDArray

from gatelet.datasets.matlab import read_mat
from gatelet.datasets.registry import folder
from gatelet.errors import DataError

LOWEST_KEY = 21
"""MIDI number of the first of the 88 keys of a piano roll."""

_ROLLS = {"chorales": "JSB_Chorales.mat", "nottingham": "Nottingham.mat"}


def chorales() -> dict[str, list[list[tuple[int, ...]]]]:
    """Bach chorales by split (train, validation, test): for each quarter note the MIDI numbers that sound, ascending.

    Up to four voices sound at once; a rest is an empty tuple.
    """
    raw = json.loads((folder("chorales") / "jsb-chorales-quarter.json").read_text(encoding="utf-8"))
    names = {"train": "train", "valid": "validation", "test": "test"}
    return {name: [[tuple(chord) for chord in piece] for piece in raw[key]] for key, name in names.items()}


def piano_rolls(name: str = "nottingham") -> dict[str, list[NDArray[np.uint8]]]:
    """Piano rolls of "chorales" or "nottingham" by split (train, validation, test): arrays (T, 88) of 0 and 1.

    Raises:
        DataError: no such music.
    """
    if name not in _ROLLS:
        raise DataError(f"Piano rolls must be of {' or '.join(_ROLLS)}; got {name!r}.")
    variables = read_mat(folder(name) / _ROLLS[name])
    keys = {"train": "traindata", "validation": "validdata", "test": "testdata"}
    return {split: [piece.astype(np.uint8) for piece in variables[key]] for split, key in keys.items()}
