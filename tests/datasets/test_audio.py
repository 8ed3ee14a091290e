import wave
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from gatelet.datasets import audio
from gatelet.errors import DataError


def test_fsdd(shared_data: Path) -> None:
    clips = audio.fsdd()
    assert Counter(clip.split for clip in clips) == {"train": 2700, "test": 300}
    assert len({clip.speaker for clip in clips}) == 6 and len({clip.text for clip in clips}) == 10
    samples, rate = audio.read_wave(clips[0].path)
    assert samples.dtype == np.int16 and len(samples) > 1000 and rate == 8000


def test_speech_commands_mini(shared_data: Path) -> None:
    clips = audio.speech_commands_mini()
    assert len(clips) == 300 and len({clip.text for clip in clips}) == 30
    assert set(Counter(clip.split for clip in clips)) == {"train", "validation", "test"}


def test_asterisk_en(shared_data: Path) -> None:
    clips = audio.asterisk_en()
    texts = {clip.path.stem: clip.text for clip in clips}
    assert 480 <= len(clips) <= 580 and texts["activated"] == "Activated." and texts["at"] == "at"
    assert "beep" not in texts and not any(sign in text for text in texts.values() for sign in "[<")


def test_accent_synth(shared_data: Path) -> None:
    clips = audio.accent_synth()
    assert len(clips) == 1900 and all(clip.path.exists() and clip.accent for clip in clips)


def test_other_files_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.wav"
    with wave.open(str(file), "wb") as writer:
        writer.setnchannels(2)
        writer.setsampwidth(1)
        writer.setframerate(8000)
        writer.writeframes(b"\x80" * 20)
    with pytest.raises(DataError, match="a.wav must have one channel of 16 bits; it has 2 of 8."):
        audio.read_wave(file)
    file.write_bytes(b"no sound")
    with pytest.raises(DataError, match="a.wav is no WAV file of plain samples"):
        audio.read_wave(file)
