"""Help is quick, complete and true."""

import dataclasses
import inspect
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import typer

from gatelet.cli.app import VERBS, app
from gatelet.features import Columns
from gatelet.features.text import PairColumns, TextColumns, TextSettings
from gatelet.nn.sampling import SamplingSettings
from gatelet.tasks.classification import Classifier, ClassifierSettings
from gatelet.tasks.forecasting import Forecaster, NetworkSettings
from gatelet.tasks.language_modelling import LanguageModel, LanguageModelSettings, SegmentSettings
from gatelet.tasks.language_modelling.language_model import TEXT as RUNNING_TEXT
from gatelet.tasks.translation import Translator, TranslatorSettings
from gatelet.tasks.translation.translator import TEXT
from gatelet.training import TrainingSettings

from .conftest import Gatelet

HEAVY = {"torch", "lightning", "polars", "matplotlib", "jinja2", "numpy", "narwhals", "scipy", "pooch"}


def leaves(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """All commands below a group, with the words that call them."""
    if not hasattr(command, "commands"):
        yield path, command
        return
    for name, child in command.commands.items():
        yield from leaves(child, (*path, name))


COMMANDS = dict(leaves(typer.main.get_command(app)))


@pytest.mark.parametrize("arguments", [[], ["--help"], ["fit", "--help"], ["fit", "forecast", "--help"], ["--version"]])
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    code = (
        "import sys; from gatelet.cli import main\n"
        f"try: main({arguments})\n"
        f"except SystemExit: sys.stderr.write(' '.join(sorted({HEAVY} & set(sys.modules))))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "gatelet" in done.stdout


def test_all_verbs_and_tasks_are_there() -> None:
    assert {" ".join(path) for path in COMMANDS} >= {
        *(f"{verb} forecast" for verb in ("fit", "predict", "evaluate", "backtest", "update", "compare")),
        *("demo", "show", "data list", "data get", "data path"),
    }
    assert {" ".join(path) for path in COMMANDS} >= {
        f"{verb} classify" for verb in ("fit", "predict", "evaluate", "explain")
    }
    assert {" ".join(path) for path in COMMANDS} >= {"fit translate", "evaluate translate", "translate"}
    assert {" ".join(path) for path in COMMANDS} >= {"fit generate", "evaluate generate", "generate"}
    assert {" ".join(path) for path in COMMANDS} >= {"fit realize", "evaluate realize", "realize", "fit chat", "chat"}
    known = {"forecast", "classify", "translate", "generate", "realize", "chat"}
    assert all(set(tasks) <= known for _, tasks in VERBS.values())


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_explains_itself(path: tuple[str, ...], gatelet: Gatelet) -> None:
    command = COMMANDS[path]
    assert "--json" in {option for parameter in command.params for option in parameter.opts}
    assert all(getattr(parameter, "help", None) for parameter in command.params)
    if path != ("data", "list"):
        assert f"gatelet {' '.join(path)}" in command.help, "an example is missing"
    said = gatelet(*path, "--help")
    assert said.code == 0 and f"gatelet {' '.join(path)}" in said.out


def test_defaults_of_a_classifier_in_the_help_are_the_library_s() -> None:
    defaults: dict[str, Any] = {
        name: parameter.default for name, parameter in inspect.signature(Classifier.__init__).parameters.items()
    }
    defaults["validation_share"] = inspect.signature(Classifier.fit).parameters["validation_share"].default
    for settings in (TextColumns, TextSettings, ClassifierSettings, TrainingSettings):
        defaults |= {field.name: field.default for field in dataclasses.fields(settings)}
    defaults["layers"] = defaults["num_layers"]
    told = {
        parameter.name: parameter.show_default
        for parameter in COMMANDS["fit", "classify"].params
        if isinstance(getattr(parameter, "show_default", None), str)
    }
    checked = {name for name, words in told.items() if defaults.get(name) is not None and words == str(defaults[name])}
    assert checked == {
        *("text", "label", "unit", "min_count", "vocabulary_size", "spelling_buckets", "max_length", "label_smoothing"),
        *("rejected", "cell", "hidden_size", "layers", "embedding_size", "pooling", "segment_length", "dropout"),
        *("recurrent_dropout", "embedding_dropout", "word_dropout", "pair_buckets", "validation_share"),
        *("epochs", "batch_size", "learning_rate", "patience", "seed", "precision"),
    }


def test_defaults_of_a_translator_in_the_help_are_the_library_s() -> None:
    defaults: dict[str, Any] = {
        name: parameter.default for name, parameter in inspect.signature(Translator.__init__).parameters.items()
    }
    defaults["validation_share"] = inspect.signature(Translator.fit).parameters["validation_share"].default
    for settings in (TranslatorSettings, TrainingSettings):
        defaults |= {field.name: field.default for field in dataclasses.fields(settings)}
    defaults |= dataclasses.asdict(TEXT) | dataclasses.asdict(PairColumns()) | {"layers": defaults["num_layers"]}
    told = {
        parameter.name: parameter.show_default
        for parameter in COMMANDS["fit", "translate"].params
        if isinstance(getattr(parameter, "show_default", None), str)
    }
    checked = {name for name, words in told.items() if defaults.get(name) is not None and words == str(defaults[name])}
    assert checked == {
        *("source", "target", "unit", "vocabulary_size", "min_count", "max_length", "label_smoothing"),
        *("scheduled_sampling", "cell", "hidden_size", "embedding_size", "layers", "decoder_layers", "attention"),
        *("dropout", "embedding_dropout", "validation_share"),
        *("epochs", "batch_size", "learning_rate", "patience", "seed", "precision"),
    }


def test_defaults_of_a_language_model_in_the_help_are_the_library_s() -> None:
    defaults: dict[str, Any] = {
        "text": inspect.signature(LanguageModel.__init__).parameters["column"].default,
        "validation_share": inspect.signature(LanguageModel.fit).parameters["validation_share"].default,
    }
    for settings in (LanguageModelSettings, SegmentSettings, TrainingSettings):
        defaults |= {field.name: field.default for field in dataclasses.fields(settings)}
    training_seed = defaults["seed"]
    defaults |= dataclasses.asdict(RUNNING_TEXT) | dataclasses.asdict(SamplingSettings())
    defaults |= {"layers": defaults["num_layers"], "segment_length": defaults["length"], "column": defaults["text"]}
    for path, more in ((("fit", "generate"), {"seed": training_seed}), (("generate",), {})):
        told = {
            parameter.name: parameter.show_default
            for parameter in COMMANDS[path].params
            if isinstance(getattr(parameter, "show_default", None), str)
        }
        known = defaults | more
        checked = {name for name, words in told.items() if known.get(name) is not None and words == str(known[name])}
        assert checked == GENERATE[path]
    assert {defaults["top_k"], defaults["seed"]} == {None} and defaults["stop"] == ()


GENERATE: dict[tuple[str, ...], set[str]] = {
    ("fit", "generate"): {
        *("column", "unit", "min_count", "vocabulary_size", "cell", "hidden_size", "embedding_size", "layers"),
        *("dropout", "layer_dropout", "embedding_dropout", "token_dropout", "weight_drop", "segment_length"),
        *("activation_penalty", "change_penalty", "validation_share"),
        *("epochs", "batch_size", "learning_rate", "patience", "seed", "precision"),
    },
    ("generate",): {"temperature", "top_p", "max_length"},
}


def test_defaults_in_the_help_are_the_library_s() -> None:
    defaults: dict[str, Any] = {
        name: parameter.default for name, parameter in inspect.signature(Forecaster.__init__).parameters.items()
    }
    for settings in (Columns, NetworkSettings, TrainingSettings):
        defaults |= {field.name: field.default for field in dataclasses.fields(settings)}
    defaults["layers"] = defaults["num_layers"]
    told = {
        parameter.name: parameter.show_default
        for parameter in COMMANDS["fit", "forecast"].params
        if isinstance(getattr(parameter, "show_default", None), str)
    }
    checked = {name for name, words in told.items() if defaults.get(name) is not None and words == str(defaults[name])}
    assert checked == {
        *("id", "time", "target", "distribution", "epochs", "batch_size", "learning_rate", "patience", "seed"),
        *("precision", "cell", "hidden_size", "layers", "segment_length", "dropout", "series_embedding", "center"),
    }
    assert {defaults[name] for name in ("frequency", "seasonality", "context_length", "max_time", "logs")} == {None}
    assert defaults["quantiles"] == tuple(level / 10 for level in range(1, 10))
