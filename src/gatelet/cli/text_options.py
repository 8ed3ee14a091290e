"""The options of the commands that read texts, in groups, as in `gatelet.cli.options`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gatelet.cli.options import Overwrite, given
from gatelet.cli.panels import classes, column, files, network, reading, training
from gatelet.errors import DataError

if TYPE_CHECKING:
    from gatelet.features.text import TextColumns, Texts, TextSettings
    from gatelet.tasks.classification import ClassifierSettings

TextData = Annotated[
    str, typer.Argument(help="A CSV, Parquet or .jsonl file, or a folder with one subfolder of .txt files per label.")
]
SomeText = Annotated[
    str, typer.Argument(help="A CSV, Parquet or .jsonl file, a folder of .txt files, or - for lines on standard input.")
]
Words = Annotated[str, typer.Argument(help="The text, in quotes.")]


class Features(StrEnum):
    """What the samples are."""

    text = "text"


class Unit(StrEnum):
    """What text is split into."""

    word = "word"
    space = "space"
    character = "character"
    byte = "byte"
    bpe = "bpe"
    unigram = "unigram"


class GatedCell(StrEnum):
    """The recurrent cells of a classifier."""

    gru = "gru"
    lstm = "lstm"


class Pool(StrEnum):
    """How a text becomes one vector."""

    last = "last"
    max = "max"
    mean = "mean"
    attention = "attention"


StreamOption = Annotated[
    bool, typer.Option("--stream", help="Follow the standard input word by word.", rich_help_panel="Columns")
]
FeaturesOption = Annotated[Features, typer.Option("--features", help="What DATA holds.", rich_help_panel="Columns")]


@dataclass(frozen=True)
class TextColumnOptions:
    """Which column plays which part."""

    text: Annotated[str | None, column(help="The text.", show_default="text")] = None
    label: Annotated[str | None, column(help="Its class.", show_default="label")] = None
    slots: Annotated[
        str | None, column(help="A label for each space-separated word: O, B-kind or I-kind.", show_default="none")
    ] = None
    separator: Annotated[
        str | None,
        column(help="A text may have several labels, with this between them.", metavar="TEXT", show_default="none"),
    ] = None

    def settings(self) -> TextColumns:
        """The same as the library's TextColumns."""
        from gatelet.features.text import TextColumns

        return TextColumns(**given(text=self.text, label=self.label, slots=self.slots, separator=self.separator))


@dataclass(frozen=True)
class TextColumn:
    """Where the text is."""

    text: Annotated[str | None, column(help="The text.", show_default="as in fit")] = None


@dataclass(frozen=True)
class ScoredColumns:
    """Where texts and their labels are."""

    text: Annotated[str | None, column(help="The text.", show_default="as in fit")] = None
    label: Annotated[str | None, column(help="Its class.", show_default="as in fit")] = None
    slots: Annotated[str | None, column(help="A label for each word.", show_default="as in fit")] = None


@dataclass(frozen=True)
class ReadingOptions:
    """How text becomes numbers."""

    unit: Annotated[
        Unit | None,
        reading(help="What text is split into; bpe and unigram are learned subwords.", show_default="word"),
    ] = None
    case: Annotated[bool, reading("--case", help="Tell A from a.")] = False
    min_count: Annotated[
        int | None, reading(min=1, help="A word must stand so often to be known.", show_default="1")
    ] = None
    vocabulary_size: Annotated[int | None, reading(min=1, help="Words known at most.", show_default="30000")] = None
    spelling_buckets: Annotated[
        int | None, reading(min=0, help="Know words by their spelling too, in so many buckets.", show_default="0")
    ] = None
    max_length: Annotated[
        int | None, reading(min=2, help="Words read of a text, from both ends.", show_default="2000")
    ] = None
    vectors: Annotated[
        Path | None,
        reading(
            help="Pretrained word vectors in GloVe's or fastText's text format.", metavar="FILE", show_default="none"
        ),
    ] = None

    def settings(self, columns: TextColumnOptions) -> TextSettings:
        """The same as the library's TextSettings."""
        from gatelet.features.text import TextSettings

        unit = self.unit.value if self.unit else ("space" if columns.slots else None)
        return TextSettings(
            **given(
                unit=unit,
                lowercase=False if self.case else None,
                min_count=self.min_count,
                vocabulary_size=self.vocabulary_size,
                spelling_buckets=self.spelling_buckets,
                max_length=self.max_length,
            )
        )


@dataclass(frozen=True)
class ClassOptions:
    """What is made of the classes."""

    label_smoothing: Annotated[
        float | None,
        classes(min=0.0, max=0.99, help="Share of the truth spread over all classes.", show_default="0.0"),
    ] = None
    balanced: Annotated[bool, classes("--balanced", help="Let rare classes count as much as common ones.")] = False
    out_of_scope: Annotated[
        str | None,
        classes(help="The label of texts that belong to no class.", metavar="LABEL", show_default="none"),
    ] = None
    rejected: Annotated[
        float | None,
        classes(
            min=0.0, max=0.99, help="Share of the texts in scope that may be called out of scope.", show_default="0.03"
        ),
    ] = None

    def given(self) -> dict[str, Any]:
        """The arguments of Classifier that the user set."""
        return given(
            label_smoothing=self.label_smoothing,
            balanced=self.balanced or None,
            out_of_scope=self.out_of_scope,
            rejected=self.rejected,
        )


