"""What a translator gives back: translations, and their scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import narwhals as nw
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Candidate:
    """One way to write a text.

    Attributes:
        text: as it reads.
        tokens: (n) that it is made of; what was copied from the source is there as it was copied.
        score: by which candidates are ranked; comparable within one text only.
        log_probability: of its tokens and its end.
        attention: (n, S) what each token looked at; rows add up to 1, but for the end of the source.
    """

    text: str
    tokens: tuple[str, ...]
    score: float
    log_probability: float
    attention: Array


@dataclass(frozen=True)
class Translations:
    """What was written for N texts.

    Attributes:
        sources: (N) the texts.
        source_tokens: (N) the S tokens of each.
        candidates: (N) for each text its candidates, the best first; the empty text has one, which is empty.
    """

    sources: tuple[str, ...]
    source_tokens: tuple[tuple[str, ...], ...]
    candidates: tuple[tuple[Candidate, ...], ...]

    def __len__(self) -> int:
        return len(self.sources)

    @property
    def texts(self) -> tuple[str, ...]:
        """(N) the best candidate of each text."""
        return tuple(each[0].text for each in self.candidates)

    def frame(self, backend: Literal["polars", "pandas", "pyarrow"] = "polars") -> Any:
        """A dataframe with a row per candidate: `text`, `rank` from 1, `translation`, `score`, `log_probability`."""
        rows = [
            (source, rank, each.text, each.score, each.log_probability)
            for source, found in zip(self.sources, self.candidates, strict=True)
            for rank, each in enumerate(found, 1)
        ]
        names = ("text", "rank", "translation", "score", "log_probability")
        columns = {name: [row[number] for row in rows] for number, name in enumerate(names)}
        return nw.from_dict(columns, backend=backend).to_native()


@dataclass(frozen=True)
class Scores:
    """Scores of a model and of copying the source, on the same texts.

    Attributes:
        overall: method -> metric -> value: bleu, chrf and exact.
        signatures: metric -> how it was computed.
        pairs: how many were scored.
    """

    overall: dict[str, dict[str, float]]
    signatures: dict[str, str]
    pairs: int

    def rows(self) -> list[dict[str, Any]]:
        """One row per method for a table."""
        return [{"method": method, **scores} for method, scores in self.overall.items()]

    def to_json(self) -> dict[str, Any]:
        """Plain values for `json.dumps`."""
        return {"pairs": self.pairs, "overall": self.overall, "signatures": self.signatures}
