"""Public recordings of speech: digits, commands, prompts, synthetic accents."""

from __future__ import annotations

import csv
import json
import re
import wave
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gatelet.datasets.registry import folder
from gatelet.errors import DataError

_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


@dataclass(frozen=True)
class Clip:
    """A recording and what is known of it.

    Attributes:
        path: the WAV file; `read_wave` reads it.
        text: what is said.
        speaker: who speaks.
        accent: the accent, "" if unknown.
        split: "train", "validation" or "test".
    """

    path: Path
    text: str
    speaker: str
    accent: str
    split: str


def read_wave(path: Path) -> tuple[NDArray[np.int16], int]:
    """Samples (T,) and sampling rate in Hz of a WAV file with one channel of 16 bits.

    Raises:
        DataError: no WAV file, or another kind.
    """
    try:
        with wave.open(str(path)) as file:
            channels, width = file.getnchannels(), file.getsampwidth()
            if (channels, width) != (1, 2):
                raise DataError(f"{path} must have one channel of 16 bits; it has {channels} of {8 * width}.")
            return np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.int16), file.getframerate()
    except (wave.Error, EOFError) as error:
        raise DataError(f"{path} is no WAV file of plain samples: {error}.") from error


def fsdd() -> list[Clip]:
    """Spoken digits "zero" to "nine" at 8 kHz; of each speaker and digit, takes 0 to 4 are for testing."""
    top = folder("fsdd")
    speakers = json.loads((top / "speakers.json").read_text(encoding="utf-8"))
    clips = []
    for file in sorted((top / "recordings").glob("*.wav")):
        digit, speaker, take = file.stem.split("_")
        split = "test" if int(take) < 5 else "train"
        clips.append(Clip(file, _DIGITS[int(digit)], speaker, speakers[speaker]["accent"], split))
    return clips


def speech_commands_mini() -> list[Clip]:
    """Thirty words at 16 kHz, ten recordings each, split as Speech Commands v0.01 lists them."""
    top = folder("speech_commands_mini") / "speech_commands_v0.01"
    split = {
        name: part
        for part, listing in (("test", "testing_list.txt"), ("validation", "validation_list.txt"))
        for name in (top / listing).read_text(encoding="utf-8").split()
    }
    clips = []
    for file in sorted(top.glob("*/*.wav")):
        name = f"{file.parent.name}/{file.name}"
        clips.append(Clip(file, file.parent.name, file.stem.partition("_nohash_")[0], "", split.get(name, "train")))
    return clips


def asterisk_en() -> list[Clip]:
    """Telephone prompts of one speaker at 8 kHz; prompts without speech are left out.

    The CRC32 of a prompt's name modulo 10 decides: 0 is for testing, 1 for validation.
    """
    top = folder("asterisk_en")
    clips = []
    for line in (top / "en.txt").read_text(encoding="utf-8").splitlines():
        name, colon, remark = line.partition(":")
        # Remarks such as [this is a beep] are not said.
        text = " ".join(re.sub(r"\[[^]]*\]|\([^)]*\)|<[^>]*>", " ", remark).split())
        file = top / "wav" / f"{name}.wav"
        if line.startswith(";") or not colon or not text or not file.exists():
            continue
        split = {0: "test", 1: "validation"}.get(zlib.crc32(name.encode()) % 10, "train")
        clips.append(Clip(file, text, "Allison Smith", "en-us", split))
    return clips


def accent_synth() -> list[Clip]:
    """Synthetic words and phrases at 8 kHz in 8 English accents; all are "train", since accents divide them."""
    top = folder("accent_synth")
    with (top / "manifest.csv").open(encoding="utf-8", newline="") as file:
        return [
            Clip(top / row["file"], row["text"], f"{row['engine']} {row['accent_or_voice']} {row['variant']}".strip(),
                 row["accent_or_voice"], "train")
            for row in csv.DictReader(file)
        ]  # fmt: skip
