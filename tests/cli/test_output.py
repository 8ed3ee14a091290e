import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from gatelet.cli import output
from gatelet.errors import GateletError

FRAME = pl.DataFrame({"unique_id": ["a"] * 60, "ds": range(60), "y_hat": [float(i) for i in range(60)]})


def test_json_is_always_valid(capsys: pytest.CaptureFixture[str]) -> None:
    @dataclass(frozen=True)
    class Score:
        mae: float
        at: datetime

    output.print_json(
        {
            "scores": (Score(float("nan"), datetime(2013, 5, 1)), np.float32(0.5)),
            "matrix": np.array([[1.0, np.inf], [2.0, np.nan]]),
            "path": Path("a/b"),
            "ok": np.bool_(True),
            3: None,
        }
    )
    assert json.loads(capsys.readouterr().out) == {
        "scores": [{"mae": None, "at": "2013-05-01T00:00:00"}, 0.5],
        "matrix": [[1.0, None], [2.0, None]],
        "path": "a/b",
        "ok": True,
        "3": None,
    }


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_tables_are_written_whole(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"rows{suffix}"
    path.write_text("old")
    output.write_table(FRAME, path)
    read = pl.read_csv if suffix == ".csv" else pl.read_parquet
    assert read(path).equals(FRAME)
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_a_failed_write_leaves_the_old_table(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("old")
    nested = pl.DataFrame({"a": [[1, 2]]})  # CSV has no lists
    with pytest.raises(GateletError, match=r"rows\.csv was not written: "):
        output.write_table(nested, path)
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_places_are_checked_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("mine")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").touch()
    (tmp_path / "empty").mkdir()
    output.check_free(tmp_path / "empty", False)
    output.check_free(tmp_path / "full", True)
    output.check_table_file(tmp_path / "new.parquet", False)
    output.check_table_file(None, False)
    for path, message in [
        ("rows.csv", "is already there; give --overwrite"),
        ("no/rows.csv", r"cannot be written: the folder .*no does not exist\."),
        ("rows.xlsx", r"--out must end in \.csv or \.parquet; got 'rows\.xlsx'\."),
    ]:
        with pytest.raises(GateletError, match=message):
            output.check_table_file(tmp_path / path, False)
    with pytest.raises(GateletError, match="is already there; give --overwrite"):
        output.check_free(tmp_path / "full", False)


def test_a_long_frame_is_cut_on_the_screen_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output.show_frame("Forecast", FRAME, None, False)
    shown = capsys.readouterr()
    assert "Forecast" in shown.out and "y_hat" in shown.out
    assert len(shown.out.splitlines()) == output.ROWS_SHOWN + 2
    assert "12 more rows" in shown.err
    output.show_frame("Forecast", FRAME, None, True, model="m")
    told = json.loads(capsys.readouterr().out)
    assert len(told["rows"]) == 60 and told["model"] == "m"
    output.show_frame("Forecast", FRAME, tmp_path / "rows.csv", True)
    said = capsys.readouterr()
    assert json.loads(said.out) == {"out": str(tmp_path / "rows.csv"), "num_rows": 60}
    assert "Wrote 60 rows" in said.err


def test_markup_in_data_is_shown_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    output.print_table("T", ["id", "n"], [["[red]a[/red]", 1234567], ["b", None], ["c", 0.123456], ["d", float("nan")]])
    shown = capsys.readouterr().out
    assert "[red]a[/red]" in shown and "1,234,567" in shown and "0.1235" in shown
