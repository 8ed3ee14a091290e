"""Text that goes on: fit generate, generate, evaluate generate."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import typer

from gatelet.cli import generate_options as own
from gatelet.cli import options as opt
from gatelet.cli.fitting import check_place, finish, train
from gatelet.cli.grouping import grouped
from gatelet.cli.model import load_model
from gatelet.cli.output import check_free, print_json, say, show_scores

if TYPE_CHECKING:
    from gatelet.nn.sampling import SamplingSettings
    from gatelet.tasks.language_modelling import LanguageModel

_BETWEEN = "\n---\n"  # two samples


@grouped
def fit(
    data: own.Corpus,
    splitting: own.SplittingOptions,
    network: own.LanguageModelOptions,
    segments: own.SegmentOptions,
    training: opt.TrainingOptions,
    validation: own.CorpusValidation,
    kept: opt.KeptOptions,
    new: opt.NewModel,
    column: own.Column = None,
    json: opt.Json = False,
) -> None:
    """Train a model that writes text like DATA, and save it as a folder.

    DATA is one long text, or documents: the files of a folder, the rows of a table. Its end chooses the best epoch,
    unless --validation names text for that. --batch-size says how many parts of it are read side by side.

    **Examples**

    ```
    gatelet fit generate tales.txt --max-time 10m
    gatelet fit generate books/ --unit bpe --cell lstm --layers 2 --hidden-size 512 --weight-drop 0.3
    gatelet fit generate recipes.jsonl --text instructions --unit word --segment-length 35
    ```
    """
    from gatelet.tasks.language_modelling import LanguageModel

    check_place(new.out, new.overwrite)
    model = LanguageModel(
        text=splitting.settings(),
        network=network.settings(),
        segments=segments.settings(),
        **opt.given(column=column),
    )
    train(model, own.corpus_of(data), training, kept, new, **vars(validation))
    names = ("perplexity", "bits_per_character")
    found = {name: model.metrics[name] for name in names}
    finish(model, kept, new, json, validation=found)


@grouped
def generate(
    sampling: own.SamplingOptions,
    begun: own.Prompt,
    model: opt.Model = opt.DEFAULT_MODEL,
    json: opt.Json = False,
) -> None:
    """Write text with a saved model; it appears as it is written, and Ctrl-C keeps what is there.

    **Examples**

    ```
    gatelet generate --prompt "Once upon a time" --temperature 0.8 --model gatelet-model
    gatelet generate --prompt-file start.txt --top-p 0.95 --seed 1 --samples 3 --out tales.txt
    ```
    """
    if begun.out is not None:
        check_free(begun.out, begun.overwrite)
    prompt = begun.text()
    loaded = _load(model)
    settings = sampling.settings(loaded.sampling)
    if json:
        found = loaded.predict(prompt, samples=begun.samples, sampling=settings)
        print_json({"samples": found.samples})
        return
    with ExitStack() as stack:
        target = sys.stdout
        if begun.out is not None:
            target = stack.enter_context(begun.out.open("w", encoding="utf-8"))
        _write(loaded, prompt, begun.samples, settings, target)
    if begun.out is not None:
        say(f"Wrote {begun.out}.")


@grouped
def evaluate(
    data: own.Corpus,
    model: opt.Model = opt.DEFAULT_MODEL,
    column: own.Column = None,
    json: opt.Json = False,
) -> None:
    """Say how well a saved model foretells DATA: perplexity per token, and bits per character.

    Beside it the same for frequencies alone, and for the compressor xz. By bits per character models of words, subwords
    and characters compare.

    **Example**

    ```
    gatelet evaluate generate test.txt --model gatelet-model
    ```
    """
    loaded = _load(model)
    if column is not None:
        loaded.column = column
    scores = loaded.evaluate(own.corpus_of(data))
    if json:
        print_json(scores.to_json())
        return
    show_scores(f"{scores.documents:,} documents, {scores.characters:,} characters", scores.rows())
    say(f"{scores.tokens:,} tokens, {100 * scores.unknown:.2f}% of them unknown.")


def _write(model: LanguageModel, prompt: str, samples: int, settings: SamplingSettings, target: TextIO) -> None:
    """Write texts piece by piece; Ctrl-C ends them."""
    written = 0
    try:
        for number in range(samples):
            target.write(_BETWEEN * (number > 0) + prompt)
            for piece in model.stream(prompt, sampling=settings.following(number)):
                target.write(piece)
                target.flush()
                written += len(piece)
    except KeyboardInterrupt:
        target.write("\n")
        target.flush()
        say(f"Stopped by Ctrl-C after {written:,} characters, which are kept.")
        raise typer.Exit(130) from None
    target.write("\n")


def _load(model: Path) -> LanguageModel:
    from gatelet.tasks.language_modelling import LanguageModel

    return load_model(model, LanguageModel)
