from dataclasses import dataclass
from typing import Annotated

import typer
from typer.testing import CliRunner

from gatelet.cli.grouping import grouped


@dataclass(frozen=True)
class Size:
    width: Annotated[int, typer.Option(min=1)]
    height: Annotated[int | None, typer.Option()] = None


def test_fields_become_options() -> None:
    seen = []

    @grouped
    def draw(name: Annotated[str, typer.Argument()], size: Size, bold: Annotated[bool, typer.Option()] = False) -> None:
        seen.append((name, size, bold))

    app = typer.Typer()
    app.command()(draw)
    assert CliRunner().invoke(app, ["box", "--width", "3", "--bold"]).exit_code == 0
    assert seen == [("box", Size(3, None), True)]
    assert CliRunner().invoke(app, ["box"]).exit_code == 2
