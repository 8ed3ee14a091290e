"""The options of the commands that let a text go on, in groups, as in `gatelet.cli.options`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gatelet.cli.options import Overwrite, given
from gatelet.cli.panels import column, files, network, reading, training, writing
from gatelet.cli.text_options import GatedCell, Unit, standard_input
from gatelet.errors import GateletError

if TYPE_CHECKING:
    from gatelet.features.text import TextSettings
    from gatelet.nn.sampling import SamplingSettings
    from gatelet.tasks.language_modelling import LanguageModelSettings, SegmentSettings

Corpus = Annotated[
    str,
    typer.Argument(
        help="A file of text, a folder of .txt files, a CSV, Parquet or .jsonl file, or - for the standard input."
    ),
]
Column = Annotated[str | None, column("--text", help="The column of a table that holds the text.", show_default="text")]


@dataclass(frozen=True)
class SplittingOptions:
    """What text is made of."""

    unit: Annotated[
        Unit | None, reading(help="What is foretold; bpe and unigram are learned subwords.", show_default="character")
    ] = None
    lower: Annotated[bool, reading("--lower", help="Read and write small letters alone.")] = False
    min_count: Annotated[
        int | None, reading(min=1, help="A word or character must stand so often to be known.", show_default="2")
    ] = None
    vocabulary_size: Annotated[int | None, reading(min=1, help="Tokens known at most.", show_default="10000")] = None

    def settings(self) -> TextSettings:
        """The same as the library's TextSettings."""
        from dataclasses import replace

        from gatelet.tasks.language_modelling.language_model import TEXT

        changes = given(
            unit=self.unit and self.unit.value,
            lowercase=self.lower or None,
            min_count=self.min_count,
            vocabulary_size=self.vocabulary_size,
        )
        return replace(TEXT, **changes)


@dataclass(frozen=True)
class LanguageModelOptions:
    """The size of the network, and how it forgets."""

    cell: Annotated[GatedCell | None, network(help="Recurrent cell.", show_default="gru")] = None
    hidden_size: Annotated[int | None, network(min=1, help="Width of the state.", show_default="256")] = None
    embedding_size: Annotated[int | None, network(min=1, help="Size of a token's vector.", show_default="128")] = None
    layers: Annotated[int | None, network(min=1, help="Recurrent layers.", show_default="1")] = None
    untied: Annotated[bool, network("--untied", help="Score tokens by vectors of their own.")] = False
    dropout: Annotated[float | None, network(min=0.0, max=0.99, help="Of the last layer.", show_default="0.2")] = None
    layer_dropout: Annotated[float | None, network(min=0.0, max=0.99, help="Between layers.", show_default="0.2")] = (
        None
    )
    embedding_dropout: Annotated[
        float | None, network(min=0.0, max=0.99, help="Of tokens' vectors.", show_default="0.1")
    ] = None
    token_dropout: Annotated[float | None, network(min=0.0, max=0.99, help="Of whole tokens.", show_default="0.0")] = (
        None
    )
    weight_drop: Annotated[
        float | None, network(min=0.0, max=0.99, help="Of recurrent weights.", show_default="0.0")
    ] = None

    def settings(self) -> LanguageModelSettings:
        """The same as the library's LanguageModelSettings."""
        from gatelet.tasks.language_modelling import LanguageModelSettings

        return LanguageModelSettings(
            **given(
                cell=self.cell and self.cell.value,
                hidden_size=self.hidden_size,
                embedding_size=self.embedding_size,
                num_layers=self.layers,
                tied=False if self.untied else None,
                dropout=self.dropout,
                layer_dropout=self.layer_dropout,
                embedding_dropout=self.embedding_dropout,
                token_dropout=self.token_dropout,
                weight_drop=self.weight_drop,
            )
        )


@dataclass(frozen=True)
class SegmentOptions:
    """What is learned from at once."""

    segment_length: Annotated[
        int | None, training(min=2, help="Tokens through which gradients go back.", show_default="100")
    ] = None
    varied: Annotated[bool, training("--varied", help="Draw the lengths of segments around that.")] = False
    activation_penalty: Annotated[
        float | None, training(min=0.0, max=1000.0, help="On large states.", show_default="0.0")
    ] = None
    change_penalty: Annotated[
        float | None, training(min=0.0, max=1000.0, help="On large changes of the state.", show_default="0.0")
    ] = None

    def settings(self) -> SegmentSettings:
        """The same as the library's SegmentSettings."""
        from gatelet.tasks.language_modelling import SegmentSettings

        return SegmentSettings(
            **given(
                length=self.segment_length,
                varied=self.varied or None,
                activation_penalty=self.activation_penalty,
                change_penalty=self.change_penalty,
            )
        )


@dataclass(frozen=True)
class CorpusValidation:
    """Which text steers a training."""

    validation: Annotated[
        Path | None,
        training(help="Text that chooses the best epoch.", metavar="FILE", show_default="the end of DATA"),
    ] = None
    validation_share: Annotated[
        float | None, training(min=0.001, max=0.9, help="Share of DATA at its end that chooses.", show_default="0.1")
    ] = None


@dataclass(frozen=True)
class SamplingOptions:
    """How to write."""

    temperature: Annotated[
        float | None, writing(help="Below 1 the likely becomes likelier, above 1 the unlikely.", show_default="1.0")
    ] = None
    top_k: Annotated[int | None, writing(help="Only so many of the likeliest tokens.", show_default="all")] = None
    top_p: Annotated[
        float | None, writing(help="Only the likeliest tokens that make up this share.", show_default="1.0")
    ] = None
    max_length: Annotated[int | None, writing(help="Tokens at most.", show_default="500")] = None
    stop: Annotated[
        list[str] | None,
        writing(help="End before this text; may be given more than once.", metavar="TEXT", show_default="none"),
    ] = None
    seed: Annotated[int | None, writing(help="The same seed gives the same text.", show_default="drawn")] = None

    def settings(self, usual: SamplingSettings) -> SamplingSettings:
        """The same as the library's SamplingSettings, from those of the model."""
        from dataclasses import replace

        changes = given(
            temperature=self.temperature,
            top_k=self.top_k,
            top_p=self.top_p,
            max_length=self.max_length,
            stop=tuple(self.stop) if self.stop else None,
            seed=self.seed,
        )
        return replace(usual, **changes) if changes else usual


@dataclass(frozen=True)
class Prompt:
    """Where a text begins, and where it goes."""

    prompt: Annotated[str | None, writing(help="The text begins with this.", metavar="TEXT", show_default="none")] = (
        None
    )
    prompt_file: Annotated[
        Path | None, writing(help="The same from a file, - for stdin.", metavar="FILE", show_default="none")
    ] = None
    samples: Annotated[int, writing(min=1, help="Texts to write.")] = 1
    out: Annotated[
        Path | None, files("--out", "-o", help="Write to a file.", metavar="FILE", show_default="the screen")
    ] = None
    overwrite: Overwrite = False

    def text(self) -> str:
        """The prompt.

        Raises:
            GateletError: it is given twice.
            DataError: the file is not there, or not UTF-8.
        """
        if self.prompt is not None and self.prompt_file is not None:
            raise GateletError("--prompt and --prompt-file both say how the text begins; give one of them.")
        if self.prompt_file is None:
            return self.prompt or ""
        if str(self.prompt_file) == "-":
            return standard_input()
        from gatelet.features.text.reading import decoded

        return decoded(self.prompt_file).removesuffix("\n")


def corpus_of(data: str) -> Any:
    """What the library reads: a file or folder, or the standard input as one document."""
    return [standard_input()] if data == "-" else Path(data)
