"""``gatelet prune``: fewer recurrent weights, in a form that devices and streams are quicker with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gatelet.cli import options as opt
from gatelet.cli.fitting import check_place
from gatelet.cli.grouping import grouped
from gatelet.cli.output import cell, print_json, print_table, say
from gatelet.cli.source import open_data
from gatelet.errors import GateletError

if TYPE_CHECKING:
    from gatelet.deploy.sparsity import LayerCost
    from gatelet.plan import Plan
    from gatelet.study.shrinking import Shrunk
    from gatelet.tasks.classification import Classifier
    from gatelet.tasks.forecasting import Forecaster
    from gatelet.training import TrainingSettings


@grouped
def prune(
    model: Annotated[Path, typer.Argument(help="Folder of the saved model.", metavar="MODEL")],
    data: Annotated[str, typer.Option(help="What to train on, usually the data that the model was fitted on.")],
    training: opt.TrainingOptions,
    new: opt.PrunedModel,
    density: Annotated[
        float | None, typer.Option(help="Share of the blocks of recurrent weights that is left.", show_default="0.1")
    ] = None,
    rank: Annotated[int | None, typer.Option(min=1, help="Instead, the rank of recurrent weights.")] = None,
    inputs: Annotated[bool, typer.Option("--inputs", help="Prune the weights that meet the inputs, too.")] = False,
    test: Annotated[str | None, typer.Option(help="Of a classifier: labelled texts to score before and after.")] = None,
    json: opt.Json = False,
) -> None:
    """Train a saved model on with fewer recurrent weights, and save the result as a model.

    With --density, blocks of them become zero: what the gates of one unit have for four columns. With --rank, each
    matrix W_hh becomes a product of two thin ones. The C runtime and streams are quicker with either. A
    forecaster is scored before and after on the rows that fit left out for a test, a classifier on --test. Without
    training options it trains as fit did, with a quarter of the learning rate. Ctrl-C keeps the pruning so far.

    **Examples**

    ```
    gatelet prune gatelet-model --data sales.csv --density 0.1 --out small-model
    gatelet prune gatelet-model --data sales.csv --rank 8 --out thin-model --report thin.html
    gatelet prune gatelet-model --data reviews.csv --test held-out.csv --epochs 10
    ```
    """
    from gatelet.deploy.sparsity import costs

    out = new.out or model.with_name(f"{model.name}-pruned")
    check_place(out, new.overwrite)
    write_report = _report(new)
    loaded = _load(model)
    known, plan = _data(loaded, data), _plan(loaded)
    before, weights = _scores(loaded, known, test), _weights(loaded)
    loaded.prune(known, density, inputs=inputs, rank=rank, training=_training(loaded, training), progress=True)
    after = _scores(loaded, known, test)
    loaded.save(out, overwrite=new.overwrite)
    history = loaded.history
    quality = {"validation_loss": (history.before, history.best.validation_loss)}
    quality |= {name: (value, after[name]) for name, value in before.items()}
    pruned = _plan(loaded)
    layers = costs(plan, pruned) if plan and pruned else []
    if json:
        left = {"density": history.best.density, "rank": rank}
        print_json({"model": out} | left | {"quality": quality, "layers": layers})
    else:
        _show(quality, layers)
    kept = f"{100 * history.best.density:.3g} % of the blocks are left" if rank is None else f"W_hh has rank {rank}"
    kept += f"; the model is in {out}"
    if write_report:
        write_report(_shrunk(model.name, quality, layers, (weights, _weights(loaded)), test))
        kept += f", the report is {new.report}"
    if history.interrupted:
        say(f"Stopped by Ctrl-C after {len(history.epochs)} epochs; {kept}.")
        raise typer.Exit(130)
    say(f"Pruned in {history.epochs[-1].seconds:.0f} s; {kept}.")


def _load(model: Path) -> Forecaster | Classifier:
    from gatelet.loading import load
    from gatelet.tasks.classification import Classifier
    from gatelet.tasks.forecasting import Forecaster

    loaded = load(model)
    if not isinstance(loaded, Forecaster | Classifier):
        raise GateletError(
            f"What is pruned must be a Forecaster or a Classifier; {model} is a {type(loaded).__name__}."
        )
    return loaded


def _data(loaded: Forecaster | Classifier, data: str) -> Any:
    return open_data(data) if hasattr(loaded, "horizon") else Path(data)


def _plan(loaded: Forecaster | Classifier) -> Plan | None:
    """The plan; None for a classifier that has none."""
    from gatelet.tasks.classification import Classifier
    from gatelet.tasks.classification.planning import without_operation

    return None if isinstance(loaded, Classifier) and without_operation(loaded.module) else loaded.plan()


def _training(loaded: Forecaster | Classifier, options: opt.TrainingOptions) -> TrainingSettings | None:
    given = options.given()
    usual = {"learning_rate": loaded.training.learning_rate / 4}
    return replace(loaded.training, **usual | given) if given else None


def _scores(loaded: Forecaster | Classifier, data: Any, test: str | None) -> dict[str, float]:
    """The task's metrics on the test part; nothing where there is none."""
    from gatelet.tasks.forecasting import Forecaster

    if isinstance(loaded, Forecaster):
        if test is not None:
            raise GateletError("--test is for classifiers; a forecaster is scored on the rows that fit left out.")
        scores = loaded.evaluate(data).to_json() if loaded.test_size else None
    else:
        scores = None if test is None else loaded.evaluate(Path(test)).to_json()
    return {} if scores is None else {f"test {name}": value for name, value in scores["overall"]["gatelet"].items()}


