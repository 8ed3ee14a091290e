"""``gatelet show``: what is in a saved model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gatelet.cli.options import Json
from gatelet.cli.output import cell, print_json, print_table, show_scores

if TYPE_CHECKING:
    from gatelet.chat import ChatBot
    from gatelet.plan import Plan
    from gatelet.tasks.classification import Classifier
    from gatelet.tasks.forecasting import Forecaster
    from gatelet.tasks.language_modelling import LanguageModel
    from gatelet.tasks.realisation import Realizer
    from gatelet.tasks.translation import Translator


def show(
    model: Annotated[Path, typer.Argument(help="Folder of the saved model.", metavar="MODEL")],
    json: Json = False,
) -> None:
    """Summarise a saved model: what it says, from which columns, its plan, its size and its scores.

    The plan is what the model computes, operation by operation: shapes, parameters, multiply-adds and bytes of state of
    one step. An axis of any length counts once.

    **Example**

    ```
    gatelet show gatelet-model
    ```
    """
    from gatelet.chat import ChatBot
    from gatelet.loading import load
    from gatelet.plan.storing import plans_of
    from gatelet.tasks.forecasting import Forecaster
    from gatelet.tasks.language_modelling import LanguageModel
    from gatelet.tasks.realisation import Realizer
    from gatelet.tasks.translation import Translator

    loaded = load(model)
    facts: dict[str, Any] = {"model": str(model), "task": type(loaded).__name__}
    if isinstance(loaded, Forecaster):
        facts |= _forecast(loaded)
    elif isinstance(loaded, LanguageModel):
        facts |= _language(loaded)
    elif isinstance(loaded, ChatBot):
        facts |= _bot(loaded)
    elif isinstance(loaded, Realizer):
        facts |= _acts(loaded)
    else:
        facts |= _texts(loaded) if isinstance(loaded, Translator) else _classes(loaded)
    facts |= {"num_parameters": loaded.num_parameters, "epochs": len(loaded.history.epochs)}
    plans = loaded.plans() if isinstance(loaded, ChatBot) else plans_of(loaded.plan())
    if json:
        print_json(facts | {"metrics": loaded.metrics, "plans": {name: _counted(plan) for name, plan in plans.items()}})
        return
    print_table("Model", ["", ""], ([name, _words(fact)] for name, fact in facts.items()), left=2)
    for name, plan in plans.items():
        _print_plan("Plan" if len(plans) == 1 else f"Plan of the {name}", plan)
    scores = loaded.metrics.get("test")
    if scores is None:
        print_table("Validation", ["", ""], loaded.metrics.items())
    else:
        show_scores("Test", [{"method": method, **values} for method, values in scores.items()])


def _counted(plan: Plan) -> dict[str, Any]:
    totals = {
        "parameters": plan.num_parameters,
        "weight_bytes": plan.weight_bytes,
        "macs": plan.macs,
        "state_bytes": plan.state_bytes,
    }
    return totals | {"streamed": plan.streamed, "operations": plan.table()}


def _print_plan(title: str, plan: Plan) -> None:
    header = ["operation", "reads", "writes", "shape", "parameters", "bytes", "MACs", "bytes of state"]
    rows = [list(row.values()) for row in plan.table()]
    what = "one step" if plan.streamed else "a whole sequence"
    total = [f"all, {what}", "", "", "", plan.num_parameters, plan.weight_bytes, plan.macs, plan.state_bytes]
    print_table(title, header, [*rows, total], left=4)


def _forecast(loaded: Forecaster) -> dict[str, Any]:
    columns, frequency, network = loaded.columns, loaded.schema.frequency, loaded.network
    return {
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
    }


def _classes(loaded: Classifier) -> dict[str, Any]:
    columns, network = loaded.columns, loaded.network
    return {
        "labels": list(loaded.labels),
        "out_of_scope": loaded.out_of_scope,
        "columns": {"text": columns.text, "label": columns.label, "slots": columns.slots},
        "unit": loaded.text.unit,
        "vocabulary": loaded.module.sizes.vocabulary,
        "cell": network.cell,
        "hidden_size": network.hidden_size,
        "layers": network.num_layers,
        "bidirectional": network.bidirectional,
        "pooling": network.pooling,
    }


def _texts(loaded: Translator) -> dict[str, Any]:
    network, sizes = loaded.network, loaded.module.sizes
    return {
        "languages": loaded.languages,
        "columns": {"source": loaded.columns.source, "target": loaded.columns.target},
        "units": {"source": loaded.source.unit, "target": loaded.target.unit},
        "vocabularies": {"source": sizes.source, "target": sizes.target},
        "cell": network.cell,
        "hidden_size": network.hidden_size,
        "layers": {"encoder": network.num_layers, "decoder": network.decoder_layers},
        "attention": network.attention,
        "beams": loaded.search.beams,
    }


def _language(loaded: LanguageModel) -> dict[str, Any]:
    network = loaded.network
    return {
        "column": loaded.column,
        "unit": loaded.text.unit,
        "vocabulary": loaded.module.size,
        "cell": network.cell,
        "hidden_size": network.hidden_size,
        "layers": network.num_layers,
        "segment_length": loaded.segments.length,
    }


def _bot(loaded: ChatBot) -> dict[str, Any]:
    description = loaded.description
    return {
        "name": description.name,
        "intents": list(description.intents),
        "slots": list(description.slots),
        "answers": list(description.answers),
        "stories": len(description.stories),
        "pairs": len(description.pairs),
        "acts": len(description.acts),
        "hidden_size": loaded.hidden_size,
    }


def _acts(loaded: Realizer) -> dict[str, Any]:
    sizes = loaded.module.sizes
    return {
        "columns": {"act": loaded.columns.source, "text": loaded.columns.target},
        "acts": {"types": sizes.types, "parts": sizes.parts},
        "unit": loaded.text.unit,
        "vocabulary": sizes.tokens,
        "hidden_size": loaded.network.hidden_size,
        "beams": loaded.search.beams,
    }


def _words(fact: object) -> object:
    """Nested facts in one cell, one line each."""
    if isinstance(fact, dict):
        return "\n".join(f"{name}: {cell(_words(value))}" for name, value in fact.items() if value != ()) or "-"
    return ", ".join(map(cell, fact)) if isinstance(fact, list | tuple) else fact
