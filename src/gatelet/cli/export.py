"""``gatelet export`` and ``gatelet verify``: a model in another format, and the proof that it computes the same."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gatelet.cli.options import Json
from gatelet.cli.output import print_json, print_table

if TYPE_CHECKING:
    from gatelet.deploy import Export
    from gatelet.plan import EncoderDecoder, Plan


def export(
    model: Annotated[Path, typer.Argument(help="Folder of the saved model.", metavar="MODEL")],
    to: Annotated[str, typer.Option(help="The format: c, arduino, onnx, wasm or npz.")],
    out: Annotated[Path, typer.Option(help="Folder to write.")],
    opset: Annotated[int | None, typer.Option(help="Version of the ONNX operators, 14 to 23; usually 17.")] = None,
    name: Annotated[
        str | None, typer.Option(help="Begins the names of functions and files in C; usually model.")
    ] = None,
    max_steps: Annotated[
        int | None,
        typer.Option(help="The longest text in C and wasm, where a model reads a whole one; usually 128 tokens."),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an export that is there.")] = False,
    json: Json = False,
) -> None:
    """Write a model in another format; it is compared with the model before the folder appears.

    **Example**

    ```
    gatelet export gatelet-model --to onnx --out gatelet-onnx
    ```
    """
    from gatelet import deploy

    given: dict[str, Any] = {"opset": opset, "name": name, "max_steps": max_steps}
    settings = {key: value for key, value in given.items() if value is not None}
    _show(deploy.export(_plan(model), to, out, overwrite=overwrite, **settings), json)


def verify(
    folder: Annotated[Path, typer.Argument(help="Folder that gatelet export wrote.", metavar="DIR")],
    json: Json = False,
) -> None:
    """Compare an export with its plan once more: on another machine, say, or with other versions of what runs it.

    **Example**

    ```
    gatelet verify gatelet-onnx
    ```
    """
    from gatelet import deploy

    _show(deploy.verify(folder), json)


def _plan(folder: Path) -> Plan | EncoderDecoder:
    """The plan of a saved model: that in its folder, or, of one saved before there were plans, that of the model."""
    from gatelet.plan import load_plan
    from gatelet.plan.storing import PLAN

    if (folder / PLAN).exists():
        return load_plan(folder)
    from gatelet.tasks import load

    loaded: Any = load(folder)
    plan: Plan | EncoderDecoder = loaded.plan()
    return plan


def _show(done: Export, json: bool) -> None:
    facts = {"folder": str(done.folder), "format": done.kind, "files": done.files, "verified": done.verified}
    facts |= {"remarks": done.remarks, "measured": done.measured}
    if json:
        print_json(facts)
        return
    print_table(str(done.folder), ["file"], ([name] for name in done.files))
    rows = ([runner, f"{100 * share:.2g} %", done.remarks.get(runner, "")] for runner, share in done.verified.items())
    missed = ([runner, "", remark] for runner, remark in done.remarks.items() if runner not in done.verified)
    columns = ["ran in", "largest difference, of what is allowed", ""]
    print_table(
        "Compared with the plan", columns if done.remarks else columns[:2], ([*row] for row in [*rows, *missed])
    )
