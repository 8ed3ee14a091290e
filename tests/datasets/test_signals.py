from pathlib import Path

import numpy as np
import pytest

from gatelet.datasets import signals
from gatelet.errors import DataError


def test_mitbih(shared_data: Path) -> None:
    recordings = signals.mitbih()
    assert len(recordings) == 22 and all(recording.lead == "MLII" for recording in recordings.values())
    one = recordings["101"]
    assert one.signal.dtype == np.int16 and len(one.beats) == len(one.classes) == len(one.symbols)
    assert one.beats.max() < len(one.signal)


def test_ecg5000_and_japanese_vowels(shared_data: Path) -> None:
    train, test = signals.ecg5000()
    assert (len(train.sequences), len(test.sequences)) == (500, 4500)
    assert {sequence.shape for sequence in train.sequences} == {(140, 1)}
    train, test = signals.japanese_vowels()
    assert (len(train.labels), len(test.labels)) == (270, 370)
    lengths = [len(sequence) for sequence in train.sequences + test.sequences]
    assert (min(lengths), max(lengths)) == (7, 29) and train.sequences[0].shape[1] == 12
    assert set(train.labels) == set("123456789")


def test_physionet2012(shared_data: Path) -> None:
    measurements, outcomes = signals.physionet2012()
    assert outcomes["died"].sum() == 554 and len(outcomes) == 4000
    assert measurements["minutes"].max() == 48 * 60 and measurements["value"].null_count() == 0


def test_skab_and_ucr_anomaly(shared_data: Path) -> None:
    runs = signals.skab()
    assert len(runs) == 35 and runs["valve1/0"].width == 11 and runs["anomaly-free/anomaly-free"].width == 9
    series = signals.ucr_anomaly()
    assert {name: len(table) for name, table in series.items()} == {"train": 1200, "test": 7501, "S06R02E0": 7040}


def test_ts_format(tmp_path: Path) -> None:
    file = tmp_path / "a.ts"
    file.write_text("#remark\n@problemName a\n@data\n1,2,3:4,5,6:yes\n7:8:no\n")
    examples = signals.read_ts(file)
    np.testing.assert_array_equal(examples.sequences[0], [[1, 4], [2, 5], [3, 6]])
    assert examples.sequences[1].shape == (1, 2) and examples.labels.tolist() == ["yes", "no"]
    file.write_text("1,2:yes\n")
    with pytest.raises(DataError, match="a.ts must have a line @data; it has none."):
        signals.read_ts(file)
