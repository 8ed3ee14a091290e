"""Lines of text, or raw samples, to records: what a stream is given before it knows what a model wants."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

import numpy as np

from gatelet.errors import DataError

FORMATS = ("csv", "jsonl", "text", "s16", "f32")
# raw samples that are read at once, at most: a tenth of a second of what comes slowly must not wait
CHUNK = 4096

Record = dict[str, Any] | list[Any] | str


def csv_records(lines: Iterable[str]) -> Iterator[tuple[int, Record | DataError]]:
    """Records by the names in the first line, with the numbers of their lines; a bad line is an error in its place."""
    header: list[str] | None = None
    for number, line in enumerate(lines, 1):
        try:
            fields = next(csv.reader([line.rstrip("\r\n")], strict=True), [])
        except csv.Error as error:
            yield number, DataError(f"line {number}: expected fields between commas; {error}.")
            continue
        if not fields:
            continue
        if header is None:
            header = [name.strip().removeprefix("\ufeff") for name in fields]
        elif len(fields) != len(header):
            yield number, DataError(f"line {number}: expected {len(header)} columns; got {len(fields)}.")
        else:
            yield number, dict(zip(header, fields, strict=True))


def json_records(lines: Iterable[str]) -> Iterator[tuple[int, Record | DataError]]:
    """Objects or lists, one a line."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as error:
            yield number, DataError(f"line {number}: expected one JSON value; {error!s:.100}.")
            continue
        if isinstance(record, dict | list):
            yield number, record
        else:
            yield number, DataError(f"line {number}: expected a JSON object or list; got {record!r:.40}.")


def text_records(lines: Iterable[str]) -> Iterator[tuple[int, Record | DataError]]:
    """Lines as they are."""
    for number, line in enumerate(lines, 1):
        yield number, line.rstrip("\r\n")


def raw_records(source: BinaryIO, kind: str, channels: int) -> Iterator[tuple[int, Record | DataError]]:
    """Little-endian samples, 16-bit integers (made -1 to 1) or 32-bit floats, a frame of so many channels each."""
    size, scale = (2, 1 / 32768) if kind == "s16" else (4, 1.0)
    frame, held, number = size * channels, b"", 0
    read = getattr(source, "read1", source.read)
    while block := read(CHUNK * frame):
        held += block
        whole = len(held) // frame * frame
        samples = np.frombuffer(held[:whole], "<i2" if kind == "s16" else "<f4").reshape(-1, channels)
        held = held[whole:]
        for row in samples.astype(np.float64) * scale:
            number += 1
            yield number, row.tolist()
    if held:
        yield number + 1, DataError(f"frame {number + 1}: expected {frame} bytes; the input ends after {len(held)}.")