@dataclass(frozen=True)
class ClassifierOptions:
    """The size of the network, and how it forgets."""

    cell: Annotated[GatedCell | None, network(help="Recurrent cell.", show_default="gru")] = None
    hidden_size: Annotated[int | None, network(min=1, help="Width of the state.", show_default="128")] = None
    layers: Annotated[int | None, network(min=1, help="Recurrent layers.", show_default="1")] = None
    forward: Annotated[bool, network("--forward", help="Read from the front only, to follow a text as it comes.")] = (
        False
    )
    embedding_size: Annotated[int | None, network(min=1, help="Size of a word's vector.", show_default="128")] = None
    pooling: Annotated[Pool | None, network(help="How a text becomes one vector.", show_default="max")] = None
    segment_length: Annotated[
        int | None, network(min=0, help="Start afresh after so many words: fast on long texts.", show_default="0")
    ] = None
    dropout: Annotated[float | None, network(min=0.0, max=0.99, help="Of states.", show_default="0.3")] = None
    recurrent_dropout: Annotated[
        float | None, network(min=0.0, max=0.99, help="Of the state that the cell sees again.", show_default="0.0")
    ] = None
    embedding_dropout: Annotated[
        float | None, network(min=0.0, max=0.99, help="Of words' vectors.", show_default="0.3")
    ] = None
    word_dropout: Annotated[float | None, network(min=0.0, max=0.99, help="Of whole words.", show_default="0.05")] = (
        None
    )
    no_highway: Annotated[bool, network("--no-highway", help="No votes of single words.")] = False
    pair_buckets: Annotated[
        int | None, network(min=0, help="Votes of pairs of words, in so many buckets.", show_default="0")
    ] = None

    vote_once: Annotated[
        bool, network("--vote-once", help="A word has one vote in a text, however often it stands there.")
    ] = False
    crf: Annotated[
        bool, network("--crf", help="Learn which slot label follows which, in a conditional random field.")
    ] = False

    def settings(self) -> ClassifierSettings:
        """The same as the library's ClassifierSettings."""
        from gatelet.tasks.classification import ClassifierSettings

        return ClassifierSettings(
            **given(
                cell=self.cell and self.cell.value,
                hidden_size=self.hidden_size,
                num_layers=self.layers,
                bidirectional=False if self.forward else None,
                embedding_size=self.embedding_size,
                pooling=self.pooling and self.pooling.value,
                segment_length=self.segment_length,
                dropout=self.dropout,
                recurrent_dropout=self.recurrent_dropout,
                embedding_dropout=self.embedding_dropout,
                word_dropout=self.word_dropout,
                highway=False if self.no_highway else None,
                pair_buckets=self.pair_buckets,
                vote_once=self.vote_once or None,
                crf=self.crf or None,
            )
        )


@dataclass(frozen=True)
class TextValidation:
    """Which texts steer a training."""

    validation: Annotated[
        Path | None,
        training(help="Texts that choose the best epoch.", metavar="FILE", show_default="a share of DATA"),
    ] = None
    validation_share: Annotated[
        float | None, training(min=0.001, max=0.9, help="Share of DATA that chooses.", show_default="0.1")
    ] = None


@dataclass(frozen=True)
class Pictures:
    """What an evaluation draws."""

    confusion: Annotated[
        Path | None, files(help="Draw which class is taken for which, as PNG.", metavar="FILE", show_default="none")
    ] = None
    overwrite: Overwrite = False


@dataclass(frozen=True)
class NewPage:
    """What is explained, and where the page goes."""

    label: Annotated[str | None, classes(help="The class to explain.", show_default="the likeliest")] = None
    out: Annotated[Path | None, files("--out", "-o", help="Write a page.", metavar="FILE", show_default="none")] = None
    overwrite: Overwrite = False


def read(data: str, columns: TextColumns) -> Texts:
    """The texts of DATA, or the lines of the standard input."""
    from gatelet.features.text import read_texts

    return read_texts(input_lines() if data == "-" else Path(data), columns, labelled=False)


def input_lines() -> list[str]:
    """The lines of the standard input, as `standard_input` reads it."""
    from gatelet.features.text.reading import split_lines

    return split_lines(standard_input())


def standard_input() -> str:
    """All of the standard input.

    Raises:
        DataError: it is not UTF-8.
    """
    return _decoded(sys.stdin.buffer.read(), 0).removeprefix("\ufeff")


def lines_as_they_come() -> Iterator[str]:
    """The lines of the standard input, each as soon as it is there.

    Raises:
        DataError: a line is not UTF-8; the text names the byte offset.
    """
    begin = 0
    for line in iter(sys.stdin.buffer.readline, b""):
        yield _decoded(line, begin).removeprefix("" if begin else "\ufeff")
        begin += len(line)


def _decoded(content: bytes, begin: int) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        place = f"got byte 0x{error.object[error.start]:02x} at offset {begin + error.start}"
        raise DataError(f"The standard input must be UTF-8; {place}.") from error
