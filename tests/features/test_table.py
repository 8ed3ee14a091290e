import gzip
from pathlib import Path

import polars as pl
import pytest

from gatelet.errors import DataError
from gatelet.features import read_table


def write(path: Path, content: bytes | str) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_csv_keeps_text_and_line_numbers(tmp_path: Path) -> None:
    table = read_table(write(tmp_path / "a.csv", "ds,y\r\n1,2\r\n\r\n3,x\r\n"))
    assert table.frame.to_dict(as_series=False) == {"ds": ["1", "3"], "y": ["2", "x"]}
    assert table.where(1, "y") == f"{tmp_path / 'a.csv'}, row 4, column 'y'"


def test_blank_lines_before_the_header_count(tmp_path: Path) -> None:
    assert read_table(write(tmp_path / "a.csv", "\n\nds,y\n1,2\n")).numbers.tolist() == [4]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_separators_and_byte_order_mark(tmp_path: Path, separator: str) -> None:
    text = f"ds{separator}y\n1{separator}2\n".encode()
    assert read_table(write(tmp_path / "a.csv", b"\xef\xbb\xbf" + text)).frame.columns == ["ds", "y"]


def test_gzip_parquet_and_frames(tmp_path: Path) -> None:
    frame = pl.DataFrame({"ds": [1, 2], "y": [0.5, None]})
    frame.write_parquet(tmp_path / "a.parquet")
    frame.write_csv(tmp_path / "a.csv")
    write(tmp_path / "a.csv.gz", gzip.compress((tmp_path / "a.csv").read_bytes()))
    assert len(read_table(str(tmp_path / "a.csv.gz"))) == 2
    parquet = read_table(tmp_path / "a.parquet")
    assert parquet.frame.to_native().equals(frame)
    assert parquet.numbers.tolist() == [1, 2]
    assert read_table(frame.lazy()).frame.to_native().equals(frame)
    assert read_table(frame).where(1) == "the table, row 1"
    assert read_table(parquet) is parquet


def test_no_such_column_proposes_the_nearest() -> None:
    table = read_table(pl.DataFrame({"unique_id": ["a"], "temperature": [1.0]}))
    with pytest.raises(DataError) as caught:
        table.column("temprature")
    assert str(caught.value) == "the table has no column 'temprature'; did you mean 'temperature'?"
    with pytest.raises(DataError, match="has no column 'y'; it has unique_id, temperature."):
        table.column("y")


PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.csv", b"", "a.csv is empty."),
        ("a.csv", b" \n\n", "a.csv is empty."),
        ("a.csv", b"ds,y\n", "a.csv has no rows."),
        ("a.csv", PNG, "a.csv must be a CSV text file in UTF-8 or a Parquet file (.parquet); it holds binary data."),
        ("a.csv", b"ds,y\n1,2\n2,caf\xe9\n", "a.csv, row 3: text must be UTF-8; got byte 0xe9 at offset 14."),
        ("a.csv", b"ds,y\n1,2\n1,2,3\n", "a.csv, row 3: expected 2 values as in the header; got 3."),
        ("a.csv", b"ds,y,y\n1,2,3\n", "a.csv has more than one column 'y'."),
        ("a.csv.gz", gzip.compress(b"ds,y\n1,2\n", mtime=0)[:-9], "a.csv.gz is a damaged gzip file."),
        ("a.csv.gz", gzip.compress(b"", mtime=0), "a.csv.gz is empty."),
        ("a.parquet", b"ds,y\n1,2\n", "a.parquet is no readable Parquet file."),
        ("a.parquet", b"", "a.parquet is empty."),
    ],
)
def test_bad_files_get_one_sentence(tmp_path: Path, name: str, content: bytes, sentence: str) -> None:
    with pytest.raises(DataError) as caught:
        read_table(write(tmp_path / name, content))
    assert str(caught.value) == f"{tmp_path}/{sentence}"


def test_no_file_and_no_table(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"There is no file .*missing.csv\."):
        read_table(tmp_path / "missing.csv")
    with pytest.raises(DataError, match="cannot be read: Is a directory."):
        read_table(tmp_path)
    with pytest.raises(DataError, match="or a dataframe; got int."):
        read_table(3)
    with pytest.raises(DataError, match="the table has no rows."):
        read_table(pl.DataFrame({"y": []}))
