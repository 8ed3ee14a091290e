"""What all commands that train have in common: where the model goes, what is left behind, what is said."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from gatelet.cli.options import KeptOptions, NewModel, TrainingOptions, given
from gatelet.cli.output import ROWS_SHOWN, check_free, print_json, print_table, say

if TYPE_CHECKING:
    from gatelet.deploy.budget import Asked
    from gatelet.tasks.classification import Classifier
    from gatelet.tasks.forecasting import Forecaster
    from gatelet.tasks.language_modelling import LanguageModel
    from gatelet.tasks.realisation import Realizer
    from gatelet.tasks.translation import Translator

    Model = Forecaster | Classifier | Translator | LanguageModel | Realizer


def check_place(path: Path, overwrite: bool) -> None:
    """Refuse, before training, a place where no model can be saved; torch is loaded only after the quicker checks."""
    check_free(path, overwrite)
    from gatelet.tasks.store import check_place

    check_place(path, overwrite)


def asked(device: str | None) -> Asked | None:
    """The device that a model is to fit, told of on stderr before the training."""
    if device is None:
        return None
    from gatelet.deploy.budget import Asked, parse_device

    return Asked(parse_device(device), lambda verdict: say(verdict.text))


def train(model: Model, data: Any, training: TrainingOptions, kept: KeptOptions, new: NewModel, **options: Any) -> None:
    """Fit a model to be saved as `new`; a training that fails before its first checkpoint leaves no empty folder.

    Args:
        model: not fitted yet.
        data: what its `fit` takes.
        training: how to train.
        kept: what is kept of it.
        new: where the model will be.
        options: arguments of its `fit`; one that is None is left to the library.
    """
    folder = kept.folder(new.out)
    settings = training.settings(logs=kept.logs and kept.logs.value)
    try:
        model.fit(data, training=settings, checkpoints=folder, resume=kept.resume, progress=True, **given(**options))
    finally:
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def finish(model: Model, kept: KeptOptions, new: NewModel, json: bool, **more: Mapping[str, Any]) -> None:
    """Save a model that `train` fitted, remove what was not to be kept, and report with `more`."""
    model.save(new.out, overwrite=new.overwrite)
    if not (kept.checkpoints or kept.logs or model.history.interrupted):
        shutil.rmtree(kept.folder(new.out))
    report(model, new.out, json, "; --resume --overwrite goes on from there", **more)


def report(model: Model, out: Path, json: bool, go_on: str = "", **more: Mapping[str, Any]) -> None:
    """Say how a training went, and what it reached; one that Ctrl-C stopped leaves with status 130.

    Args:
        model: the fitted one.
        out: where it was saved.
        json: print one JSON object, with `more` as further members.
        go_on: said after a training that was stopped.
        more: tables of names and values, shown below the epochs where json is not asked for.
    """
    history = model.history
    if json:
        facts = {"model": out, "num_parameters": model.num_parameters, "best": history.best, **history.to_json()}
        print_json(facts | more)
    else:
        header = ["epoch", "seconds", "train loss", "validation loss"]
        rows = [[each.epoch, each.seconds, each.train_loss, each.validation_loss] for each in history.epochs]
        shown = f", the last {ROWS_SHOWN} of {len(rows)} epochs" if len(rows) > ROWS_SHOWN else ""
        print_table(f"Training{shown}", header, rows[-ROWS_SHOWN:], left=0)
        for name, values in more.items():
            print_table(name.capitalize(), ["", ""], values.items())
    kept = f"the best model, of epoch {history.best.epoch}, is in {out}"
    if history.interrupted:
        say(f"Stopped by Ctrl-C after {len(history.epochs)} epochs; {kept}{go_on}.")
        raise typer.Exit(130)
    say(f"Trained {model.num_parameters:,} parameters in {history.epochs[-1].seconds:.0f} s; {kept}.")
