"""A reader for the part of the MAT-file format that the piano rolls need: numbers and cells of numbers.

Source: MathWorks, MAT-File Format, level 5. Nothing in such a file is executed.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from gatelet.errors import DataError

_NUMBERS = {1: "i1", 2: "u1", 3: "<i2", 4: "<u2", 5: "<i4", 6: "<u4", 7: "<f4", 9: "<f8", 12: "<i8", 13: "<u8"}
_MATRIX, _COMPRESSED, _CELL = 14, 15, 1
_NUMERIC_CLASSES = range(6, 16)


def read_mat(path: Path) -> dict[str, Any]:
    """The variables of a MAT-file by name: arrays, and lists of arrays for cells in column order.

    Raises:
        DataError: not such a file, or it holds something else than numbers and cells.
    """
    content = path.read_bytes()
    if len(content) < 128 or content[126:128] != b"IM":
        raise DataError(f"{path} must be a little-endian MAT-file of level 5.")
    variables: dict[str, Any] = {}
    try:
        for kind, data in _elements(content[128:]):
            body = next(_elements(zlib.decompress(data))) if kind == _COMPRESSED else (kind, data)
            if body[0] == _MATRIX:
                name, value = _matrix(body[1])
                variables[name] = value
    except (struct.error, zlib.error, KeyError, ValueError, StopIteration) as error:
        raise DataError(f"{path} is a damaged MAT-file, or holds more than numbers and cells.") from error
    return variables


def _elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Type and content of each element; small elements keep their content within their 8 bytes of head."""
    place = 0
    while place < len(data):
        kind, size = struct.unpack_from("<II", data, place)
        if kind >> 16:
            kind, size, begin = kind & 0xFFFF, kind >> 16, place + 4
            place += 8
        else:
            begin = place + 8
            # Compressed elements are not padded to 8 bytes.
            place = begin + size + (0 if kind == _COMPRESSED else -size % 8)
        yield kind, data[begin : begin + size]


def _matrix(data: bytes) -> tuple[str, Any]:
    parts = list(_elements(data))
    kind = parts[0][1][0]
    shape = np.frombuffer(parts[1][1], "<i4")
    name = parts[2][1].decode("ascii")
    if kind == _CELL:
        return name, [_matrix(content)[1] for _, content in parts[3:]]
    if kind not in _NUMERIC_CLASSES:
        raise ValueError(f"class {kind} is not numeric")
    number, content = parts[3]
    return name, np.frombuffer(content, _NUMBERS[number]).reshape(shape, order="F")
