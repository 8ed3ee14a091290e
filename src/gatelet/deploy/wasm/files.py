"""The files of an export to WebAssembly, and their comparison with the plan."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gatelet.deploy.c.files import need_steps
from gatelet.deploy.c.writing import program_of
from gatelet.deploy.wasm.about import kind_of, with_spectrum
from gatelet.deploy.wasm.checking import check_model, check_text, check_writing, need_node
from gatelet.deploy.wasm.compiling import compiled, need_tools
from gatelet.deploy.wasm.package import files
from gatelet.errors import ExportError
from gatelet.plan import EncoderDecoder, Plan


def write_wasm(folder: Path, model: Plan | EncoderDecoder, settings: dict[str, Any]) -> None:
    """Write the module, the package around it, and a page that runs it.

    Raises:
        ExportError: a tool is missing, or something cannot be exported exactly.
    """
    need_tools()
    need_node()
    plan = _plan(model, settings)
    c = program_of(with_spectrum(plan), most_steps=settings.get("max_steps", 0))
    for name, content in files(c, plan, compiled(c)).items():
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())


def check_wasm(folder: Path, model: Plan | EncoderDecoder, settings: dict[str, Any]) -> dict[str, float]:
    """Run the package in Node beside the plan, and compare how both read texts.

    Raises:
        ExportError: they differ.
    """
    plan = _plan(model, settings)
    c = program_of(with_spectrum(plan), most_steps=settings.get("max_steps", 0))
    found = check_model(c, plan, folder)
    if kind_of(plan) in ("text", "language"):
        check_text(plan, folder, c.most_steps)
    if kind_of(plan) == "language":
        check_writing(plan, folder)
    return found


def _plan(model: Plan | EncoderDecoder, settings: dict[str, Any]) -> Plan:
    if set(settings) - {"max_steps"}:
        raise ExportError(f"WebAssembly takes the setting max_steps; got {', '.join(settings)}.")
    need_steps(settings)
    if isinstance(model, EncoderDecoder):
        raise ExportError("A model that reads a whole text before it writes cannot be exported to WebAssembly.")
    return model
