"""Saying dialogue acts: fit realize, realize, evaluate realize."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from gatelet.cli import options as opt
from gatelet.cli import realize_options as own
from gatelet.cli.fitting import check_place, finish, train
from gatelet.cli.grouping import grouped
from gatelet.cli.model import load_model
from gatelet.cli.output import check_table_file, print_json, show_frame, show_scores

if TYPE_CHECKING:
    from gatelet.tasks.realisation import Realizer


@grouped
def fit(
    data: own.ActData,
    columns: own.ActColumnOptions,
    said: own.SaidOptions,
    network: own.RealizerOptions,
    training: opt.TrainingOptions,
    validation: own.ActValidation,
    kept: opt.KeptOptions,
    new: opt.NewModel,
    json: opt.Json = False,
) -> None:
    """Train a model that writes a sentence for a dialogue act, and save it as a folder.

    An act looks like inform(name='red door cafe';food=italian). Its values need not be known: what is learned is where
    they stand.

    **Examples**

    ```
    gatelet fit realize acts.jsonl --epochs 30 --out voice
    gatelet fit realize acts.csv --act meaning --text sentence --keywords kidsallowed=child,kid
    ```
    """
    from gatelet.tasks.realisation import Realizer

    check_place(new.out, new.overwrite)
    model = Realizer(columns=columns.settings(), text=said.settings(), network=network.settings(), rules=said.rules())
    train(model, Path(data), training, kept, new, **vars(validation))
    finish(model, kept, new, json)


@grouped
def realize(
    data: own.SomeActs,
    search: own.CandidateOptions,
    written: own.SaidFile,
    model: opt.Model = opt.DEFAULT_MODEL,
    json: opt.Json = False,
) -> None:
    """Write a sentence for each dialogue act with a saved model.

    The sentences go to the standard output, one line for each act; --best 3 gives three of each, as a table.

    **Examples**

    ```
    gatelet realize "inform(name='red door cafe';food=italian)" --model voice
    gatelet realize acts.txt --model voice --best 3 --json
    ```
    """
    check_table_file(written.out, written.overwrite)
    loaded = _load(model)
    found = loaded.predict(_acts(data), search=search.settings(loaded.search))
    if written.out is not None or json or search.best is not None:
        show_frame("Sentences", found.frame("polars"), written.out, json)
    else:
        for line in found.texts:
            typer.echo(line)


@grouped
def evaluate(
    data: own.ActData,
    columns: own.ActColumnOptions,
    search: own.CandidateOptions,
    model: opt.Model = opt.DEFAULT_MODEL,
    json: opt.Json = False,
) -> None:
    """Score a saved realizer on acts that it has not seen: BLEU beside all sentences of the same act, and slot error.

    **Example**

    ```
    gatelet evaluate realize test.jsonl --model voice --beams 20
    ```
    """
    loaded = _load(model)
    if columns.act or columns.text:
        loaded.columns = columns.settings()
    scores = loaded.evaluate(Path(data), search=search.settings(loaded.search))
    if json:
        print_json(scores.to_json())
    else:
        show_scores(f"{scores.acts:,} acts, {scores.distinct:,} distinct", scores.rows())


def _acts(data: str) -> Any:
    if data == "-":
        return [line for line in sys.stdin.read().splitlines() if line.strip()]
    return [data] if data.rstrip().endswith(")") else Path(data)


def _load(model: Path) -> Realizer:
    from gatelet.tasks.realisation import Realizer

    return load_model(model, Realizer)