def _report(new: opt.PrunedModel) -> Callable[[Shrunk], object] | None:
    """What writes the report that is asked for; refused before minutes are spent, if it cannot be."""
    if new.report is None:
        return None
    from gatelet.study.shrinking import check_report, write_shrinking

    check_report(new.report, overwrite=new.overwrite)
    return partial(write_shrinking, path=new.report, overwrite=new.overwrite)


def _weights(loaded: Forecaster | Classifier) -> int:
    """How many weights are not zero."""
    return sum(int((weight != 0).sum()) for weight in loaded.module.parameters())


def _shrunk(
    name: str,
    quality: dict[str, tuple[Any, Any]],
    layers: list[LayerCost],
    weights: tuple[int, int],
    test: str | None,
) -> Shrunk:
    """What the report tells: scores of the test part where there is one, and all recurrent layers, one by one too."""
    from gatelet.study.shrinking import Shrunk

    tested = {metric.removeprefix("test "): pair for metric, pair in quality.items() if metric.startswith("test ")}
    first = [metric for metric in ("mase", "accuracy") if metric in tested]
    sizes: dict[str, tuple[float, float]] = {"weights not zero": weights}
    for title, way in (("us a step, stream", "stream_us"), ("ns a step, C", "c_ns")) if layers else ():
        before, after = zip(*(getattr(layer, way) for layer in layers), strict=True)
        sizes[title] = (sum(before), sum(after))
    return Shrunk(
        command="gatelet prune",
        model=name,
        after="pruned",
        scores={metric: tested[metric] for metric in (*first, *tested)} or quality,
        counted=test or ("the rows that fit left out" if tested else "the validation part"),
        sizes=sizes,
        layers={layer.name: 100 * layer.bytes[1] / layer.bytes[0] for layer in layers},
        layers_title="bytes in C that are left of recurrent layers, %",
    )


def _show(quality: dict[str, tuple[Any, Any]], layers: list[LayerCost]) -> None:
    print_table("Quality", ["", "before", "after"], ([name, *values] for name, values in quality.items()))
    rows = []
    for layer in layers:
        size = f"{layer.name}: {layer.inputs} inputs, {layer.units} units"
        left = f"{100 * layer.density_inputs:.3g}, {100 * layer.density_states:.3g} %"
        pairs = (layer.bytes, layer.stream_us, layer.c_ns)
        rows.append([size, layer.rank or left, *(f"{cell(a)} -> {cell(b)}" for a, b in pairs)])
    title = "rank" if any(layer.rank for layer in layers) else "blocks left, of x and of h"
    header = ["layer", title, "bytes of weights in C", "us a step, stream", "ns a step, C"]
    if rows:
        print_table("Layers", header, rows)
