"""The verbs of classification: fit, predict, evaluate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from gatelet.cli import options as opt
from gatelet.cli import text_options as text
from gatelet.cli.fitting import asked, check_place, finish, train
from gatelet.cli.grouping import grouped
from gatelet.cli.model import load_model
from gatelet.cli.output import check_free, check_table_file, print_json, print_table, say, show_frame, show_scores
from gatelet.errors import GateletError

if TYPE_CHECKING:
    from gatelet.tasks.classification import Classifier, Scores


@grouped
def fit(
    data: text.TextData,
    columns: text.TextColumnOptions,
    reading: text.ReadingOptions,
    classes: text.ClassOptions,
    network: text.ClassifierOptions,
    training: opt.TrainingOptions,
    validation: text.TextValidation,
    kept: opt.KeptOptions,
    new: opt.NewModel,
    features: text.FeaturesOption = text.Features.text,
    fit_device: opt.FitDevice = None,
    json: opt.Json = False,
) -> None:
    """Train a classifier on labelled texts and save it as a folder.

    DATA is a CSV, Parquet or JSON Lines file, or a folder with one subfolder of .txt files per label. A tenth of it, in
    the same proportion of classes, chooses the best epoch, unless --validation names a file for that. Pieces of text
    from other languages and scripts are welcome.

    **Examples**

    ```
    gatelet fit classify reviews.csv --text review --label stars
    gatelet fit classify mails/ --unit bpe --cell lstm --out spam-filter
    gatelet fit classify commands.jsonl --label intent --slots tags --out assistant
    ```
    """
    from gatelet.tasks.classification import Classifier

    check_place(new.out, new.overwrite)
    device = asked(fit_device)
    model = Classifier(
        columns=columns.settings(), text=reading.settings(columns), network=network.settings(), **classes.given()
    )
    train(model, Path(data), training, kept, new, device=device, **vars(validation), vectors=reading.vectors)
    if model.seen_once:
        say(f"Labels with a single text, which nothing could validate: {', '.join(model.seen_once[:12])}.")
    finish(model, kept, new, json, validation=model.metrics)


@grouped
def predict(
    data: text.SomeText,
    new: opt.NewTable,
    columns: text.TextColumn,
    stream: text.StreamOption = False,
    model: opt.Model = opt.DEFAULT_MODEL,
    json: opt.Json = False,
) -> None:
    """Name the class of each text of DATA, with a saved classifier.

    DATA is a file or a folder as for fit, without need of labels, or - for one text per line on the standard input.
    With --stream, the lines of the standard input go on with one text, whose class is named again after every word; an
    empty line begins the next text.

    **Examples**

    ```
    gatelet predict classify new.csv --text review --model gatelet-model --out classes.csv
    echo "I laughed all the way." | gatelet predict classify -
    gatelet predict classify - --stream
    ```
    """
    check_table_file(new.out, new.overwrite)
    if stream and (data != "-" or new.out is not None):
        raise GateletError("--stream follows the standard input on the screen; give - as DATA, and no --out.")
    loaded = _load(model, columns.text)
    if stream:
        _follow(loaded, json)
        return
    texts = text.read(data, loaded.columns)
    import polars as pl

    frame = loaded.predict(texts).frame("polars")
    frame = pl.concat([pl.DataFrame({"text": list(texts.texts)}), frame], how="horizontal")
    show_frame("Classes", frame, new.out, json)


@grouped
def evaluate(
    data: text.TextData,
    pictures: text.Pictures,
    columns: text.ScoredColumns,
    model: opt.Model = opt.DEFAULT_MODEL,
    json: opt.Json = False,
) -> None:
    """Score a saved classifier on labelled texts that it has not seen, beside always naming the commonest class.

    **Example**

    ```
    gatelet evaluate classify test.csv --model gatelet-model --confusion confusion.png
    ```
    """
    if pictures.confusion is not None:
        check_free(pictures.confusion, pictures.overwrite)
    scores = _load(model, columns.text, columns.label, columns.slots).evaluate(Path(data))
    if pictures.confusion is not None:
        _draw(scores, pictures.confusion)
    if json:
        print_json(scores.to_json())
        return
    show_scores(f"{scores.texts:,} texts", scores.rows())
    typer.echo("")
    show_scores("Classes", scores.class_rows())


@grouped
def explain(
    words: text.Words,
    new: text.NewPage,
    model: opt.Model = opt.DEFAULT_MODEL,
    json: opt.Json = False,
) -> None:
    """Say which words of a text moved a classifier's decision.

    --out writes a page with the words in the colours of their influence.

    **Example**

    ```
    gatelet explain classify "slow, but never dull" --model gatelet-model --out why.html
    ```
    """
    if new.out is not None:
        check_free(new.out, new.overwrite)
    found = _load(model).explain(words, new.label)
    if new.out is not None:
        new.out.write_text(found.html(), encoding="utf-8")
        say(f"Wrote {new.out}.")
    if json:
        print_json(found)
        return
    weights = [None] * len(found.tokens) if found.attention is None else found.attention.tolist()
    rows = zip(found.tokens, found.influence.tolist(), weights, strict=True)
    print_table(f"{found.label}: {found.probability:.1%}", ["word", "influence", "attention"], rows)


def _draw(scores: Scores, path: Path) -> None:
    from gatelet.study.canvas import LIGHT, png
    from gatelet.study.confusion import confusion_picture

    if scores.confusion is None:
        raise GateletError("A picture of confusions needs one class per text; here a text may have several.")
    path.write_bytes(png(confusion_picture(scores.confusion, scores.names, LIGHT)))
    say(f"Wrote {path}.")


def _follow(loaded: Classifier, json: bool) -> None:
    """Name the class of what stands on the standard input so far, after every word."""
    followed = loaded.stream()
    for line in text.lines_as_they_come():
        if not line.strip():
            followed = loaded.stream()
        for word in line.split():
            found = followed.update(word)
            label, probability = found.written[0], float(found.probabilities[0].max())
            if json:
                print_json({"word": word, "label": label, "probability": probability})
            else:
                typer.echo(f"{label}  {probability:.3f}  {word}")


def _load(model: Path, name: str | None = None, label: str | None = None, slots: str | None = None) -> Classifier:
    """A saved classifier that reads the columns of the first fit, unless they have other names now."""
    from dataclasses import replace

    from gatelet.tasks.classification import Classifier

    loaded = load_model(model, Classifier)
    loaded.columns = replace(loaded.columns, **opt.given(text=name, label=label, slots=slots))
    return loaded
