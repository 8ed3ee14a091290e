"""``gatelet show``: what is in a saved model."""

from pathlib import Path
from typing import Annotated

import typer

from gatelet.cli.options import Json
from gatelet.cli.output import cell, print_json, print_table, show_scores


def show(
    model: Annotated[Path, typer.Argument(help="Folder of the saved model.", metavar="MODEL")],
    json: Json = False,
) -> None:
    """Summarise a saved model: what it forecasts, from which columns, its size and its scores.

    **Example**

    ```
    gatelet show gatelet-model
    ```
    """
    from gatelet.tasks import load

    loaded = load(model)
    columns, frequency, network = loaded.columns, loaded.schema.frequency, loaded.network
    facts = {
        "model": str(model),
        "task": type(loaded).__name__,
        "horizon": loaded.horizon,
        "context": loaded.context_length,
        "distribution": loaded.distribution,
        "quantiles": list(loaded.levels),
        "columns": {"id": columns.id, "time": columns.time, "target": columns.target},
        "covariates": {"static": columns.static, "past": columns.past, "future": columns.future},
        "frequency": str(frequency),
        "seasonality": frequency.seasonality,
        "cell": network.cell,
        "hidden_size": network.hidden_size,
        "layers": network.num_layers,
        "segment_length": network.segment_length,
        "num_parameters": loaded.num_parameters,
        "epochs": len(loaded.history.epochs),
    }
    if json:
        print_json(facts | {"metrics": loaded.metrics})
        return
    print_table("Model", ["", ""], ([name, _words(fact)] for name, fact in facts.items()), left=2)
    scores = loaded.metrics.get("test")
    if scores is None:
        print_table("Validation", ["", ""], loaded.metrics.items())
    else:
        show_scores("Test", [{"method": method, **values} for method, values in scores.items()])


def _words(fact: object) -> object:
    """Nested facts in one cell, one line each."""
    if isinstance(fact, dict):
        return "\n".join(f"{name}: {cell(_words(value))}" for name, value in fact.items() if value != ()) or "-"
    return ", ".join(map(cell, fact)) if isinstance(fact, list | tuple) else fact
