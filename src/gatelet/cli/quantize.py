"""``gatelet quantize``: a saved model in integers, and what that costs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gatelet.cli.options import Json
from gatelet.cli.output import print_json, print_table, say
from gatelet.cli.source import open_data

if TYPE_CHECKING:
    from gatelet.study.shrinking import Shrunk
    from gatelet.tasks.quantizing import Quantized


def quantize(
    model: Annotated[Path, typer.Argument(help="Folder of the saved model.", metavar="MODEL")],
    calibrate: Annotated[str, typer.Option(help="What it was fitted with, or the like.", metavar="DATA")],
    qat: Annotated[int, typer.Option(min=0, help="Epochs of training with rounded weights.")] = 0,
    test: Annotated[
        str | None, typer.Option(help="Texts for the scores.", metavar="DATA", show_default="a part of DATA")
    ] = None,
    test_size: Annotated[
        int | None,
        typer.Option(min=1, help="Last rows of each series for the scores.", show_default="what fit left out"),
    ] = None,
    partly: Annotated[bool, typer.Option("--partly", help="Leave cells without an integer form as they are.")] = False,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder to write.", metavar="FOLDER", show_default="MODEL-int8")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="A page (.html), a picture (.png), or a folder of both.", metavar="PATH")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace what is there.")] = False,
    seed: Annotated[int, typer.Option(min=0, help="Of the parts of DATA, and of the training.")] = 0,
    json: Json = False,
) -> None:
    """Turn a forecaster, a classifier, a language model or a translator into integers: 8 bits a weight, 16 a value.

    A part of DATA is held out, and the model is scored on it before and after; the rest tells how large values become.
    With --qat the model is trained on with rounded weights, and what comes of it is taken only if it is better. The
    result is a model like any other: show, predict, evaluate, stream and export read it.

    **Examples**

    ```
    gatelet quantize gatelet-model --calibrate reviews.csv
    gatelet quantize gatelet-model --calibrate sales.csv --qat 2 --out small-model
    gatelet quantize gatelet-model --calibrate tales.txt --test letters.txt --report small.html
    ```
    """
    from gatelet.cli.fitting import check_place

    folder = out or model.with_name(f"{model.name}-int8")
    check_place(folder, overwrite)
    if report is not None:  # before minutes are spent: it needs an extra
        from gatelet.study.shrinking import check_report, write_shrinking

        check_report(report, overwrite=overwrite)
    from gatelet.loading import load
    from gatelet.tasks.quantizing import quantize

    loaded = load(model)
    data = open_data(calibrate)
    done = quantize(loaded, data, qat=qat, seed=seed, test=test, test_size=test_size, partly=partly, progress=not json)
    done.model.save(folder, overwrite=overwrite)
    if report is not None:
        write_shrinking(_shrunk(model.name, done), report, overwrite=overwrite)
    if json:
        print_json({"model": folder, **done.to_json()})
        return
    _show(done)
    say(f"The model in integers is in {folder}." + (f" The report is {report}." if report else ""))


def _shrunk(name: str, done: Quantized) -> Shrunk:
    from gatelet.study.shrinking import Shrunk

    first = [done.metric, *(metric for metric in done.before if metric != done.metric)]
    return Shrunk(
        command="gatelet quantize",
        model=name,
        after="in integers",
        scores={metric: (done.before[metric], done.after[metric]) for metric in first if metric in done.after},
        counted=done.counted,
        sizes={
            "bytes of weights": (done.bytes_before, done.bytes_after),
            "bytes of state": (done.state_before, done.state_after),
        },
        layers={layer: 100 * error for layer, error in done.errors.items()},
        layers_title="error of what each layer writes, % of its size",
        drift={cells: found.largest for cells, found in done.drift.items()},
        steps=max((found.steps for found in done.drift.values()), default=0),
    )


def _show(done: Quantized) -> None:
    rows: list[list[Any]] = [
        [name, value, done.after.get(name), _change(value, done.after.get(name))]
        for name, value in done.before.items()
        if name == done.metric
    ]
    rows += [
        [name, value, done.after.get(name), _change(value, done.after.get(name))]
        for name, value in done.before.items()
        if name != done.metric
    ]
    rows.append(["bytes of weights", done.bytes_before, done.bytes_after, _change(done.bytes_before, done.bytes_after)])
    rows.append(["bytes of state", done.state_before, done.state_after, _change(done.state_before, done.state_after)])
    print_table(f"Scores of {done.counted}", ["", "floats", "integers", "change"], rows)
    drift = [
        [name, found.steps, found.largest[0], found.largest[-1], found.mean[-1], "grows" if found.grows else "does not"]
        for name, found in done.drift.items()
    ]
    header = ["cells", "steps", "first tenth, at most", "last tenth, at most", "its mean", "grows"]
    print_table("Distance of the states from those of floats", header, drift)
    if done.kept:
        say(f"Stay floats: {', '.join(done.kept)}.")
    if done.qat is not None:
        taken = "taken" if done.qat["kept"] else "not taken"
        losses = f"{done.qat['training']:.5g} after {done.qat['calibration']:.5g}"
        say(f"Training with rounded weights: validation loss {losses}; {taken}.")


def _change(before: float, after: float | None) -> str:
    if after is None or not before:
        return "-"
    return f"{100 * (after / before - 1):+.2f} %"
