"""``gatelet demo``: the whole way on real weather."""

from pathlib import Path
from typing import Annotated

import typer

from gatelet.cli.compare import show_study
from gatelet.cli.options import Json
from gatelet.cli.output import print_json, say


def demo(
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Folder for the report, the pictures and the model.", metavar="FOLDER")
    ] = Path("gatelet-demo"),
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same models.")] = 0,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an earlier demo there.")] = False,
    json: Json = False,
) -> None:
    """Forecast the temperature at three New York airports, 24 hours ahead.

    Trains a GRU and two LSTMs on the real weather of 2013, which is part of this package, compares them with simple
    baselines on eight weeks they have not seen, and writes a report, pictures and the model. Takes about two minutes.

    **Example**

    ```
    gatelet demo --out my-demo
    ```
    """
    from gatelet.study.demo import run_demo

    done = run_demo(out, seed=seed, overwrite=overwrite, progress=True)
    if json:
        print_json({"out": done.folder, "seconds": done.seconds, **done.study.to_json()})
    else:
        show_study(done.study)
    say(f"Done in {done.seconds:.0f} s. Open {out / 'report.html'}; the GRU is in {out / 'model'}.")
