"""The options of the commands that write texts, in groups, as in `gatelet.cli.options`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gatelet.cli.options import Overwrite, given
from gatelet.cli.panels import column, files, network, reading, search, training
from gatelet.cli.text_options import GatedCell, Unit, input_lines
from gatelet.errors import GateletError

if TYPE_CHECKING:
    from gatelet.features.text import PairColumns, TextSettings
    from gatelet.nn.beam_search import SearchSettings
    from gatelet.tasks.translation import TranslatorSettings

PairData = Annotated[
    str, typer.Argument(help="A CSV, Parquet or .jsonl file of pairs, or with --targets a file of source lines.")
]
Sources = Annotated[
    str, typer.Argument(help="A file of lines, a CSV, Parquet or .jsonl file, or - for lines on standard input.")
]
PairOption = Annotated[
    str | None,
    typer.Option("--pair", help="Names of the two languages: de-en", metavar="FROM-TO", show_default="none"),
]
Targets = Annotated[
    Path | None,
    typer.Option(
        "--targets",
        help="A file of target lines; DATA then holds the sources, line by line.",
        rich_help_panel="Columns",
        metavar="FILE",
        show_default="none",
    ),
]
Lowercase = Annotated[bool, typer.Option("--lowercase", help="Score A as a, even if the model tells them apart.")]


class Attention(StrEnum):
    """How the decoder compares its state with the source."""

    additive = "additive"
    dot = "dot"
    general = "general"


@dataclass(frozen=True)
class PairColumnOptions:
    """Which column plays which part."""

    source: Annotated[str | None, column(help="The text to read.", show_default="source")] = None
    target: Annotated[str | None, column(help="The text to write.", show_default="target")] = None

    def settings(self) -> PairColumns:
        """The same as the library's PairColumns."""
        from gatelet.features.text import PairColumns

        return PairColumns(**given(source=self.source, target=self.target))


@dataclass(frozen=True)
class SplittingOptions:
    """How texts are split, to be read and written."""

    unit: Annotated[
        Unit | None, reading(help="What text is split into; bpe and unigram are learned subwords.", show_default="bpe")
    ] = None
    target_unit: Annotated[Unit | None, reading(help="The same for what is written.", show_default="as --unit")] = None
    vocabulary_size: Annotated[int | None, reading(min=1, help="Tokens known at most.", show_default="8000")] = None
    shared_vocabulary: Annotated[bool, reading("--shared-vocabulary", help="One vocabulary for both languages.")] = (
        False
    )
    lower: Annotated[bool, reading("--lower", help="Read and write small letters alone.")] = False
    min_count: Annotated[
        int | None, reading(min=1, help="A word must stand so often to be known.", show_default="1")
    ] = None
    max_length: Annotated[
        int | None, reading(min=2, help="Tokens read of a text, from both ends.", show_default="256")
    ] = None

    def settings(self) -> tuple[TextSettings, TextSettings]:
        """The same as the library's TextSettings, for source and target."""
        from dataclasses import replace

        from gatelet.tasks.translation.translator import TEXT

        source = replace(
            TEXT,
            **given(
                unit=self.unit and self.unit.value,
                vocabulary_size=self.vocabulary_size,
                lowercase=self.lower or None,
                min_count=self.min_count,
                max_length=self.max_length,
            ),
        )
        return source, replace(source, **given(unit=self.target_unit and self.target_unit.value))


@dataclass(frozen=True)
class TranslatorOptions:
    """The size of the network, and how it forgets."""

    cell: Annotated[GatedCell | None, network(help="Recurrent cell.", show_default="gru")] = None
    hidden_size: Annotated[int | None, network(min=1, help="Width of the state.", show_default="256")] = None
    embedding_size: Annotated[int | None, network(min=1, help="Size of a token's vector.", show_default="256")] = None
    layers: Annotated[int | None, network(min=1, help="Layers that read.", show_default="1")] = None
    decoder_layers: Annotated[int | None, network(min=1, help="Layers that write.", show_default="2")] = None
    attention: Annotated[Attention | None, network(help="How places are compared.", show_default="general")] = None
    input_feeding: Annotated[
        bool, network("--input-feeding", help="Tell each step what the former one looked at; slower.")
    ] = False
    coverage: Annotated[
        bool, network("--coverage", help="Heed what was looked at before; slower, needs additive attention.")
    ] = False
    untied: Annotated[bool, network("--untied", help="Score target tokens by vectors of their own.")] = False
    dropout: Annotated[float | None, network(min=0.0, max=0.99, help="Of states.", show_default="0.3")] = None
    embedding_dropout: Annotated[
        float | None, network(min=0.0, max=0.99, help="Of tokens' vectors.", show_default="0.3")
    ] = None

    def settings(self) -> TranslatorSettings:
        """The same as the library's TranslatorSettings."""
        from gatelet.tasks.translation import TranslatorSettings

        return TranslatorSettings(
            **given(
                cell=self.cell and self.cell.value,
                hidden_size=self.hidden_size,
                embedding_size=self.embedding_size,
                num_layers=self.layers,
                decoder_layers=self.decoder_layers,
                attention=self.attention and self.attention.value,
                input_feeding=self.input_feeding or None,
                coverage=self.coverage or None,
                tied=False if self.untied else None,
                dropout=self.dropout,
                embedding_dropout=self.embedding_dropout,
            )
        )


