"""``gatelet stream``: a line in, an answer out, as each comes."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer

from gatelet.cli.output import plain, say
from gatelet.errors import DataError, GateletError

if TYPE_CHECKING:
    from gatelet.stream.records import Record

Format = Annotated[
    str | None,
    typer.Option(
        "--format",
        "-f",
        help="Of stdin: csv (with a header), jsonl, text, or raw little-endian samples, s16 or f32. By default text "
        "for a model of texts, else csv.",
        metavar="FORMAT",
    ),
]

Always = Annotated[
    bool,
    typer.Option("--json", help="As of every command; here the answers are JSON, one object a line, without it too."),
]


Write = Annotated[
    int,
    typer.Option(
        "--write",
        "-w",
        help="Of a language model: it writes so many tokens, at most, after each line.",
        metavar="N",
        min=0,
    ),
]

Weights = Annotated[
    str,
    typer.Option(
        help="float32, or bfloat16: matrices are rounded, which makes a step of wide layers quicker.",
        metavar="TYPE",
    ),
]


def stream(
    model: Annotated[Path, typer.Argument(help="Folder of the saved model, or of a plan.", metavar="MODEL")],
    form: Format = None,
    write: Write = 0,
    weights: Weights = "float32",
    json: Always = False,
) -> None:
    """Answer every line on stdin with one on stdout, at once, as JSON.

    A bad line is named on stderr and passed over.

    A forecaster reads rows of its table and forecasts after each, for as many series as come. A classifier reads the
    next words of a text, and a language model the lines of one: it answers how likely they were, and what is next. An
    empty line begins a new text. It needs no torch.

    **Examples**

    ```
    tail -f meter.csv | gatelet stream gatelet-model
    cat rows.jsonl | gatelet stream gatelet-model --format jsonl
    gatelet stream gatelet-language-model --write 20
    ```
    """
    from gatelet.plan import load_plan
    from gatelet.stream.answers import answerer, reads_text
    from gatelet.stream.records import FORMATS
    from gatelet.stream.session import streamed_plan

    if form is not None and form not in FORMATS:
        raise GateletError(f"--format must be one of {', '.join(FORMATS)}; got {form}.")
    plan = streamed_plan(load_plan(model))
    follower = answerer(plan, write, weights)
    shape = plan.inputs[0].shape
    channels = shape[0] if shape and isinstance(shape[0], int) else 1
    bad = 0
    for number, record in _records(form or ("text" if reads_text(plan) else "csv"), channels):
        try:
            if isinstance(record, DataError):
                raise record
            answer = follower.answer(record)
        except DataError as error:
            bad += 1
            text = str(error)
            say(text if text.startswith(("line", "frame")) else f"line {number}: {text}")
            continue
        sys.stdout.write(_line({"line": number} | answer))
        sys.stdout.flush()
    if bad:
        say(f"{bad:,} bad line{'s' * (bad > 1)} passed over.")


def _line(answer: dict[str, Any]) -> str:
    import json

    return json.dumps(plain(answer), ensure_ascii=False) + "\n"


def _records(form: str, channels: int) -> Iterator[tuple[int, Record | DataError]]:
    from gatelet.stream.records import csv_records, json_records, raw_records, text_records

    if form in ("s16", "f32"):
        return raw_records(sys.stdin.buffer, form, channels)
    readers: dict[str, Any] = {"csv": csv_records, "jsonl": json_records, "text": text_records}
    found: Iterator[tuple[int, Record | DataError]] = readers[form](_lines(sys.stdin))
    return found


def _lines(source: TextIO) -> Iterable[str]:
    """Lines as they come; what is no UTF-8 is replaced, so that a bad byte spoils one line and not the stream."""
    for line in getattr(source, "buffer", source):
        yield line if isinstance(line, str) else line.decode("utf-8", "replace")
