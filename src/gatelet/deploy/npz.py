"""A plan as one `.npz` file: weights by name, and what is done with them as JSON."""

from __future__ import annotations

import json
import lzma
import tokenize
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatelet.deploy.comparison import compare
from gatelet.deploy.examples import frames
from gatelet.errors import ExportError, ModelError
from gatelet.plan import EncoderDecoder, Plan, interpret
from gatelet.plan.operation import Operation
from gatelet.plan.storing import LARGEST_PLAN, damaged, described, plans_of, rebuilt

NAME = "model.npz"
DOCUMENT = "plan"
# of all arrays together, when unpacked
LARGEST = 4 * 2**30
# what comes out of an archive that is damaged
UNREADABLE = (
    *(OSError, zipfile.BadZipFile, EOFError, zlib.error, lzma.LZMAError, tokenize.TokenError),
    *(NotImplementedError, RuntimeError, UnicodeError),
)


def write_npz(folder: Path, model: Plan | EncoderDecoder, settings: dict[str, Any]) -> None:
    """Write `model.npz`: arrays such as "h0.weight_ih", and under "plan" the JSON that names them."""
    arrays: dict[str, NDArray[Any]] = {}
    document = {}
    for name, plan in plans_of(model).items():
        head = "" if isinstance(model, Plan) else f"{name}."

        def place(operation: Operation, key: str, array: NDArray[Any], head: str = head) -> dict[str, str]:
            arrays[f"{head}{operation.outputs[0]}.{key}"] = array
            return {"file": NAME, "name": f"{head}{operation.outputs[0]}.{key}"}

        document[name] = described(plan, place)
    if DOCUMENT in arrays:
        raise ExportError(f"No weight may be called {DOCUMENT!r} in a file of NumPy; one is.")
    text = json.dumps(document, ensure_ascii=False, allow_nan=False)
    np.savez(folder / NAME, allow_pickle=False, **arrays, **{DOCUMENT: np.array(text)})


def read_npz(path: str | Path) -> Plan | EncoderDecoder:
    """The plan in a file that `gatelet export --to npz` wrote.

    Raises:
        ModelError: it is not there, or damaged.
    """
    file = Path(path)
    try:
        with zipfile.ZipFile(file) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > LARGEST:
                raise ModelError(f"{file} must unpack to at most {LARGEST} bytes; it is larger.")
        with damaged(file), np.load(file, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
            text = arrays.pop(DOCUMENT)
            if text.dtype.kind != "U" or text.shape != () or text.nbytes > 4 * LARGEST_PLAN:
                raise ModelError(f"{DOCUMENT} must be one text; it is not.")
            codec = "utf-32-be" if text.dtype.str.startswith(">") else "utf-32-le"  # str() takes what is no character
            return rebuilt(json.loads(text.tobytes().decode(codec).rstrip("\0")), {NAME: arrays})
    except UNREADABLE as error:
        reason = " ".join(str(error).split()).removesuffix(".")[:200]
        raise ModelError(f"{file} must be a file that gatelet wrote for NumPy; it cannot be read: {reason}.") from error


def check_npz(folder: Path, model: Plan | EncoderDecoder, settings: dict[str, Any]) -> dict[str, float]:
    """Read the file back and compare what it computes with the plan; see `compare`."""
    found = read_npz(folder / NAME)
    for name, plan in plans_of(model).items():
        other = plans_of(found).get(name)
        if other is None or other.digest != plan.digest:
            raise ExportError(f"{folder / NAME} must hold the plan; it holds another.")
        rows = frames(plan, 2)
        compare(name, interpret.whole(plan, rows[:1]), interpret.whole(other, rows[:1]))
    return {"read back": 0.0}
