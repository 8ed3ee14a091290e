"""Exports: folders with a model in another format, its plan, and the proof that both compute the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from gatelet.deploy.comparison import Verified
from gatelet.deploy.npz import check_npz, write_npz
from gatelet.errors import ExportError, GateletError, require
from gatelet.folders import new_folder
from gatelet.plan import EncoderDecoder, Plan, load_plan
from gatelet.plan.storing import OURS, write_plan

FORMAT = "gatelet-export"
VERSION = 1
MANIFEST = "export.json"
LARGEST_MANIFEST = 2**20

Write = Callable[[Path, Plan | EncoderDecoder, dict[str, Any]], None]
Check = Callable[[Path, Plan | EncoderDecoder, dict[str, Any]], dict[str, float]]
Verify = Callable[[Path, Plan | EncoderDecoder, dict[str, Any]], Verified]


class Planned(Protocol):
    """A fitted model."""

    def plan(self) -> Plan | EncoderDecoder:
        """What it computes."""
        ...


@dataclass(frozen=True)
class Kind:
    """A format.

    Attributes:
        write: puts its files into a folder.
        check: runs them beside the plan: the largest difference by what ran them, as a share of what is allowed.
        verify: does more than that where `gatelet verify` asks, and remarks on what ran them or did not.
    """

    write: Write
    check: Check
    verify: Verify | None = None


@dataclass(frozen=True)
class Export:
    """An export that was compared with its plan.

    Attributes:
        folder: where it is.
        kind: "onnx", "npz", ...
        files: what it consists of.
        verified: the largest difference from the plan by what ran it, as a share of what is allowed.
        remarks: on what ran it, or could not.
        measured: by what ran it, numbers by what they are: instructions of a step, bytes of stack.
    """

    folder: Path
    kind: str
    files: tuple[str, ...]
    verified: dict[str, float]
    remarks: dict[str, str] = field(default_factory=dict)
    measured: dict[str, dict[str, float]] = field(default_factory=dict)


def export(
    model: Plan | EncoderDecoder | Planned | str | Path,
    to: str,
    out: str | Path,
    *,
    overwrite: bool = False,
    **settings: Any,
) -> Export:
    """Write a model in another format, compared with its plan before the folder appears.

    Args:
        model: a fitted model, its plan, or the folder of a saved one.
        to: a name in `KINDS`.
        out: folder to write.
        overwrite: replace an export that is there.
        settings: of the format: `opset` for ONNX; for C `name`, which begins all functions; for C and
            wasm `max_steps`, the longest text of a model that reads a whole one.

    Raises:
        ExportError: something cannot be exported exactly, or an export differs from the plan.
        GateletError: the folder is there already, or the model cannot be read.
    """
    if to not in KINDS:
        raise ExportError(f"A model can be exported to {', '.join(KINDS)}; got {to!r}.")
    plan = plan_of(model)
    kind = KINDS[to]()
    folder = Path(out)
    with new_folder(folder, overwrite=overwrite, ours=_ours(folder)) as building:
        write_plan(building, plan)
        kind.write(building, plan, settings)
        verified = kind.check(building, plan, settings)
        files = sorted(str(file.relative_to(building)) for file in building.rglob("*") if file.is_file())
        document = {
            "format": FORMAT,
            "version": VERSION,
            "kind": to,
            "settings": settings,
            "verified": verified,
            "files": {name: _sha256(building / name) for name in files},
        }
        (building / MANIFEST).write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    return Export(folder, to, (*files, MANIFEST), verified)


def verify(path: str | Path) -> Export:
    """Repeat the comparison of an export with its plan.

    Raises:
        ExportError: a file is missing or was changed, or the export differs from the plan.
    """
    folder = Path(path)
    document = _manifest(folder)
    for name, expected in document["files"].items():
        file = folder / name
        if not file.resolve().is_relative_to(folder.resolve()) or not file.is_file():
            raise ExportError(f"{folder} must have {name!r:.80}; it has not.")
        if _sha256(file) != expected:
            raise ExportError(f"{file} must be as it was exported; it was changed.")
    kind, plan, settings = KINDS[document["kind"]](), load_plan(folder), document["settings"]
    run = kind.verify or (lambda *given: Verified(kind.check(*given)))
    found = run(folder, plan, settings)
    files = (*document["files"], MANIFEST)
    return Export(folder, document["kind"], files, found.shares, found.remarks, found.measured)


def plan_of(model: Plan | EncoderDecoder | Planned | str | Path) -> Plan | EncoderDecoder:
    """The plan of what was given."""
    if isinstance(model, Plan | EncoderDecoder):
        return model
    if isinstance(model, str | Path):
        return load_plan(model)
    return model.plan()


def _c() -> Kind:
    from gatelet.deploy.c.files import check_c, verify_c, write_c

    return Kind(write_c, check_c, verify_c)


def _arduino() -> Kind:
    from gatelet.deploy.c.arduino import check_arduino, verify_arduino, write_arduino

    return Kind(write_arduino, check_arduino, verify_arduino)


def _onnx() -> Kind:
    require("onnx", "onnx")
    from gatelet.deploy.onnx.files import check_onnx, write_onnx

    return Kind(write_onnx, check_onnx)


def _npz() -> Kind:
    return Kind(write_npz, check_npz)


def _wasm() -> Kind:
    from gatelet.deploy.wasm.files import check_wasm, write_wasm

    return Kind(write_wasm, check_wasm)


KINDS: dict[str, Callable[[], Kind]] = {"c": _c, "arduino": _arduino, "onnx": _onnx, "npz": _npz, "wasm": _wasm}


def _manifest(folder: Path) -> dict[str, Any]:
    file = folder / MANIFEST
    try:
        if not file.is_file():
            raise ExportError(f"{folder} must be a folder that gatelet export wrote; it has no {MANIFEST}.")
        if file.stat().st_size > LARGEST_MANIFEST:
            raise ExportError(f"{file} must have at most {LARGEST_MANIFEST} bytes; it has {file.stat().st_size}.")
        document = json.loads(file.read_bytes())
    except OSError as error:
        raise GateletError(f"{file} cannot be read; {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise ExportError(f"{file} is damaged: it is not JSON ({error!s:.200}).") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT or document.get("version") != VERSION:
        raise ExportError(f"{file} does not describe an export of this version of gatelet.")
    files, kind = document.get("files"), document.get("kind")
    whole = isinstance(files, dict) and all(isinstance(value, str) for value in files.values())
    if not whole or kind not in KINDS or not isinstance(document.get("settings"), dict):
        raise ExportError(f"{file} is damaged: its entries are not those of an export.")
    return document


def _ours(folder: Path) -> Collection[str]:
    """Names that an export which is there consists of: they may be replaced, and nothing else."""
    if not (folder / MANIFEST).is_file():
        return OURS
    return {*(Path(name).parts[0] for name in _manifest(folder)["files"]), MANIFEST}


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
