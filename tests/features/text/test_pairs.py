"""Pairs of texts from whatever people keep them in."""

import gzip
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from gatelet.errors import DataError
from gatelet.features.text import PairColumns, Pairs, read_pairs

EXPECTED = Pairs(("ein Hund", "zwei, drei", "قطة 👩‍👩‍👧"), ("a dog", "two; three", "a cat"))


def written(folder: Path, kind: str) -> Any:
    table = pl.DataFrame({"de": EXPECTED.sources, "en": EXPECTED.targets})
    path = folder / f"pairs.{kind}"
    if kind == "csv":
        table.write_csv(path)
    elif kind == "parquet":
        table.write_parquet(path)
    elif kind == "jsonl":
        path.write_text("\n".join(json.dumps(row) for row in table.to_dicts()) + "\n\n", encoding="utf-8")
    elif kind == "files":
        for side in ("de", "en"):
            (folder / side).write_bytes("\r\n".join(table[side]).encode())
        return folder / "de", folder / "en"
    return {"frame": table, "list": list(zip(EXPECTED.sources, EXPECTED.targets, strict=True))}.get(kind, path)


@pytest.mark.parametrize("kind", ["csv", "parquet", "jsonl", "files", "frame", "list"])
def test_every_form_holds_the_same_pairs(kind: str, tmp_path: Path) -> None:
    assert read_pairs(written(tmp_path, kind), PairColumns("de", "en")) == EXPECTED


@pytest.mark.parametrize("kind", ["csv", "jsonl", "frame"])
def test_targets_are_not_read_where_they_are_not_needed(kind: str, tmp_path: Path) -> None:
    found = read_pairs(written(tmp_path, kind), PairColumns("de", "none"), targets=False)
    assert found == Pairs(EXPECTED.sources)


def test_lines_end_at_line_feeds_alone(tmp_path: Path) -> None:
    path = tmp_path / "lines.de"
    path.write_bytes("\ufeffone\u2028still one\r\n\n\u0085three\x0b\n".encode())
    assert read_pairs(path, PairColumns(), targets=False).sources == ("one\u2028still one", "", "\u0085three\x0b")


def test_gzipped_lines(tmp_path: Path) -> None:
    path = tmp_path / "lines.de.gz"
    path.write_bytes(gzip.compress("zwei Hündchen\neins\n".encode()))
    assert read_pairs(path, PairColumns(), targets=False).sources == ("zwei Hündchen", "eins")
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(DataError, match="is a damaged gzip file"):
        read_pairs((path, path), PairColumns())


def test_blank_sides_are_left_out() -> None:
    assert Pairs(("a", " ", "b"), ("c", "d", "")).both() == Pairs(("a",), ("c",))
    with pytest.raises(DataError, match="none of 1 has"):
        Pairs(("",), ("a",)).both()


def test_errors(tmp_path: Path) -> None:
    (tmp_path / "short").write_text("one\n")
    (tmp_path / "long").write_text("one\ntwo\n")
    (tmp_path / "wrong").write_bytes(b"caf\xe9\n")
    (tmp_path / "empty").write_text(" \n")
    (tmp_path / "a.jsonl").write_text('{"source": "a"}\n')
    columns = PairColumns()
    cases: list[tuple[Any, str]] = [
        ((tmp_path / "short", tmp_path / "long"), "must have a line for each other's lines; they have 1 and 2."),
        ((tmp_path / "wrong", tmp_path / "long"), "wrong must be UTF-8; got byte 0xe9 at offset 3."),
        ((tmp_path / "nowhere", tmp_path / "long"), "There is no file"),
        ((tmp_path / "empty", tmp_path / "long"), "empty is empty."),
        (tmp_path / "a.jsonl", "has no column 'target'; it has source."),
        (["a"], "must come with targets; got a list of texts alone."),
        ([], "The list of texts is empty."),
        ([("a", "b"), ("a",)], "pair 1: expected a source and a target; got ('a',)."),
        (pl.DataFrame({"source": ["a"]}), "has no column 'target'"),
    ]
    for data, words in cases:
        with pytest.raises(DataError) as caught:
            read_pairs(data, columns)
        assert words in str(caught.value)
    with pytest.raises(DataError, match="can play one part only"):
        PairColumns("a", "a")
