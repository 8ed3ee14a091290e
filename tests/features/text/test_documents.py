"""Documents from wherever text stands, and their end held out."""

import gzip
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from gatelet.errors import DataError
from gatelet.features.text import lines_of, read_documents, split_end


def test_every_form_gives_documents(tmp_path: Path) -> None:
    (tmp_path / "tale.txt").write_text("Once\nupon a time\n", encoding="utf-8")
    (tmp_path / "tale.gz").write_bytes(gzip.compress("été\n".encode()))
    (tmp_path / "folder").mkdir()
    for name in ("b", "a"):
        (tmp_path / "folder" / f"{name}.txt").write_text(name)
    frame = pl.DataFrame({"text": ["one", "two"], "label": ["x", "y"]})
    frame.write_csv(tmp_path / "rows.csv")
    (tmp_path / "rows.jsonl").write_text('{"tale": "one"}\n{"tale": "two"}\n')
    assert read_documents(tmp_path / "tale.txt") == ("Once\nupon a time\n",)
    assert read_documents(str(tmp_path / "tale.gz")) == ("été\n",)
    assert read_documents(tmp_path / "folder") == ("a", "b")
    assert read_documents(tmp_path / "rows.csv") == read_documents(frame) == ("one", "two")
    assert read_documents(frame, "label") == ("x", "y")
    assert read_documents(tmp_path / "rows.jsonl", "tale") == ("one", "two")
    assert read_documents(["one", ""]) == ("one", "")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "must hold text; it holds none."),
        (b" \n\t\n", "must hold text; it holds none."),
        (b"caf\xe9", "tale.txt must be UTF-8; got byte 0xe9 at offset 3."),
    ],
)
def test_files_that_are_no_text(content: bytes, words: str, tmp_path: Path) -> None:
    (tmp_path / "tale.txt").write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_documents(tmp_path / "tale.txt")
    assert words in str(caught.value)


@pytest.mark.parametrize("data", [[], ["", " "], "none.txt"], ids=str)
def test_nothing_to_read(data: Any) -> None:
    with pytest.raises(DataError):
        read_documents(data)


def test_lines_are_plain() -> None:
    assert lines_of("e\u0301te\u0301 \t là\r\n\n \x07x\u200f\n") == ["été là", "", "x"]
    assert lines_of("") == [""]
    assert lines_of("a\n\n") == ["a", ""]


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5])
def test_the_end_of_one_text_is_cut_between_lines(share: float) -> None:
    lines = [f"line {number}" for number in range(100)]
    (first,), (second,) = split_end(["\n".join(lines)], share)
    assert first.split("\n") + second.split("\n") == lines
    assert abs(len(second) - share * len("\n".join(lines))) < 10


def test_small_documents_stay_whole() -> None:
    documents = [f"row {number:02}" for number in range(50)]
    first, second = split_end(documents, 0.1)
    assert list(first + second) == documents and len(second) == 5
    first, second = split_end(["one", "two"], 0.5)
    assert (first, second) == (("one",), ("two",))


def test_one_line_is_cut_between_words_and_one_word_anywhere() -> None:
    assert split_end(["aaa bbb ccc"], 0.3) == (("aaa bbb",), ("ccc",))
    assert split_end(["aaaabbbb"], 0.5) == (("aaaa",), ("bbbb",))
    with pytest.raises(DataError, match="long enough to be parted"):
        split_end(["a"], 0.1)
