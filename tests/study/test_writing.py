import json
from pathlib import Path

import pytest

from gatelet.errors import GateletError
from gatelet.study.results import Study
from gatelet.study.writing import STUDY_FILES, check_study_folder, write_study


def test_a_study_is_written_whole(study: Study, out: Path) -> None:
    write_study(study, out)
    assert {path.name for path in out.iterdir()} == set(STUDY_FILES)
    written = json.loads((out / "study.json").read_text(encoding="utf-8"))
    assert written == json.loads(json.dumps(study.to_json()))
    assert (written["format"], written["version"]) == ("gatelet-study", 1)
    assert written["recommendation"] == study.recommendation
    assert [cell["variant"]["name"] for cell in written["cells"]] == ["GRU 9", "LSTM 8"]
    assert "runs" not in written
    assert (out / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_what_is_there_is_spared_unless_asked(study: Study, out: Path) -> None:
    write_study(study, out)
    with pytest.raises(GateletError, match="must be a new or empty folder"):
        check_study_folder(out)
    check_study_folder(out, overwrite=True)
    (out / "notes.txt").touch()
    with pytest.raises(GateletError, match="also holds notes.txt"):
        write_study(study, out, overwrite=True)


def test_rows_are_for_a_table(study: Study) -> None:
    rows = study.rows()
    assert [row["model"] for row in rows] == ["GRU 9", "LSTM 8", "seasonal naive", "persistence", "window mean"]
    assert rows[0]["mase_low"] <= rows[0]["mase"] <= rows[0]["mase_high"]
    assert rows[0]["parameters"] == study.runs[0].forecaster.num_parameters
    assert "parameters" not in rows[-1]
