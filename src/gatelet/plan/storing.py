"""Plans as files: `plan.json` for people to read, and their weights in `plan.safetensors`; nothing in them executes.

A weight that a file beside the plan holds already, such as the model's own `model.safetensors`, is not written again:
the plan names it there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from gatelet.errors import GateletError, ModelError
from gatelet.folders import new_folder
from gatelet.plan.catalogue import OPERATIONS
from gatelet.plan.operation import Operation, settings_of, weights_of
from gatelet.plan.plan import EncoderDecoder, Plan
from gatelet.plan.values import Value

FORMAT = "gatelet-plan"
VERSION = 1
PLAN = "plan.json"
WEIGHTS = "plan.safetensors"
OURS = (PLAN, WEIGHTS)
# the types of arrays that operations declare, and what is stored
ARRAYS = {"Weights": np.dtype("f4"), "Int8": np.dtype("i1"), "Int16": np.dtype("i2"), "Int32": np.dtype("i4")}
# a description of a plan is far smaller; what is larger is not read
LARGEST_PLAN = 64 * 2**20

Model = Plan | EncoderDecoder


def save_plan(model: Model, path: str | Path, *, overwrite: bool = False) -> Path:
    """Write a plan as a folder of its own, whole or not at all.

    Raises:
        ModelError: the folder is there and not empty, or cannot be written.
    """
    path = Path(path)
    try:
        with new_folder(path, overwrite=overwrite, ours=OURS) as building:
            write_plan(building, model)
    except GateletError as error:
        raise ModelError(f"The plan was not saved: {_one_line(error)}.") from error
    return path


def write_plan(folder: Path, model: Model, beside: Mapping[str, Mapping[str, NDArray[Any]]] | None = None) -> None:
    """Write a plan into a folder.

    Args:
        folder: that is there.
        model: what to write.
        beside: arrays by name, by the name of a file of that folder which holds them already.
    """
    from safetensors.numpy import save_file

    known = {
        _content(array): (file, name)
        for file, arrays in (beside or {}).items()
        for name, array in arrays.items()
        if array.dtype == np.float32
    }
    own: dict[str, NDArray[Any]] = {}
    plans = {
        name: described(plan, lambda _operation, _field, array, name=name: _place(array, known, own, name))  # type: ignore[misc]
        for name, plan in plans_of(model).items()
    }
    save_file(own, folder / WEIGHTS)
    files = [WEIGHTS, *sorted({file for file, _ in known.values()} - {WEIGHTS})]
    document = {
        "format": FORMAT,
        "version": VERSION,
        "plans": plans,
        "files": {file: _sha256(folder / file) for file in files},
    }
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1)
    (folder / PLAN).write_text(text + "\n", encoding="utf-8")


def load_plan(path: str | Path) -> Model:
    """Read a plan from its folder, or from that of a saved model.

    Raises:
        ModelError: there is none, or it is damaged or from a newer gatelet.
    """
    folder = Path(path)
    document = _document(folder)
    with damaged(folder / PLAN):
        arrays = {file: _arrays(folder, file, expected) for file, expected in _files(document)}
        return rebuilt(document["plans"], arrays)


def rebuilt(document: Any, arrays: dict[str, dict[str, NDArray[Any]]]) -> Model:
    """What `described` gave for each plan of a model, as that model; arrays by file and name.

    Raises:
        ModelError: it does not hold together; so may other errors that `damaged` turns into one.
    """
    plans = {name: _plan(values, arrays) for name, values in _entries(document).items()}
    if set(plans) == {"model"}:
        return plans["model"]
    if set(plans) == {"encoder", "decoder"}:
        return EncoderDecoder(plans["encoder"], plans["decoder"])
    raise ModelError(f"plans must be model, or encoder and decoder; got {', '.join(plans):.80}.")


def plans_of(model: Model) -> dict[str, Plan]:
    """The plans of a model by name."""
    if isinstance(model, EncoderDecoder):
        return {"encoder": model.encoder, "decoder": model.decoder}
    return {"model": model}


def described(plan: Plan, place: Callable[[Operation, str, NDArray[Any]], dict[str, str]]) -> dict[str, Any]:
    """A plan in the types that JSON has; `place` says where a weight lies, by its operation and field."""
    operations = [
        {"operation": type(operation).__name__}
        | settings_of(operation)
        | {name: place(operation, name, array) for name, array in weights_of(operation).items()}
        for operation in plan.operations
    ]
    return {
        "task": plan.task,
        "inputs": [asdict(value) for value in plan.inputs],
        "operations": operations,
        "outputs": [asdict(value) for value in plan.outputs],
        "features": dict(plan.features),
    }


def _place(
    array: NDArray[Any], known: dict[tuple[Any, ...], tuple[str, str]], own: dict[str, NDArray[Any]], plan: str
) -> dict[str, str]:
    """Where an array lies, which is put among our own if it lies nowhere yet."""
    content = _content(array)
    if content not in known:
        name = f"{plan}.{len(own)}"
        own[name] = np.ascontiguousarray(array)
        known[content] = (WEIGHTS, name)
    file, name = known[content]
    return {"file": file, "name": name}


def _content(array: NDArray[Any]) -> tuple[Any, ...]:
    return array.shape, array.dtype.str, hashlib.sha256(np.ascontiguousarray(array).data).digest()


def _document(folder: Path) -> dict[str, Any]:
    file = folder / PLAN
    try:
        if not file.is_file():
            raise ModelError(f"{folder} must be a folder that gatelet saved with a plan; it has no {PLAN}.")
        if file.stat().st_size > LARGEST_PLAN:
            raise ModelError(f"{file} must have at most {LARGEST_PLAN} bytes; it has {file.stat().st_size}.")
        document = json.loads(file.read_bytes())
    except OSError as error:
        raise ModelError(f"{file} cannot be read; {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{file} is damaged: it is not JSON ({error!s:.200}).") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ModelError(f"{file} does not describe a plan of gatelet.")
    version = document.get("version")
    if type(version) is not int or version < 1:
        raise ModelError(f"{file} is damaged: its version is {version!r:.80}.")
    if version > VERSION:
        raise ModelError(
            f"{file} was saved by a newer gatelet (format {version}, this one reads up to {VERSION}); "
            "update it with: pip install --upgrade gatelet"
        )
    return document


def _files(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Names of the files that hold weights, and their SHA-256."""
    for file, expected in _entries(document["files"]).items():
        if Path(file).name != file or not isinstance(expected, str) or not file.endswith(".safetensors"):
            raise ModelError(f"files must be names of weights beside the plan; got {file!r:.80}.")
        yield file, expected


