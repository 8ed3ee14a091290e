"""Public signals: heartbeats, intensive care, machines, vowels."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gatelet.datasets.registry import folder
from gatelet.errors import DataError, require

if TYPE_CHECKING:
    import polars

AAMI_CLASSES = ("N", "S", "V", "F", "Q")
"""Classes of heartbeats after ANSI/AAMI EC57: normal, supraventricular, ventricular, fusion, unknown."""


@dataclass(frozen=True)
class Recording:
    """One record of `mitbih`.

    Attributes:
        signal: (T,) int16 samples at 180 Hz.
        beats: (B,) sample at which each beat peaks.
        classes: (B,) place of each beat's class in `AAMI_CLASSES`.
        symbols: (B,) the annotation of the database, such as N, L, V.
        lead: the lead that was recorded.
    """

    signal: NDArray[np.int16]
    beats: NDArray[np.int32]
    classes: NDArray[np.int8]
    symbols: NDArray[np.str_]
    lead: str


@dataclass(frozen=True)
class Examples:
    """Labelled sequences: N sequences (T, C) and their (N,) classes as text."""

    sequences: list[NDArray[np.float64]]
    labels: NDArray[np.str_]


def mitbih() -> dict[str, Recording]:
    """The 22 records DS1 of the MIT-BIH arrhythmia database by record number; one record is one patient."""
    recordings: dict[str, Recording] = {}
    with np.load(folder("mitbih") / "mitbih_ds1_180hz.npz", allow_pickle=False) as arrays:
        for name in sorted(key.removeprefix("sig_") for key in arrays.files if key.startswith("sig_")):
            signal, beats, classes, symbols = (arrays[f"{key}_{name}"] for key in ("sig", "beat", "aami", "sym"))
            recordings[name] = Recording(signal, beats, classes, symbols, str(arrays[f"lead_{name}"]))
    return recordings


def ecg5000() -> tuple[Examples, Examples]:
    """Training (500) and test (4,500) heartbeats of one patient: 140 samples, one channel, classes "1" to "5"."""
    top = folder("ecg5000")
    return read_ts(top / "ECG5000_TRAIN.ts.gz"), read_ts(top / "ECG5000_TEST.ts.gz")


def japanese_vowels() -> tuple[Examples, Examples]:
    """Training (270) and test (370) vowels: 7 to 29 steps of 12 cepstral channels, speakers "1" to "9"."""
    top = folder("japanese_vowels")
    return read_ts(top / "JapaneseVowels_TRAIN.ts"), read_ts(top / "JapaneseVowels_TEST.ts")


def physionet2012() -> tuple[polars.DataFrame, polars.DataFrame]:
    """Stays in intensive care, set A.

    Returns:
        the measurements: stay, minutes since admission, parameter, value; -1 stands for unknown in some parameters, as
        in the source;
        the outcomes: stay, died (in hospital), and the severity scores saps and sofa.
    """
    pl = require("polars", "train")
    top = folder("physionet2012")
    raw: polars.DataFrame = pl.read_csv(top / "set-a.csv.gz", schema_overrides={"Value": pl.Float64})
    clock = pl.col("Time").str.split(":").cast(pl.List(pl.Int64))
    measurements = raw.select(
        pl.col("RecordID").alias("stay"),
        (60 * clock.list.get(0) + clock.list.get(1)).alias("minutes"),
        pl.col("Parameter").alias("parameter"),
        pl.col("Value").alias("value"),
    )
    table: polars.DataFrame = pl.read_csv(top / "Outcomes-a.txt")
    outcomes = table.select(
        pl.col("RecordID").alias("stay"),
        (pl.col("In-hospital_death") == 1).alias("died"),
        pl.col("SAPS-I").alias("saps"),
        pl.col("SOFA").alias("sofa"),
    )
    return measurements, outcomes


def skab() -> dict[str, polars.DataFrame]:
    """Runs of a water loop at 1 Hz by name, such as "valve1/0".

    Each has ds, eight sensors, and anomaly and changepoint (0 or 1); "anomaly-free/anomaly-free" has no labels.
    """
    pl = require("polars", "train")
    top = folder("skab") / "data"
    runs: dict[str, polars.DataFrame] = {}
    for file in sorted(top.rglob("*.csv")):
        raw = pl.read_csv(file, separator=";", infer_schema_length=None)
        times = pl.col("datetime").str.to_datetime("%Y-%m-%d %H:%M:%S", time_unit="us").alias("ds")
        runs[file.relative_to(top).with_suffix("").as_posix()] = raw.select(
            times, pl.exclude("datetime").cast(pl.Float64)
        )
    return runs


def ucr_anomaly() -> dict[str, polars.DataFrame]:
    """Series 135 of the UCR anomaly archive ("train" and "test") and a Daphnet run ("S06R02E0").

    Each has timestamp, its channels, and is_anomaly (0 or 1).
    """
    pl = require("polars", "train")
    top = folder("ucr_anomaly")
    series = "135_UCR_Anomaly_InternalBleeding16"
    files = {"train": f"{series}_TRAIN.csv", "test": f"{series}_TEST.csv", "S06R02E0": "S06R02E0.csv"}
    return {name: pl.read_csv(top / file) for name, file in files.items()}


def read_ts(file: Path) -> Examples:
    """Read a file in the .ts format of timeseriesclassification.com: channels between colons, the class last.

    Raises:
        DataError: the file has no data section.
    """
    content = file.read_bytes()
    lines = (gzip.decompress(content) if file.suffix == ".gz" else content).decode("utf-8").splitlines()
    begin = next((number + 1 for number, line in enumerate(lines) if line.strip().lower() == "@data"), None)
    if begin is None:
        raise DataError(f"{file} must have a line @data; it has none.")
    sequences, labels = [], []
    for line in lines[begin:]:
        if line.strip():
            *channels, label = line.split(":")
            sequences.append(np.array([np.array(channel.split(","), np.float64) for channel in channels]).T)
            labels.append(label.strip())
    return Examples(sequences, np.array(labels))
