"""All commands in one tree: a verb, then a task."""

from typing import Annotated

import typer

from gatelet import __version__
from gatelet.cli import (
    bench,
    chat,
    classify,
    compare,
    data,
    demo,
    export,
    forecast,
    generate,
    importing,
    prune,
    quantize,
    realize,
    show,
    stream,
    translate,
)
from gatelet.cli.groups import Root, Tasks

# What each task brings for each verb; a new task is one more entry under its verbs.
VERBS = {
    "fit": (
        "Train a model on your data and save it.",
        {
            "forecast": forecast.fit,
            "classify": classify.fit,
            "translate": translate.fit,
            "generate": generate.fit,
            "realize": realize.fit,
            "chat": chat.fit,
        },
    ),
    "predict": (
        "Say what comes next or what it is, with a saved model.",
        {"forecast": forecast.predict, "classify": classify.predict},
    ),
    "evaluate": (
        "Score a saved model beside simple baselines.",
        {
            "forecast": forecast.evaluate,
            "classify": classify.evaluate,
            "translate": translate.evaluate,
            "generate": generate.evaluate,
            "realize": realize.evaluate,
        },
    ),
    "explain": ("Say what moved a decision.", {"classify": classify.explain}),
    "backtest": ("Forecast the past as if it were still to come.", {"forecast": forecast.backtest}),
    "update": ("Go on training a saved model on newer data.", {"forecast": forecast.update}),
    "compare": ("Train several cells under one budget and say which to take.", {"forecast": compare.forecast}),
}


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"gatelet {__version__}")
        raise typer.Exit


app = typer.Typer(cls=Root, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode="markdown")


@app.callback()
def gatelet(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Gated recurrent models, the GRU first: forecast, classify, translate, write, compare and save.

    Start with **gatelet demo**; every command has --help with examples.
    """


app.command("demo")(demo.demo)
for _verb, (_help, _tasks) in VERBS.items():
    _group = typer.Typer(help=_help, no_args_is_help=True, cls=Tasks)
    for _task, _command in _tasks.items():
        _group.command(_task)(_command)
    app.add_typer(_group, name=_verb)
app.command("bench")(bench.bench)
app.command("translate")(translate.translate)
app.command("generate")(generate.generate)
app.command("chat")(chat.chat)
app.command("realize")(realize.realize)
app.command("show")(show.show)
app.command("quantize")(quantize.quantize)
app.command("export")(export.export)
app.command("verify")(export.verify)
app.command("import")(importing.import_)
app.command("prune")(prune.prune)
app.command("stream")(stream.stream)
app.add_typer(data.app, name="data")
