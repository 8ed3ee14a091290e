"""Pairs of texts, such as a sentence and its translation, from parallel files, tables and JSON Lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gatelet.errors import DataError
from gatelet.features.table import read_table
from gatelet.features.text.reading import JSON_LINES, as_text, decoded, read_json_lines, split_lines

TABLES = (".csv", ".parquet", ".pq", ".tsv")


@dataclass(frozen=True)
class PairColumns:
    """The columns of a table of pairs, or the keys of a JSON line.

    Attributes:
        source: the text to read.
        target: the text to write.

    Raises:
        DataError: a column plays both parts.
    """

    source: str = "source"
    target: str = "target"

    def __post_init__(self) -> None:
        if self.source == self.target:
            raise DataError(f"Column '{self.source}' can play one part only; got two.")


@dataclass(frozen=True)
class Pairs:
    """N texts and what is to be written for each.

    Attributes:
        sources: (N).
        targets: (N), or () where none are known.
    """

    sources: tuple[str, ...]
    targets: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.sources)

    def take(self, rows: Sequence[int]) -> Pairs:
        """Some of the pairs."""
        return Pairs(*(tuple(texts[row] for row in rows) if texts else () for texts in (self.sources, self.targets)))

    def both(self) -> Pairs:
        """Those that have words on both sides.

        Raises:
            DataError: there is none.
        """
        sides = zip(self.sources, self.targets, strict=True)
        rows = [row for row, (source, target) in enumerate(sides) if source.strip() and target.strip()]
        if not rows:
            raise DataError(f"Pairs must have words on both sides; none of {len(self)} has.")
        return self if len(rows) == len(self) else self.take(rows)


def read_pairs(data: Any, columns: PairColumns, *, targets: bool = True) -> Pairs:
    """Read pairs of texts.

    Args:
        data: two paths, of a file of sources and a file of targets, line by line; a CSV, Parquet or JSON Lines (.jsonl)
            file; a dataframe; a list of (source, target); or Pairs, given back as they are. Where no targets are
            needed, also a list of texts, or the path of a file of lines of any other name.
        columns: which column plays which part.
        targets: are needed; else they are not read.

    Raises:
        DataError: no such file or column, text that is not UTF-8 (file and byte offset), or two files with different
            numbers of lines.
    """
    if isinstance(data, Pairs):
        return data
    if isinstance(data, tuple) and len(data) == 2 and all(isinstance(path, Path) for path in data):
        return _read_parallel(*data)
    if isinstance(data, list | tuple):
        return _from_list(data, targets)
    path = Path(data) if isinstance(data, str | Path) else None
    if path and path.suffix.lower() in JSON_LINES:
        values, places = read_json_lines(path)
        return _from_columns(values, places, columns, targets, str(path))
    if path and not targets and not path.name.lower().removesuffix(".gz").endswith(TABLES):
        return Pairs(tuple(read_lines(path)))
    table = read_table(data)
    names = [columns.source, columns.target] if targets else [columns.source]
    values = {name: table.column(name).to_list() for name in names}
    return _from_columns(values, [table.where(row) for row in range(len(table))], columns, targets, table.source)


def read_lines(path: Path) -> list[str]:
    """The lines of a text file in UTF-8, perhaps gzipped, which end at line feeds alone.

    Raises:
        DataError: no such file, not UTF-8 (file and byte offset), or empty.
    """
    text = decoded(path)
    if not text.strip():
        raise DataError(f"{path} is empty.")
    return split_lines(text)


def _read_parallel(source: Path, target: Path) -> Pairs:
    sources, targets = read_lines(source), read_lines(target)
    if len(sources) != len(targets):
        raise DataError(
            f"{source} and {target} must have a line for each other's lines; they have {len(sources)} and "
            f"{len(targets)}."
        )
    return Pairs(tuple(sources), tuple(targets))


def _from_list(data: Sequence[Any], targets: bool) -> Pairs:
    if not data:
        raise DataError("The list of texts is empty.")
    if all(isinstance(text, str) for text in data):
        if targets:
            raise DataError("Texts to learn from or to score must come with targets; got a list of texts alone.")
        return Pairs(tuple(data))
    for number, pair in enumerate(data):
        if not (isinstance(pair, list | tuple) and len(pair) == 2 and all(isinstance(text, str) for text in pair)):
            raise DataError(f"pair {number}: expected a source and a target; got {pair!r:.60}.")
    return Pairs(tuple(pair[0] for pair in data), tuple(pair[1] for pair in data))


def _from_columns(
    values: dict[str, list[Any]], places: list[str], columns: PairColumns, targets: bool, source: str
) -> Pairs:
    names = (columns.source, columns.target) if targets else (columns.source,)
    for name in names:
        if name not in values:
            raise DataError(f"{source} has no column '{name}'; it has {', '.join(list(values)[:12])}.")
    return Pairs(*(tuple(map(as_text, values[name], places)) for name in names))
