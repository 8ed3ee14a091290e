"""``gatelet data``: the public data sets."""

from pathlib import Path
from typing import Annotated, Any

import typer

from gatelet.cli.options import Json
from gatelet.cli.output import print_json, print_table, say
from gatelet.cli.words import size
from gatelet.errors import DataError

app = typer.Typer(
    help="List, fetch and find public data sets; the folder that GATELET_DATA names is searched first.",
    no_args_is_help=True,
)
Name = Annotated[str, typer.Argument(help="Name of the set, as gatelet data list shows it.")]


@app.command("list")
def list_sets(json: Json = False) -> None:
    """Show every public set with size, licence and whether it is on this machine."""
    from gatelet.datasets.catalogue import DATASETS

    states = {name: _state(name) for name in DATASETS}
    if json:
        print_json([_facts(name) | {"state": states[name]} for name in DATASETS])
        return
    rows = [[name, found.summary, found.licence, states[name], size(found.size)] for name, found in DATASETS.items()]
    print_table("Public data sets", ["name", "what", "licence", "state", "size"], rows, left=4)


@app.command("get")
def get(name: Name, json: Json = False) -> None:
    """Fetch a set unless it is here already, check it, and print where it is.

    **Example**

    ```
    gatelet data get m4_hourly
    ```
    """
    from gatelet.datasets import registry

    found = registry.dataset(name)
    say(f"{name}: {found.summary}. Licence: {found.licence}. Source: {found.source}. Cite: {found.citation}.")
    _tell(name, registry.get(name, progress=True), json)


@app.command("path")
def path(name: Name, json: Json = False) -> None:
    """Print where a set is on this machine, without fetching anything.

    **Example**

    ```
    head "$(gatelet data path ett)"
    ```
    """
    from gatelet.datasets import registry

    _tell(name, registry.path(name), json)


def _tell(name: str, path: Path, json: bool) -> None:
    if json:
        print_json(_facts(name) | {"path": path})
    else:
        typer.echo(path)


def _facts(name: str) -> dict[str, Any]:
    from gatelet.datasets.registry import dataset

    found = dataset(name)
    files = {
        path: {"size": file.size, "sha256": file.sha256, "url": found.address(path)}
        for path, file in found.files.items()
    }
    return {
        "name": name,
        "summary": found.summary,
        "licence": found.licence,
        "source": found.source,
        "citation": found.citation,
        "size": found.size,
        "parser": found.parser,
        "files": files,
    }


def _state(name: str) -> str:
    """Whether a set is here; each of its files is checked."""
    from gatelet.datasets import registry

    try:
        registry.folder(name)
    except DataError:
        return "to fetch" if registry.dataset(name).fetchable else "by hand"
    return "here"
