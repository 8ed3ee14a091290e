"""What a language model gives back: texts, and the scores of texts."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

import narwhals as nw


@dataclass(frozen=True)
class Sample:
    """One text.

    Attributes:
        prompt: where it begins.
        text: what was written after it.
        seed: that gives it again.
        tokens: how many were written.
        reason: why it ended: "end", "stop" or "length".
    """

    prompt: str
    text: str
    seed: int
    tokens: int
    reason: str


@dataclass(frozen=True)
class Generated:
    """What was written for some prompts, as many samples for each.

    Attributes:
        samples: all of them, prompt by prompt.
    """

    samples: tuple[Sample, ...]

    def __len__(self) -> int:
        return len(self.samples)

    @property
    def texts(self) -> tuple[str, ...]:
        """What was written after each prompt."""
        return tuple(sample.text for sample in self.samples)

    def frame(self, backend: Literal["polars", "pandas", "pyarrow"] = "polars") -> Any:
        """A dataframe with a row per sample: `prompt`, `text`, `seed`, `tokens`, `reason`."""
        names = ("prompt", "text", "seed", "tokens", "reason")
        columns = {name: [getattr(sample, name) for sample in self.samples] for name in names}
        return nw.from_dict(columns, backend=backend).to_native()


@dataclass(frozen=True)
class Scores:
    """How well a model foretells a text, beside frequencies alone and the compressor xz.

    Attributes:
        overall: method -> metric -> value: perplexity per token, bits_per_character.
        documents: that were read.
        characters: in them; the end of a line or document counts as one.
        tokens: that they are.
        unknown: share of the tokens that are not in the vocabulary. Perplexity takes all of them for one and the same
            token; bits per character also count their spelling, 8 bits for each byte in UTF-8 and 8 for its end.
    """

    overall: dict[str, dict[str, float]]
    documents: int
    characters: int
    tokens: int
    unknown: float

    def rows(self) -> list[dict[str, Any]]:
        """One row per method for a table."""
        return [{"method": method, **scores} for method, scores in self.overall.items()]

    def to_json(self) -> dict[str, Any]:
        """Plain values for `json.dumps`."""
        return asdict(self)
