"""``gatelet import``: recurrent layers that were trained elsewhere, as a plan."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gatelet.cli.options import Json
from gatelet.cli.output import print_json, print_table, say
from gatelet.errors import ModelError, require

if TYPE_CHECKING:
    from gatelet.plan import Plan

TORCH_FILES = (".pt", ".pth", ".bin")


def import_(
    file: Annotated[Path, typer.Argument(help="Weights of torch, a .keras file or an ONNX graph.", metavar="FILE")],
    out: Annotated[Path, typer.Option(help="Folder to write the plan to.")],
    layer: Annotated[str | None, typer.Option(help="Which layer, where weights of torch hold several.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a plan that is there.")] = False,
    json: Json = False,
) -> None:
    """Make a plan of GRU, LSTM or RNN layers that were trained elsewhere; gatelet export then writes it as anything.

    **Example**

    ```
    gatelet import gru.safetensors --out imported
    ```
    """
    from gatelet.deploy.importing import import_file
    from gatelet.plan import save_plan

    plan = _torch(file, layer) if file.suffix in TORCH_FILES and file.is_file() else import_file(file, layer)
    save_plan(plan, out, overwrite=overwrite)
    if left_out := plan.features.get("left_out"):
        say(f"Left out, since a plan of recurrent layers has no place for them: {', '.join(left_out)}.")
    if json:
        print_json({"folder": out, "parameters": plan.num_parameters, "operations": plan.table()})
        return
    table = plan.table()
    header = list(table[0])
    print_table(str(out), header, ([row[name] for name in header] for row in table), left=4)


def _torch(file: Path, layer: str | None) -> Plan:
    """The plan of weights that torch saved; nothing in the file executes."""
    import pickle

    require("torch", "train")
    import torch

    from gatelet.deploy.importing import from_torch

    try:
        loaded = torch.load(file, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, LookupError, OSError) as error:
        reason = " ".join(str(error).split())[:200]
        raise ModelError(f"{file} must hold weights that torch saved; it cannot be read: {reason}.") from error
    if not isinstance(loaded, dict):
        raise ModelError(f"{file} must hold a state dict; it holds {type(loaded).__name__}.")
    return from_torch({str(k): v.float().numpy() for k, v in loaded.items() if isinstance(v, torch.Tensor)}, layer)