def _arrays(folder: Path, file: str, expected: str) -> dict[str, NDArray[Any]]:
    import safetensors
    from safetensors.numpy import load_file

    if not (folder / file).is_file():
        raise ModelError(f"{folder} is damaged: it has no {file}.")
    try:
        if _sha256(folder / file) != expected:
            raise ModelError(f"{folder / file} is damaged: it is not the file that {PLAN} was saved with.")
        return load_file(folder / file)
    except (safetensors.SafetensorError, OSError, LookupError, TypeError) as error:
        raise ModelError(f"{folder / file} is damaged: {_one_line(error)}.") from error


def _plan(values: Any, arrays: dict[str, dict[str, NDArray[Any]]]) -> Plan:
    _need_keys("A plan", values, {"task", "inputs", "operations", "outputs", "features"})
    return Plan(
        values["task"],
        tuple(map(_value, _items("inputs", values["inputs"]))),
        tuple(_operation(each, arrays) for each in _items("operations", values["operations"])),
        tuple(map(_value, _items("outputs", values["outputs"]))),
        _entries(values["features"]),
    )


def _value(values: Any) -> Value:
    _need_keys("A value", values, {"name", "shape", "kind", "unit"})
    return Value(values["name"], tuple(_items("shape", values["shape"])), values["kind"], values["unit"])


def _operation(values: Any, arrays: dict[str, dict[str, NDArray[Any]]]) -> Operation:
    values = dict(_entries(values))
    word = values.pop("operation", None)
    if not isinstance(word, str) or word not in OPERATIONS:
        raise ModelError(f"An operation must be one that this gatelet knows; got {word!r:.80}.")
    kind = OPERATIONS[word]
    types = {field.name: str(field.type) for field in fields(cast(Any, kind))}
    unknown = sorted(set(values) - set(types))
    if unknown:
        raise ModelError(f"{word} must have only its own settings; it also has {unknown[0]!r:.80}.")
    given = {name: _setting(word, name, types[name], value, arrays) for name, value in values.items()}
    try:
        return kind(**given)
    except TypeError as error:
        raise ModelError(f"{word} must have all its settings; {error!s:.200}.") from error


def _setting(word: str, name: str, kind: str, value: Any, arrays: dict[str, dict[str, NDArray[Any]]]) -> Any:
    """A setting or a weight of the type that the operation declares."""
    stored = ARRAYS.get(kind.removesuffix(" | None"))
    if stored is not None:
        _need_keys(f"{name} of {word}", value, {"file", "name"})
        array = arrays.get(value["file"], {}).get(value["name"])
        if array is None or array.dtype != stored:
            raise ModelError(f"{name} of {word} must be {stored} numbers in a file beside the plan; it is not.")
        return array
    if kind.startswith("tuple"):
        part = str if "str" in kind else float
        items = tuple(_items(f"{name} of {word}", value))
        if not all(isinstance(item, part) for item in items):
            raise ModelError(f"{name} of {word} must be a list of {part.__name__}; it is not.")
        return items
    wanted: type = {"str": str, "int": int, "bool": bool, "float": float}[kind]
    if wanted is float and type(value) is int:
        return float(value)
    if type(value) is not wanted:
        raise ModelError(f"{name} of {word} must be a {wanted.__name__}; got {value!r:.80}.")
    return value


def _entries(values: Any) -> dict[str, Any]:
    if not isinstance(values, dict):
        raise ModelError(f"An entry of the plan must be an object; got {values!r:.80}.")
    return values


def _items(what: str, values: Any) -> list[Any]:
    if not isinstance(values, list):
        raise ModelError(f"{what} must be a list; got {values!r:.80}.")
    return values


def _need_keys(what: str, values: Any, keys: set[str]) -> None:
    if set(_entries(values)) != keys:
        raise ModelError(f"{what} must have the entries {', '.join(sorted(keys))}; got {', '.join(values):.120}.")


@contextmanager
def damaged(file: Path) -> Iterator[None]:
    """Turn what goes wrong when a plan does not hold together into a ModelError that names the file."""
    try:
        yield
    except ModelError as error:
        if str(file.parent) in str(error):
            raise
        raise ModelError(f"{file} is damaged: {_one_line(error)}.") from error
    except KeyError as error:
        raise ModelError(f"{file} is damaged: entry {error!s:.80} is missing.") from error
    except (TypeError, ValueError, LookupError, AttributeError, ArithmeticError, RecursionError) as error:
        raise ModelError(f"{file} is damaged: {_one_line(error)}.") from error


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()).removesuffix(".")[:300]


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
