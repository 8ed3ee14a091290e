"""What a classifier gives back: predictions, and their scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import narwhals as nw
import numpy as np
from numpy.typing import NDArray

from gatelet import metrics
from gatelet.features.labels import Labels

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Predictions:
    """Classes of N texts.

    Attributes:
        names: (K) the classes.
        probabilities: (N, K); each row adds up to 1 unless a text may have several classes.
        labels: (N) the classes given: one, or none where the text is out of scope; any number if several are possible.
        slots: (N) the label of each word in BIO, or None.
        out_of_scope: what a text is called that belongs to no class, or None.
    """

    names: tuple[str, ...]
    probabilities: Array
    labels: tuple[tuple[str, ...], ...]
    slots: tuple[tuple[str, ...], ...] | None = None
    out_of_scope: str | None = None

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def written(self) -> tuple[str, ...]:
        """(N) the classes of each text in one word, several with commas between them."""
        return tuple(",".join(classes) if classes else self.out_of_scope or "" for classes in self.labels)

    def frame(self, backend: Literal["polars", "pandas", "pyarrow"] = "polars") -> Any:
        """A dataframe: `label`, one column of probabilities per class (`p_` and its name), `slots` if there are any."""
        columns: dict[str, Any] = {"label": list(self.written)}
        columns |= {f"p_{name}": self.probabilities[:, number] for number, name in enumerate(self.names)}
        if self.slots is not None:
            columns["slots"] = [" ".join(labels) for labels in self.slots]
        return nw.from_dict(columns, backend=backend).to_native()


@dataclass(frozen=True)
class Scores:
    """Scores of a model and of always naming the commonest class, on the same texts.

    Attributes:
        names: (K) the classes; with an out-of-scope word, that word is the last.
        overall: method -> metric -> value.
        per_class: metric -> (K,) of the model: precision, recall, f1, support.
        confusion: (K, K) truth by prediction, or None where a text may have several classes.
        texts: how many were scored.
    """

    names: tuple[str, ...]
    overall: dict[str, dict[str, float]]
    per_class: dict[str, Array]
    confusion: NDArray[np.int64] | None
    texts: int

    def rows(self) -> list[dict[str, Any]]:
        """One row per method for a table."""
        return [{"method": method, **scores} for method, scores in self.overall.items()]

    def class_rows(self) -> list[dict[str, Any]]:
        """One row per class for a table."""
        return [
            {"label": name, **{metric: float(values[number]) for metric, values in self.per_class.items()}}
            for number, name in enumerate(self.names)
        ]

    def to_json(self) -> dict[str, Any]:
        """Plain values for `json.dumps`; a score that is not defined is None."""
        return {
            "texts": self.texts,
            "overall": {name: {key: _plain(value) for key, value in row.items()} for name, row in self.overall.items()},
            "per_class": {
                row["label"]: {key: _plain(value) for key, value in row.items() if key != "label"}
                for row in self.class_rows()
            },
            "confusion": None if self.confusion is None else self.confusion.tolist(),
        }


def score_sets(truth: NDArray[np.int64], predictions: Predictions, commonest: NDArray[np.int64]) -> Scores:
    """Scores where a text may have several classes.

    Args:
        truth: (N, K) 1 where the text has the class.
        predictions: of the model.
        commonest: (K,) the set of classes that was the commonest in training.
    """
    given = Labels(predictions.names, True).targets(predictions.labels, [""] * len(predictions))
    count = len(predictions.names)
    overall = {
        name: {
            "accuracy": metrics.accuracy(truth, values),
            "micro_f1": metrics.micro_f1(truth, values, count),
            "macro_f1": metrics.macro_f1(truth, values, count),
        }
        for name, values in (("gatelet", given), ("commonest", np.tile(commonest, (len(truth), 1))))
    }
    return Scores(predictions.names, overall, metrics.class_scores(truth, given, count), None, len(truth))


def score_classes(
    truth: NDArray[np.int64],
    predictions: Predictions,
    commonest: int,
    slots: tuple[tuple[str, ...], ...] | None = None,
) -> Scores:
    """Scores where a text has one class.

    Args:
        truth: (N,) number of the class; K for out of scope.
        predictions: of the model.
        commonest: number of the class that was the commonest in training.
        slots: the true slot labels, if there are any.
    """
    scope = predictions.out_of_scope
    names = predictions.names if scope is None else (*predictions.names, scope)
    numbers = {name: number for number, name in enumerate(names)}
    given = np.array([numbers[name] for name in predictions.written], np.int64)
    overall = {
        name: {
            "accuracy": metrics.accuracy(truth, values),
            "macro_f1": metrics.macro_f1(truth, values, len(names)),
            **(_scope_scores(truth, values, len(predictions.names)) if scope is not None else {}),
        }
        for name, values in (("gatelet", given), ("commonest", np.full_like(truth, commonest)))
    }
    if slots is not None and predictions.slots is not None:
        whole = [
            label == one and two == three
            for label, one, two, three in zip(truth, given, slots, predictions.slots, strict=True)
        ]
        overall["gatelet"] |= metrics.slot_scores(slots, predictions.slots) | {
            "sentence_accuracy": float(np.mean(whole))
        }
    return Scores(
        names,
        overall,
        metrics.class_scores(truth, given, len(names)),
        metrics.confusion(truth, given, len(names)),
        len(truth),
    )


def _scope_scores(truth: NDArray[np.int64], given: NDArray[np.int64], outside: int) -> dict[str, float]:
    """Accuracy of the texts in scope, where calling one out of scope is an error, and the share found of the others."""
    inside = truth != outside
    return {
        "in_scope_accuracy": metrics.accuracy(truth[inside], given[inside]),
        "out_of_scope_recall": metrics.accuracy(truth[~inside], given[~inside]),
    }


def _plain(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
