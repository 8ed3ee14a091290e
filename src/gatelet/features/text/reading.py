"""Labelled texts from CSV, Parquet, JSON Lines, folders of text files and dataframes."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gatelet.errors import DataError
from gatelet.features.table import read_table

JSON_LINES = {".jsonl", ".ndjson"}
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True)
class TextColumns:
    """The columns of a table of texts, or the keys of a JSON line.

    Attributes:
        text: the text.
        label: its class, or its classes (`separator`, or a list in JSON Lines and dataframes).
        slots: one label per space-separated word in BIO: O, B-kind, I-kind; None for none.
        separator: between the classes of one text, such as ","; None where a text has exactly one class.

    Raises:
        DataError: a column plays two parts.
    """

    text: str = "text"
    label: str = "label"
    slots: str | None = None
    separator: str | None = None

    def __post_init__(self) -> None:
        names = [name for name in (self.text, self.label, self.slots) if name is not None]
        for name in names:
            if names.count(name) > 1:
                raise DataError(f"Column '{name}' can play one part only; got two.")
        if self.separator == "":
            raise DataError("separator must not be empty.")


@dataclass(frozen=True)
class Texts:
    """N texts and what is known of them.

    Attributes:
        texts: (N).
        labels: (N) the classes of each, one unless there is a separator; None where there are no labels.
        slots: (N) the slot labels of the words of each, or None.
        places: (N) where each stands, for errors: "train.csv, row 3".
    """

    texts: tuple[str, ...]
    labels: tuple[tuple[str, ...], ...] | None
    slots: tuple[tuple[str, ...], ...] | None
    places: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.texts)

    def take(self, rows: Sequence[int]) -> Texts:
        """Some of the texts."""

        def chosen(values: tuple[Any, ...] | None) -> Any:
            return None if values is None else tuple(values[row] for row in rows)

        return Texts(chosen(self.texts), chosen(self.labels), chosen(self.slots), chosen(self.places))


def read_texts(data: Any, columns: TextColumns, *, labelled: bool = True) -> Texts:
    """Read texts.

    Args:
        data: a CSV, Parquet or JSON Lines (.jsonl) file; a folder with one subfolder of .txt files per label, or with
            .txt files where no labels are needed; a dataframe; a list of texts where no labels are needed; or Texts,
            given back as they are.
        columns: which column plays which part; a folder has none.
        labelled: labels (and slots, if there is a column of them) are needed; else they are not read.

    Raises:
        DataError: no such file or column, text that is not UTF-8 (file and byte offset), a label missing, or as many
            slot labels as words expected and others given (file and row).
    """
    if isinstance(data, Texts):
        return data
    if isinstance(data, str | Path):
        path = Path(data)
        if path.is_dir():
            return _read_folder(path, labelled)
        if path.suffix.lower() in JSON_LINES:
            return _from_columns(*read_json_lines(path), columns, labelled, str(path))
    elif isinstance(data, list | tuple) and all(isinstance(text, str) for text in data):
        return _from_list(data, labelled)
    table = read_table(data)
    wanted = _needed(columns, labelled)
    values = {name: table.column(name).to_list() for name in wanted}
    return _from_columns(values, [table.where(row) for row in range(len(table))], columns, labelled, table.source)


def decoded(path: Path) -> str:
    """The content of a text file, perhaps gzipped.

    Raises:
        DataError: no such file, or not UTF-8; the text names the file and the byte offset.
    """
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
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path} must be UTF-8; got byte 0x{error.object[error.start]:02x} at offset {error.start}."
        ) from error


def split_lines(text: str) -> list[str]:
    """The lines of a text, which end at line feeds alone; none of an empty text."""
    return [line.removesuffix("\r") for line in text.removesuffix("\n").split("\n")] if text else []


def _needed(columns: TextColumns, labelled: bool) -> list[str]:
    names = (columns.text, columns.label, columns.slots) if labelled else (columns.text,)
    return [name for name in names if name is not None]


def _from_list(texts: Sequence[str], labelled: bool) -> Texts:
    if labelled:
        raise DataError("Texts to learn from or to score must come with labels; got a list of texts alone.")
    if not texts:
        raise DataError("The list of texts is empty.")
    return Texts(tuple(texts), None, None, tuple(f"text {number}" for number in range(len(texts))))


def read_json_lines(path: Path) -> tuple[dict[str, list[Any]], list[str]]:
    """The values of each key, None where a line lacks it, and the place of each line.

    Raises:
        DataError: no such file, not UTF-8, or a line that is no object in JSON.
    """
    rows, places = [], []
    for number, line in enumerate(decoded(path).split("\n"), 1):
        if not line.strip():
            continue
        place = f"{path}, row {number}"
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise DataError(
                f"{place}: expected an object in JSON; got {line.strip()!r:.60} ({error!s:.100})."
            ) from error
        if not isinstance(row, dict):
            raise DataError(f"{place}: expected an object in JSON; got {line.strip()!r:.60}.")
        rows.append(row)
        places.append(place)
    if not rows:
        raise DataError(f"{path} is empty.")
    keys = dict.fromkeys(key for row in rows for key in row)
    return {key: [row.get(key) for row in rows] for key in keys}, places


def _read_folder(path: Path, labelled: bool) -> Texts:
    files = sorted(path.glob("*/*.txt" if labelled else "**/*.txt"))
    if not files:
        wanted = "one subfolder of .txt files per label" if labelled else ".txt files"
        raise DataError(f"{path} must hold {wanted}; it holds none.")
    labels = tuple((file.parent.name,) for file in files) if labelled else None
    return Texts(tuple(map(decoded, files)), labels, None, tuple(map(str, files)))


def _from_columns(
    values: dict[str, list[Any]], places: list[str], columns: TextColumns, labelled: bool, source: str
) -> Texts:
    for name in _needed(columns, labelled):
        if name not in values:
            raise DataError(f"{source} has no column '{name}'; it has {', '.join(list(values)[:12])}.")
    texts = tuple(as_text(value, place) for value, place in zip(values[columns.text], places, strict=True))
    if not labelled:
        return Texts(texts, None, None, tuple(places))
    pairs = zip(values[columns.label], places, strict=True)
    labels = tuple(_labels(value, columns, place) for value, place in pairs)
    slots = None
    if columns.slots is not None:
        rows = zip(values[columns.slots], texts, places, strict=True)
        slots = tuple(_slots(value, text, columns.slots, place) for value, text, place in rows)
    return Texts(texts, labels, slots, tuple(places))


def as_text(value: Any, place: str) -> str:
    """A value of a table or a JSON line as text: nothing as "", words in a list with spaces between them.

    Raises:
        DataError: it is neither text nor a number.
    """
    if _missing(value):
        return ""
    if isinstance(value, list) and all(isinstance(word, str) for word in value):
        return " ".join(value)
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return str(value)
    raise DataError(f"{place}: expected a text; got {value!r:.60}.")


def _labels(value: Any, columns: TextColumns, place: str) -> tuple[str, ...]:
    """The classes of one text: one, or with a separator any number, none included."""
    if columns.separator is None:
        if _missing(value) or isinstance(value, list) or not str(value).strip():
            raise DataError(f"{place}, column '{columns.label}': expected a label; got {_shown(value)}.")
        return (_written(value),)
    parts = value if isinstance(value, list) else _written("" if _missing(value) else value).split(columns.separator)
    return tuple(dict.fromkeys(name for part in parts if (name := _written(part))))


def _slots(value: Any, text: str, column: str, place: str) -> tuple[str, ...]:
    parts = tuple(map(str, value)) if isinstance(value, list) else tuple(str("" if _missing(value) else value).split())
    words = text.split()
    if len(parts) != len(words):
        raise DataError(f"{place}, column '{column}': expected {len(words)} labels, one per word; got {len(parts)}.")
    for part in parts:
        if part != "O" and part[:2] not in ("B-", "I-"):
            raise DataError(f"{place}, column '{column}': expected O, B-kind or I-kind; got {part!r:.60}.")
    return parts


def _written(value: Any) -> str:
    """A label as text: 3.0 as "3"."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()


def _missing(value: Any) -> bool:
    """None, or pandas' NaN."""
    return value is None or (isinstance(value, float) and value != value)


def _shown(value: Any) -> str:
    return "none" if _missing(value) or value == "" else f"{value!r:.60}"
