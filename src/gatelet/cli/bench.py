"""``gatelet bench``: how fast the layers are on this machine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gatelet.cli.options import Json
from gatelet.cli.output import check_free, plain, print_json, print_table, say, whole
from gatelet.cli.words import names
from gatelet.errors import GateletError

if TYPE_CHECKING:
    from gatelet.bench import Bench, Measured, Shape

HEADS = {"forward": "Forward", "train": "Train step (forward and backward)"}
SMALL = 3e9  # FLOP of a train step; --quick leaves out what is larger


def bench(
    shapes: Annotated[
        str, typer.Option(help="Which grid of shapes: usual, onednn, deepbench, haste, stream.", metavar="GRID")
    ] = "usual",
    shape: Annotated[
        list[str] | None,
        typer.Option(help="One shape instead; may be given again.", metavar="B,T,I,H", show_default="the grid"),
    ] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="For all libraries.", show_default="as PyTorch's")] = None,
    repeats: Annotated[int | None, typer.Option(min=1, help="Turns; the median counts.", show_default="9")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Small shapes only, three turns.")] = False,
    seed: Annotated[int, typer.Option(min=0, help="Of inputs and weights.")] = 0,
    peers: Annotated[
        str | None,
        typer.Option(
            help="Besides PyTorch: onnxruntime,openvino,onednn,jax or none.", show_default="all that are installed"
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write all figures to this .json file.", metavar="FILE")
    ] = None,
    picture: Annotated[
        Path | None, typer.Option(help="Draw share of peak against shape to this .png file.", metavar="FILE")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files that are already there.")] = False,
    json: Json = False,
) -> None:
    """Measure how fast the GRU and the LSTM are on this machine, beside other libraries.

    First how fast the machine multiplies large matrices, then each shape of the grid: forward, train step, peak memory,
    and the error against float64, which must pass before anything is timed. Every layer runs in a process of its own;
    they take turns. Takes a few minutes; Ctrl-C stops early and keeps the shapes that are done.

    **Examples**

    ```
    gatelet bench
    gatelet bench --quick --peers none
    gatelet bench --shape 64,100,64,128 --shape 1,1000,40,128 --threads 4 --out bench.json --picture bench.png
    ```
    """
    from gatelet.bench import BenchSettings, run_bench
    from gatelet.progress import bars

    check_file(out, "--out", ".json", overwrite)
    check_file(picture, "--picture", ".png", overwrite)
    if picture is not None:  # before minutes are spent: it needs an extra
        from gatelet.bench.pictures import peak_picture
        from gatelet.study.canvas import LIGHT, png
    settings = BenchSettings(
        shapes=wanted(shapes, shape or [], quick),
        threads=threads,
        repeats=repeats or (3 if quick else 9),
        seed=seed,
        peers=None if peers is None else tuple(name for name in names(peers) if name != "none"),
    )
    with bars() as report:
        done = run_bench(settings, report)
    if json:
        print_json(done.to_json())
    else:
        show(done)
    if out is not None:
        write_json(done, out)
    if picture is not None:
        with whole(picture) as part:
            part.write_bytes(png(peak_picture(done, LIGHT)))
        say(f"The picture is {picture}.")
    tell_gaps(done)


def tell_gaps(done: Bench) -> None:
    """What was not measured: libraries that are not installed, and shapes that Ctrl-C left.

    Raises:
        typer.Exit: it was stopped.
    """
    for name, how in done.absent.items():
        say(f"Not installed: {name}. To have it measured: {how}")
    if not done.complete:
        say(f"Stopped by Ctrl-C after {len(done.rows)} of {done.planned} shapes.")
        raise typer.Exit(130)


def check_file(path: Path | None, option: str, suffix: str, overwrite: bool) -> None:
    """Refuse, before any work is done, a file that could not be written.

    Raises:
        GateletError: its name ends otherwise, something is there already, or its folder is not.
    """
    if path is None:
        return
    if path.suffix.lower() != suffix or path.is_dir():
        raise GateletError(f"{option} must be a file that ends in {suffix}; got '{path}'.")
    check_free(path, overwrite, option)


def wanted(name: str, given: list[str], quick: bool) -> tuple[Shape, ...]:
    """The shapes given one by one, else those of the grid; with `quick` the small ones of it."""
    from gatelet.bench import grid, parse

    if given:
        return tuple(parse(text) for text in given)
    shapes = grid(name)
    small = tuple(shape for shape in shapes if shape.flops(3, train=True) < SMALL)
    return small if quick and small else shapes


def write_json(done: Bench, path: Path) -> None:
    """All figures, one object."""
    import json

    with whole(path) as part:
        part.write_text(json.dumps(plain(done.to_json()), indent=1) + "\n", encoding="utf-8")
    say(f"The figures are in {path}.")


def show(done: Bench) -> None:
    """The machine, times, memory, errors, and what happens once."""
    settings, machine = done.settings, done.machine
    products = ", ".join(f"{name} {flops / 1e9:.0f}" for name, flops in done.products.items())
    typer.echo(f"{machine['processor']}, {settings['threads']} threads, load before {machine['load_before']}")
    typer.echo(f"Square product of 2048: {done.peak / 1e9:.0f} GFLOP/s ({products})\n")
    for what, title in HEADS.items():
        show_times(done, what, title)
        typer.echo("")
    show_each(done, "Peak memory of a train step (of forward, where there is no other), MB", memory)
    typer.echo("")
    show_each(done, "Largest error against float64: of y / of a gradient, as a share of its largest value", errors)
    typer.echo("")
    show_each(done, "Once, ms: building and packing / the first forward", once)
    for row in done.rows:
        for name, why in row.failed.items():
            say(f"Not measured at {row.shape}: {name}; {why}.")


def show_times(done: Bench, what: str, title: str) -> None:
    """Our milliseconds and share of peak, and how many times as long the others take."""
    pairs = [(peer, ours) for peer, ours in done.pairs() if peer in done.names(what)]
    header = [
        "B, T, I, H",
        "GRU ms",
        "of peak",
        "LSTM ms",
        "of peak",
        *(peer if ours == "GRU" else f"{peer} / LSTM" for peer, ours in pairs),
    ]
    rows: list[list[Any]] = []
    for row in done.rows:
        own = [
            value
            for name in ("GRU", "LSTM")
            for value in (row.layers[name].ms[what], percent(row.share(name, what, done.peak)))
        ]
        rows.append([row.shape, *own, *(times(row.ratio(peer, ours, what)) for peer, ours in pairs)])
    if len(rows) > 1:
        means = [times(done.mean_ratio(peer, ours, what)) for peer, ours in pairs]
        rows.append(["geometric mean", "", "", "", "", *means])
    print_table(f"{title}, and how many times as long as our GRU (or LSTM) the others take", header, rows)


def show_each(done: Bench, title: str, value: Callable[[Measured], str | None]) -> None:
    """One value of each layer at each shape."""
    layers = done.names()
    rows = [
        [row.shape, *(value(row.layers[name]) if name in row.layers else None for name in layers)] for row in done.rows
    ]
    print_table(title, ["B, T, I, H", *layers], rows)


def memory(layer: Measured) -> str | None:
    """Of the train step, or of forward."""
    taken = layer.peak_bytes.get("train", layer.peak_bytes["forward"])
    return None if taken is None else f"{taken / 1e6:.1f}"


def errors(layer: Measured) -> str:
    """Of y, and of the gradients where there are any."""
    gradients = "" if layer.gradient_error is None else f" / {layer.gradient_error:.1e}"
    return f"{layer.error:.1e}{gradients}"


def once(layer: Measured) -> str:
    """Before the first call, and that."""
    return f"{layer.prepare_ms:.0f} / {layer.first_ms['forward']:.0f}"


def times(ratio: float | None) -> str | None:
    """3.14 as 3.1x."""
    return None if ratio is None else f"{ratio:.1f}x"


def percent(share: float | None) -> str | None:
    """0.75 as 75%."""
    return None if share is None else f"{share:.0%}"
