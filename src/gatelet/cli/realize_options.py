"""The options of the commands that say dialogue acts, in groups, as in `gatelet.cli.options`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gatelet.cli.options import Overwrite, given
from gatelet.cli.panels import column, files, network, reading, search, training
from gatelet.errors import GateletError

if TYPE_CHECKING:
    from gatelet.features.text import PairColumns, TextSettings
    from gatelet.features.text.slot_rules import SlotRules
    from gatelet.nn.beam_search import SearchSettings
    from gatelet.tasks.realisation import RealizerSettings

ActData = Annotated[str, typer.Argument(help="A CSV, Parquet or .jsonl file of acts and sentences.")]
SomeActs = Annotated[
    str, typer.Argument(help="An act in quotes, a file of them, line by line or as a table, or - for standard input.")
]


@dataclass(frozen=True)
class ActColumnOptions:
    """Which column plays which part."""

    act: Annotated[str | None, column(help="The dialogue act.", show_default="act")] = None
    text: Annotated[str | None, column(help="The sentence.", show_default="text")] = None

    def settings(self) -> PairColumns:
        """The same as the library's PairColumns."""
        from dataclasses import replace

        from gatelet.tasks.realisation.realizer import COLUMNS

        return replace(COLUMNS, **given(source=self.act, target=self.text))


@dataclass(frozen=True)
class SaidOptions:
    """How sentences are split, and what they are held to."""

    spaced: Annotated[bool, reading("--spaced", help="Sentences are split at spaces already.")] = False
    lower: Annotated[bool, reading("--lower", help="Write small letters alone.")] = False
    min_count: Annotated[
        int | None, reading(min=1, help="A word must stand so often to be known.", show_default="1")
    ] = None
    keywords: Annotated[
        list[str] | None,
        reading(
            help="Words that say a slot that is yes or no: kidsallowed=child,kid (may be repeated).",
            metavar="SLOT=WORDS",
            show_default="none",
        ),
    ] = None

    def settings(self) -> TextSettings:
        """The same as the library's TextSettings."""
        from dataclasses import replace

        from gatelet.tasks.realisation.realizer import TEXT

        changes = given(unit="space" if self.spaced else None, lowercase=self.lower or None, min_count=self.min_count)
        return replace(TEXT, **changes)

    def rules(self) -> SlotRules:
        """The same as the library's SlotRules."""
        from gatelet.features.text.slot_rules import SlotRules

        keywords = {}
        for option in self.keywords or ():
            slot, _, words = option.partition("=")
            keywords[slot.strip()] = tuple(word.strip() for word in words.split(",") if word.strip())
            if not slot.strip() or not words.strip():
                raise GateletError(f"--keywords must look like slot=word,word; got '{option}'.")
        return SlotRules(keywords)


@dataclass(frozen=True)
class RealizerOptions:
    """The size of the network, and how it forgets."""

    hidden_size: Annotated[int | None, network(min=1, help="Width of the state.", show_default="128")] = None
    embedding_size: Annotated[int | None, network(min=1, help="Size of a token's vector.", show_default="64")] = None
    dropout: Annotated[float | None, network(min=0.0, max=0.99, help="Of states.", show_default="0.3")] = None
    embedding_dropout: Annotated[
        float | None, network(min=0.0, max=0.99, help="Of tokens' vectors.", show_default="0.3")
    ] = None

    def settings(self) -> RealizerSettings:
        """The same as the library's RealizerSettings."""
        from gatelet.tasks.realisation import RealizerSettings

        return RealizerSettings(**given(**vars(self)))


@dataclass(frozen=True)
class ActValidation:
    """Which acts steer a training."""

    validation: Annotated[
        Path | None,
        training(help="Acts and sentences that choose the best epoch.", metavar="FILE", show_default="a share"),
    ] = None
    validation_share: Annotated[
        float | None, training(min=0.001, max=0.9, help="Share of DATA that chooses.", show_default="0.1")
    ] = None


@dataclass(frozen=True)
class CandidateOptions:
    """How to look for sentences."""

    beams: Annotated[int | None, search(min=1, help="Candidates followed.", show_default="as in fit")] = None
    length_penalty: Annotated[
        float | None, search(min=0.0, max=100.0, help="More favours the long.", show_default="as in fit")
    ] = None
    best: Annotated[int | None, search(min=1, help="Sentences for each act.", show_default="1")] = None

    def settings(self, usual: SearchSettings) -> SearchSettings:
        """The same as the library's SearchSettings, from those of the model."""
        from dataclasses import replace

        return replace(usual, **given(**vars(self)))


@dataclass(frozen=True)
class SaidFile:
    """Where sentences go."""

    out: Annotated[
        Path | None, files("--out", "-o", help="Write .csv or .parquet rows.", metavar="FILE", show_default="none")
    ] = None
    overwrite: Overwrite = False
