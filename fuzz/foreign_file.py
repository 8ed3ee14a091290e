"""Damaged files of other libraries: each becomes a plan, or is refused with an error of gatelet.

The first byte of an input chooses the kind of file. "k" is the JSON of a Keras file, a zero, and its HDF5, which are
put into an archive here, since no mutation would hit the checksums of one.
"""

from __future__ import annotations

import tempfile
import zipfile
from pathlib import Path

from folders import CUT, memory

from gatelet.deploy.importing import import_file
from gatelet.deploy.importing.keras_files import CONFIG, WEIGHTS
from gatelet.deploy.npz import read_npz
from gatelet.errors import GateletError

ONNX, SAFETENSORS, KERAS, ARCHIVE, NPZ = b"o", b"s", b"k", b"a", b"n"
SUFFIXES = {ONNX: ".onnx", SAFETENSORS: ".safetensors", KERAS: ".keras", ARCHIVE: ".keras", NPZ: ".npz"}


def one(data: bytes) -> None:
    """Read a file."""
    kind, content = data[:1], data[1:]
    if kind not in SUFFIXES:
        return
    with tempfile.TemporaryDirectory(prefix="gatelet-fuzz-", dir=memory()) as name:
        file = Path(name) / f"file{SUFFIXES[kind]}"
        if kind == KERAS:
            config, _, weights = content.partition(CUT)
            with zipfile.ZipFile(file, "w") as archive:
                archive.writestr(CONFIG, config)
                archive.writestr(WEIGHTS, weights)
        else:
            file.write_bytes(content)
        try:
            read_npz(file) if kind == NPZ else import_file(file)
        except GateletError as error:
            if len(str(error).splitlines()) != 1:
                raise AssertionError(f"An error must be one line; got {str(error)!r}.") from error
