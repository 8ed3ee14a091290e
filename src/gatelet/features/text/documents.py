"""Running text: whole documents from plain files, folders, tables and JSON Lines, and the lines in them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gatelet.errors import DataError
from gatelet.features.text.pairs import TABLES
from gatelet.features.text.reading import JSON_LINES, TextColumns, decoded, read_texts
from gatelet.features.text.splitting import plain


def read_documents(data: Any, column: str = "text") -> tuple[str, ...]:
    """Read documents.

    Args:
        data: a CSV, Parquet or JSON Lines (.jsonl) file or a dataframe with one document per row; a folder of .txt
            files, a document each; a file of any other name, perhaps gzipped, one document; or a list of documents.
        column: where a table has them.

    Raises:
        DataError: no such file or column, text that is not UTF-8 (file and byte offset), or no text at all.
    """
    source = str(data) if isinstance(data, str | Path) else "The data"
    documents = _read(data, column)
    if not any(document.strip() for document in documents):
        raise DataError(f"{source} must hold text; it holds none.")
    return documents


def lines_of(document: str) -> list[str]:
    """The lines of a document in Unicode's composed form, without what cannot be seen, a run of spaces as one."""
    return [plain_line(line) for line in document.removesuffix("\n").split("\n")]


def plain_line(line: str) -> str:
    """One of them."""
    return " ".join(plain(line).split())


def split_end(documents: Sequence[str], share: float) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Documents without their end, and that end: a contiguous part for validation.

    A document that is larger than the share is cut between two lines, or between two words where it has one line; a
    smaller one goes as a whole to where most of it lies.

    Args:
        documents: in their order.
        share: of all characters, in (0, 1).

    Raises:
        DataError: there are not two lines or words to be parted.
    """
    total = sum(map(len, documents))
    kept, place = round(total * (1.0 - share)), 0
    while place < len(documents) - 1 and kept >= len(documents[place]):
        kept -= len(documents[place])
        place += 1
    before, document, after = documents[:place], documents[place], documents[place + 1 :]
    if len(document) > share * total:
        head, tail = _cut(document, kept)
    else:
        head, tail = (document, "") if 2 * kept > len(document) else ("", document)
    first, second = (tuple(text for text in part if text.strip()) for part in ((*before, head), (tail, *after)))
    if not first or not second:
        raise DataError("The text must be long enough to be parted into training and validation; it is not.")
    return first, second


def _cut(document: str, place: int) -> tuple[str, str]:
    """Cut at the end of a line next to a place, or at a space."""
    for mark in ("\n", " "):
        for at in (document.find(mark, place), document.rfind(mark, 0, place)):
            if at >= 0 and document[:at].strip() and document[at + 1 :].strip():
                return document[:at], document[at + 1 :]
    return document[:place], document[place:]


def _read(data: Any, column: str) -> tuple[str, ...]:
    path = Path(data) if isinstance(data, str | Path) else None
    if path is not None and not path.is_dir():
        name = path.name.lower()
        if path.suffix.lower() not in JSON_LINES and not name.removesuffix(".gz").endswith(TABLES):
            return (decoded(path),)
    return read_texts(data, TextColumns(text=column, label=""), labelled=False).texts
