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
    to: Annotated[str, typer.Option(help="The format: onnx or npz.")],
    out: Annotated[Path, typer.Option(help="Folder to write.")],
    opset: Annotated[int | None, typer.Option(help="Version of the ONNX operators, 14 to 23; usually 17.")] = None,
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

    settings = {} if opset is None else {"opset": opset}
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
    if json:
        print_json(facts)
        return
    print_table(str(done.folder), ["file"], ([name] for name in done.files))
    rows = ([runner, f"{100 * share:.2g} %"] for runner, share in done.verified.items())
    print_table("Compared with the plan", ["ran in", "largest difference, of what is allowed"], rows)
