"""What a realizer gives back: sentences, and their scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import narwhals as nw

from gatelet.features.text.acts import DialogueAct


@dataclass(frozen=True)
class Realization:
    """One way to say an act.

    Attributes:
        text: as it reads.
        tokens: delexicalised, with marks for values.
        score: by which candidates are ranked; comparable within one act only.
        log_probability: of its tokens and its end.
        errors: slots that it leaves out, repeats or makes up.
    """

    text: str
    tokens: tuple[str, ...]
    score: float
    log_probability: float
    errors: int


@dataclass(frozen=True)
class Realizations:
    """What was written for N acts.

    Attributes:
        acts: (N).
        candidates: (N) for each act its sentences, the best first.
    """

    acts: tuple[DialogueAct, ...]
    candidates: tuple[tuple[Realization, ...], ...]

    def __len__(self) -> int:
        return len(self.acts)

    @property
    def texts(self) -> tuple[str, ...]:
        """(N) the best sentence of each act."""
        return tuple(each[0].text for each in self.candidates)

    def frame(self, backend: Literal["polars", "pandas", "pyarrow"] = "polars") -> Any:
        """A dataframe with a row per sentence: `act`, `rank` from 1, `text`, `errors`, `score`, `log_probability`."""
        rows = [
            (str(act), rank, each.text, each.errors, each.score, each.log_probability)
            for act, found in zip(self.acts, self.candidates, strict=True)
            for rank, each in enumerate(found, 1)
        ]
        names = ("act", "rank", "text", "errors", "score", "log_probability")
        columns = {name: [row[number] for row in rows] for number, name in enumerate(names)}
        return nw.from_dict(columns, backend=backend).to_native()


@dataclass(frozen=True)
class Scores:
    """Scores of a model and of reading the act out as it is written, on the same acts.

    Attributes:
        overall: method -> metric -> value: bleu and slot_error, both from 0 to 1.
        acts: how many were scored.
        distinct: how many of them differ but for their values; those alike are references for each other.
    """

    overall: dict[str, dict[str, float]]
    acts: int
    distinct: int

    def rows(self) -> list[dict[str, Any]]:
        """One row per method for a table."""
        return [{"method": method, **scores} for method, scores in self.overall.items()]

    def to_json(self) -> dict[str, Any]:
        """Plain values for `json.dumps`."""
        return {"acts": self.acts, "distinct": self.distinct, "overall": self.overall}