@dataclass(frozen=True)
class LossOptions:
    """What training minimises."""

    label_smoothing: Annotated[
        float | None,
        training(min=0.0, max=0.99, help="Share of the truth spread over all tokens.", show_default="0.1"),
    ] = None
    scheduled_sampling: Annotated[
        float | None,
        training(min=0.0, max=0.99, help="Share of the former tokens that the model guesses.", show_default="0.0"),
    ] = None

    def given(self) -> dict[str, Any]:
        """The arguments of Translator that the user set."""
        return given(label_smoothing=self.label_smoothing, scheduled_sampling=self.scheduled_sampling)


@dataclass(frozen=True)
class PairValidation:
    """Which pairs steer a training."""

    validation: Annotated[
        Path | None,
        training(help="Pairs that choose the best epoch.", metavar="FILE", show_default="a share of DATA"),
    ] = None
    validation_targets: Annotated[
        Path | None,
        training(help="The target lines of --validation.", metavar="FILE", show_default="none"),
    ] = None
    validation_share: Annotated[
        float | None, training(min=0.001, max=0.9, help="Share of DATA that chooses.", show_default="0.05")
    ] = None

    def data(self) -> Path | tuple[Path, Path] | None:
        """What the library reads.

        Raises:
            GateletError: targets without sources.
        """
        if self.validation is None and self.validation_targets is not None:
            raise GateletError("--validation-targets needs --validation, the file of their sources; it is not given.")
        if self.validation is None or self.validation_targets is None:
            return self.validation
        return self.validation, self.validation_targets


@dataclass(frozen=True)
class SearchOptions:
    """How to look for the best translation."""

    beams: Annotated[int | None, search(min=1, help="Candidates followed; 1 is greedy.", show_default="as in fit")] = (
        None
    )
    length_penalty: Annotated[
        float | None, search(min=0.0, max=100.0, help="More favours the long.", show_default="as in fit")
    ] = None
    coverage_penalty: Annotated[
        float | None,
        search(min=0.0, max=100.0, help="More favours what looks at all of the source.", show_default="as in fit"),
    ] = None

    def settings(self, usual: SearchSettings, best: int | None = None) -> SearchSettings:
        """The same as the library's SearchSettings, from those of the model."""
        from dataclasses import replace

        changes = given(
            beams=self.beams, length_penalty=self.length_penalty, coverage_penalty=self.coverage_penalty, best=best
        )
        return replace(usual, **changes) if changes else usual


@dataclass(frozen=True)
class Written:
    """What is written, and where."""

    best: Annotated[int | None, search(min=1, help="Candidates given for each text.", show_default="1")] = None
    picture: Annotated[
        Path | None,
        files(help="Draw what the first text's translation looked at, as PNG.", metavar="FILE", show_default="none"),
    ] = None
    out: Annotated[
        Path | None,
        files("--out", "-o", help="Write .txt lines, or .csv or .parquet rows.", metavar="FILE", show_default="none"),
    ] = None
    overwrite: Overwrite = False


def data_of(data: str, targets: Path | None) -> Path | tuple[Path, Path]:
    """What the library reads: two parallel files, or one table."""
    return Path(data) if targets is None else (Path(data), targets)


def lines_of(data: str) -> Any:
    """What the library reads: a file, or the lines of the standard input."""
    return input_lines() if data == "-" else Path(data)


def languages(pair: str | None) -> tuple[str, str] | None:
    """``"de-en"`` as ``("de", "en")``.

    Raises:
        GateletError: there are not two.
    """
    if pair is None:
        return None
    names = tuple(name.strip() for name in pair.split("-"))
    if len(names) != 2 or not all(names):
        raise GateletError(f"--pair must be two languages with a hyphen between them, such as de-en; got '{pair}'.")
    return names[0], names[1]
