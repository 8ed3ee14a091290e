"""Word vectors that others have trained, in the text format of GloVe and fastText, from a file of the user's."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Collection
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gatelet.errors import DataError


def read_vectors(path: str | Path, wanted: Collection[str]) -> tuple[list[str], NDArray[np.float32]]:
    """Read the vectors of some words; one word and its numbers a line, an opening line of two counts is skipped.

    Args:
        path: of the file, perhaps gzipped.
        wanted: words to look for; the file may hold millions of others.

    Returns:
        the words found, in the order of the file, and their vectors (W, E).

    Raises:
        DataError: no such file, not UTF-8 (file and byte offset), vectors of different sizes (file and line), or none
            of the words is there.
    """
    path = Path(path)
    found: dict[str, NDArray[np.float32]] = {}
    size, offset = 0, 0
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
            for number, line in enumerate(stream, 1):
                word, *values = _fields(path, line, offset)
                offset += len(line)
                if number == 1 and len(values) == 1:  # fastText: how many words, how many numbers
                    continue
                size = size or len(values)
                if len(values) != size or not size:
                    raise DataError(f"{path}, row {number}: expected {size or 'some'} numbers; got {len(values)}.")
                if word in wanted and word not in found:
                    found[word] = _vector(path, number, values)
    except FileNotFoundError as error:
        raise DataError(f"There is no file {path}.") from error
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}.") from error
    if not found:
        raise DataError(f"{path} must hold vectors of words that the texts have; it holds none of them.")
    return list(found), np.stack(list(found.values()))


def _fields(path: Path, line: bytes, offset: int) -> list[str]:
    """The word, which may hold no ASCII space, and its numbers."""
    try:
        return line.decode("utf-8").rstrip(" \r\n").split(" ")
    except UnicodeDecodeError as error:
        place = offset + error.start
        raise DataError(f"{path} must be UTF-8; got byte 0x{line[error.start]:02x} at offset {place}.") from error


def _vector(path: Path, number: int, values: list[str]) -> NDArray[np.float32]:
    try:
        vector = np.array(values, np.float32)
    except ValueError as error:
        raise DataError(f"{path}, row {number}: expected numbers after the word; {error}.") from error
    if not np.isfinite(vector).all():
        raise DataError(
            f"{path}, row {number}: expected finite numbers; got {values[int(np.argmin(np.isfinite(vector)))]}."
        )
    return vector
