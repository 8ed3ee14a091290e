"""A table from a file or a dataframe, which remembers where its rows came from."""

from __future__ import annotations

import csv
import difflib
import gzip
import io
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
from numpy.typing import NDArray

from gatelet.errors import DataError, require

_GZIP = b"\x1f\x8b"
_SEPARATORS = ",;\t|"
_PARQUET = {".parquet", ".pq"}


@dataclass(frozen=True)
class Table:
    """Columns of equal length.

    Attributes:
        frame: the rows. The columns of a CSV file are all text here; `gatelet.features.values` reads them.
        source: what errors call the table: the file's path, or "the table".
        numbers: (R,) number of each row in errors: the line of a CSV file, counted from 1 with the header; the row of a
            Parquet file, counted from 1; the row of a dataframe, counted from 0.
    """

    frame: nw.DataFrame[Any]
    source: str
    numbers: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.numbers)

    def column(self, name: str) -> nw.Series[Any]:
        """The column of this name.

        Raises:
            DataError: there is none; the text proposes the nearest name.
        """
        names = self.frame.columns
        if name not in names:
            near = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
            hint = f"; did you mean '{near[0]}'?" if near else f"; it has {_listed(names)}."
            raise DataError(f"{self.source} has no column '{name}'{hint}")
        return self.frame[name]

    def where(self, row: int, column: str | None = None) -> str:
        """A place in the table, in words: "weather.csv, row 17, column 'temp'"."""
        place = f"{self.source}, row {self.numbers[row]}"
        return place if column is None else f"{place}, column '{column}'"


def read_table(data: Any) -> Table:
    """Read a table.

    Args:
        data: path of a CSV file (also gzipped; UTF-8; separated by comma, semicolon, tab or bar; first line the names)
            or of a Parquet file; or a dataframe that narwhals takes (polars, pandas, pyarrow, ..., eager or lazy); or
            a table, which is given back.

    Raises:
        DataError: no such file, not a table, or a table without rows.
    """
    if isinstance(data, Table):
        return data
    if isinstance(data, (str, Path)):
        path = Path(data)
        table = _read_parquet(path) if path.suffix.lower() in _PARQUET else _read_csv(path)
    else:
        try:
            frame = nw.from_native(data)
        except TypeError as error:
            raise DataError(
                f"Data must be the path of a CSV or Parquet file or a dataframe; got {type(data).__name__}."
            ) from error
        if isinstance(frame, nw.LazyFrame):
            frame = frame.collect("polars")
        table = Table(frame, "the table", np.arange(len(frame), dtype=np.int64))
    if len(table) == 0:
        raise DataError(f"{table.source} has no rows.")
    return table


def _listed(names: list[str], limit: int = 12) -> str:
    shown = ", ".join(names[:limit])
    return f"{shown}, ... ({len(names)} columns)" if len(names) > limit else shown


def _content(path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise DataError(f"There is no file {path}.") from error
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}.") from error
    if content.startswith(_GZIP):
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError, zlib.error) as error:
            raise DataError(f"{path} is a damaged gzip file.") from error
    if not content.strip():
        raise DataError(f"{path} is empty.")
    return content


def _read_csv(path: Path) -> Table:
    pl = require("polars", "train")
    raw = _content(path)
    content = raw.removeprefix(b"\xef\xbb\xbf")
    if b"\0" in content:
        raise DataError(f"{path} must be a CSV text file in UTF-8 or a Parquet file (.parquet); it holds binary data.")
    first_line = len(content) - len(content.lstrip(b"\r\n"))
    blank_lines = content[:first_line].count(b"\n")
    header = content[first_line:].split(b"\n", 1)[0].decode("utf-8", "replace").rstrip("\r")
    separator = max(_SEPARATORS, key=header.count)
    names = next(csv.reader([header], delimiter=separator))
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise DataError(f"{path} has more than one column '{repeated[0]}'.")
    try:
        frame = pl.read_csv(io.BytesIO(content), infer_schema=False, separator=separator)
    except pl.exceptions.PolarsError as error:
        raise DataError(
            _csv_fault(path, content, separator, len(names), len(raw) - len(content))
            or f"{path} is no CSV file: {error}"
        ) from error
    numbers = np.arange(frame.height, dtype=np.int64) + 2 + blank_lines
    blank = frame.select(pl.all_horizontal(pl.all().is_null()).alias("blank"))["blank"].to_numpy()
    if blank.any():
        frame, numbers = frame.filter(~pl.Series(blank)), numbers[~blank]
    return Table(nw.from_native(frame, eager_only=True), str(path), numbers)


def _csv_fault(path: Path, content: bytes, separator: str, width: int, skipped: int) -> str | None:
    """Why the CSV reader refused this content, looked up slowly; `skipped` bytes of the file stand before it."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        place = f"got byte 0x{content[error.start]:02x} at offset {error.start + skipped}"
        return f"{path}, row {line}: text must be UTF-8; {place}."
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        for row in reader:
            if len(row) > width:
                return f"{path}, row {reader.line_num}: expected {width} values as in the header; got {len(row)}."
    except csv.Error as error:
        return f"{path}, row {reader.line_num}: {error}."
    return None


def _read_parquet(path: Path) -> Table:
    pl = require("polars", "train")
    content = _content(path)
    try:
        frame = pl.read_parquet(io.BytesIO(content))
    except (pl.exceptions.PolarsError, OSError) as error:
        raise DataError(f"{path} is no readable Parquet file.") from error
    return Table(nw.from_native(frame, eager_only=True), str(path), np.arange(1, frame.height + 1, dtype=np.int64))
