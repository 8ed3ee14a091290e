from pathlib import Path

import numpy as np
import pytest

from gatelet.datasets import matlab, music
from gatelet.errors import DataError


def test_chorales(shared_data: Path) -> None:
    pieces, rolls = music.chorales(), music.piano_rolls("chorales")
    assert [len(part) for part in pieces.values()] == [229, 76, 77]
    assert {roll.shape[1] for part in rolls.values() for roll in part} == {88}
    for split, part in pieces.items():
        for piece, roll in zip(part, rolls[split], strict=True):
            # two chorales differ by one beat between the two editions
            if len(piece) == len(roll):
                assert [set(chord) for chord in piece] == [
                    set(np.flatnonzero(beat) + music.LOWEST_KEY) for beat in roll
                ]


def test_nottingham(shared_data: Path) -> None:
    rolls = music.piano_rolls()
    assert [len(part) for part in rolls.values()] == [694, 173, 170]
    assert rolls["train"][0].dtype == np.uint8 and set(np.unique(rolls["train"][0])) == {0, 1}
    with pytest.raises(DataError, match="Piano rolls must be of chorales or nottingham; got 'jazz'."):
        music.piano_rolls("jazz")


def test_damaged_files(tmp_path: Path, shared_data: Path) -> None:
    file = tmp_path / "a.mat"
    file.write_bytes(b"MATLAB 7.3")
    with pytest.raises(DataError, match="a.mat must be a little-endian MAT-file of level 5."):
        matlab.read_mat(file)
    whole = (shared_data / "chorales" / "JSB_Chorales.mat").read_bytes()
    file.write_bytes(whole[:1000])
    with pytest.raises(DataError, match="a.mat is a damaged MAT-file, or holds more than numbers and cells."):
        matlab.read_mat(file)
