"""Writing text from text: fit translate, translate, evaluate translate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from gatelet.cli import options as opt
from gatelet.cli import translate_options as own
from gatelet.cli.fitting import check_place, finish, train
from gatelet.cli.grouping import grouped
from gatelet.cli.model import load_model
from gatelet.cli.output import check_free, check_table_file, print_json, say, show_frame, show_scores
from gatelet.errors import GateletError

if TYPE_CHECKING:
    from gatelet.tasks.translation import Translations, Translator


@grouped
def fit(
    data: own.PairData,
    columns: own.PairColumnOptions,
    splitting: own.SplittingOptions,
    network: own.TranslatorOptions,
    loss: own.LossOptions,
    training: opt.TrainingOptions,
    validation: own.PairValidation,
    kept: opt.KeptOptions,
    new: opt.NewModel,
    targets: own.Targets = None,
    pair: own.PairOption = None,
    json: opt.Json = False,
) -> None:
    """Train a model that writes a text for a text, and save it as a folder.

    Translation is one use; dates in another form, spelled-out numbers or the sounds of words are others, best with
    --unit character. DATA is a table of pairs, or a file of lines whose partners are in --targets. A share of it
    chooses the best epoch, unless --validation names pairs for that.

    **Examples**

    ```
    gatelet fit translate train.de --targets train.en --pair de-en --precision bf16
    gatelet fit translate pairs.csv --source german --target english --cell lstm
    gatelet fit translate dates.jsonl --unit character --hidden-size 64 --embedding-size 32
    ```
    """
    from gatelet.tasks.translation import Translator

    check_place(new.out, new.overwrite)
    source, target = splitting.settings()
    model = Translator(
        languages=own.languages(pair),
        columns=columns.settings(),
        source=source,
        target=target,
        shared_vocabulary=splitting.shared_vocabulary,
        network=network.settings(),
        **loss.given(),
    )
    held = {"validation": validation.data(), "validation_share": validation.validation_share}
    train(model, own.data_of(data, targets), training, kept, new, **held)
    finish(model, kept, new, json)


@grouped
def translate(
    data: own.Sources,
    search: own.SearchOptions,
    written: own.Written,
    model: opt.Model = opt.DEFAULT_MODEL,
    pair: own.PairOption = None,
    json: opt.Json = False,
) -> None:
    """Translate each line of DATA with a saved model, or whatever else it was trained to write.

    The translations go to the standard output, one line for each line; --best 3 gives three of each, as a table.

    **Examples**

    ```
    gatelet translate test.de --model gatelet-model --pair de-en --out test.en.txt
    echo "Ein Mann schläft." | gatelet translate - --beams 10 --picture attention.png
    ```
    """
    _check_files(written)
    languages = own.languages(pair)
    loaded = _load(model)
    settings = search.settings(loaded.search, written.best)
    found = loaded.predict(own.lines_of(data), languages=languages, search=settings)
    if written.picture is not None:
        _draw(found, written.picture)
    if written.out is not None and written.out.suffix.lower() == ".txt":
        written.out.write_text("".join(f"{line}\n" for line in found.texts), encoding="utf-8")
        say(f"Wrote {len(found):,} lines to {written.out}.")
    elif written.out is not None or json or written.best is not None:
        show_frame("Translations", found.frame("polars"), written.out, json)
    else:
        for line in found.texts:
            typer.echo(line)


@grouped
def evaluate(
    data: own.PairData,
    columns: own.PairColumnOptions,
    search: own.SearchOptions,
    model: opt.Model = opt.DEFAULT_MODEL,
    targets: own.Targets = None,
    lowercase: own.Lowercase = False,
    json: opt.Json = False,
) -> None:
    """Score a saved translator on pairs that it has not seen: BLEU and chrF of sacreBLEU, and exact matches.

    **Example**

    ```
    gatelet evaluate translate test.de --targets test.en --model gatelet-model --beams 5
    ```
    """
    loaded = _load(model)
    if columns.source or columns.target:
        from dataclasses import replace

        loaded.columns = replace(loaded.columns, **opt.given(source=columns.source, target=columns.target))
    scores = loaded.evaluate(
        own.data_of(data, targets), search=search.settings(loaded.search), lowercase=lowercase or None
    )
    if json:
        print_json(scores.to_json())
        return
    show_scores(f"{scores.pairs:,} pairs", scores.rows())
    for metric, signature in scores.signatures.items():
        say(f"{metric}: {signature}")


def _check_files(written: own.Written) -> None:
    if written.picture is not None:
        check_free(written.picture, written.overwrite)
    if written.out is not None and written.out.suffix.lower() == ".txt":
        if written.best is not None:
            raise GateletError("--best gives several candidates, which need an --out in .csv or .parquet; got .txt.")
        check_free(written.out, written.overwrite)
    else:
        check_table_file(written.out, written.overwrite)


def _draw(found: Translations, path: Path) -> None:
    from gatelet.study.attention import attention_picture
    from gatelet.study.canvas import LIGHT, png

    first = found.candidates[0][0]
    path.write_bytes(png(attention_picture(first.attention, found.source_tokens[0], first.tokens, LIGHT)))
    say(f"Wrote {path}.")


def _load(model: Path) -> Translator:
    from gatelet.tasks.translation import Translator

    return load_model(model, Translator)
