"""What a model says to records as they come: of numbers, of a text, or of series."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from gatelet.errors import DataError, ModelError
from gatelet.plan import Plan
from gatelet.stream.records import Record
from gatelet.stream.session import Session, streamed_plan


class Answerer(Protocol):
    """Follows a stream of records."""

    def answer(self, record: Record) -> dict[str, Any]:
        """What the model says after this record; DataError, and nothing has happened, where it cannot be read."""
        ...


def answerer(model: Any) -> Answerer:
    """What answers for a model, as its plan says.

    Raises:
        ModelError: there is no plan, or one that cannot be streamed.
    """
    plan = streamed_plan(model)
    kind = plan.features.get("kind")
    try:
        if reads_text(plan):
            return TextAnswerer(plan)
        if kind == "series":
            from gatelet.stream.series import SeriesAnswerer

            return SeriesAnswerer(plan)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelError(f"The features of the plan are damaged: {error!s:.200}.") from error
    return NumberAnswerer(plan)


def reads_text(plan: Plan) -> bool:
    """Whether a plan says something of texts; a language model is given the numbers of tokens."""
    return plan.features.get("kind") == "text" and "labels" in plan.features


class NumberAnswerer:
    """Records are the inputs by name, or the numbers of the one input in their order, or in columns of any names."""

    def __init__(self, plan: Plan) -> None:
        """Start before the first record."""
        self._plan, self._session = plan, Session(plan)

    def answer(self, record: Record) -> dict[str, Any]:
        """The outputs by name."""
        frame = self._frame(record)
        before = self._session.state if any(np.isnan(part).any() for part in frame.values()) else b""
        outputs = self._session.push(frame)
        outputs = outputs if isinstance(outputs, dict) else {self._plan.outputs[0].name: outputs}
        if before and any(np.isnan(part).any() for part in outputs.values()):
            self._session.state = before  # else all that follows would be NaN too
            raise DataError("expected a number in every column, since this model does not fill gaps; got none in some.")
        return outputs

    def _frame(self, record: Record) -> dict[str, np.ndarray]:
        inputs = self._plan.inputs
        if isinstance(record, dict) and {value.name for value in inputs} <= set(record):
            # a column of CSV is text
            return {value.name: _numbers(value.name, record[value.name]) for value in inputs}
        if len(inputs) > 1 or not isinstance(record, dict | list):
            raise DataError(f"expected {', '.join(value.name for value in inputs)} by name; got something else.")
        columns = (
            record.items() if isinstance(record, dict) else ((str(place), each) for place, each in enumerate(record))
        )
        numbers = np.array([number(name, value) for name, value in columns])
        if inputs[0].shape != ():
            return {inputs[0].name: numbers}
        if numbers.size != 1:
            raise DataError(f"expected one number; got {numbers.size}.")
        return {inputs[0].name: numbers[0]}


class TextAnswerer:
    """Records are the next words of a text; an empty one begins a new text. A dict has them under "text"."""

    def __init__(self, plan: Plan) -> None:
        """Start before the first word."""
        from gatelet.features.text import TextFeatures

        self._session = Session(plan)
        self._text = TextFeatures.from_json(plan.features["text"])
        if self._text.subwords is not None:
            raise ModelError("A model of subwords must have the whole text, so it cannot be streamed word by word.")
        self._labels = tuple(map(str, plan.features["labels"]))
        self._multiple, self._threshold = bool(plan.features["multiple"]), float(plan.features["threshold"])
        self._spelled = len(plan.inputs) == 2

    def answer(self, record: Record) -> dict[str, Any]:
        """The label of the text so far, None where it is out of scope, and the probabilities of all."""
        words = record.get("text") if isinstance(record, dict) else record
        if not isinstance(words, str):
            raise DataError("expected words, or an object with a text; got something else.")
        if not words.strip():
            self._session.reset()
            return {"label": None, "probabilities": {}}
        tokens = self._text.encode([words])
        begins, ends = tokens.spelling_offsets[:-1], tokens.spelling_offsets[1:]
        for place in tokens.places.tolist():
            frame = {"tokens": tokens.ids[place], "spelling": tokens.spelling[begins[place] : ends[place]]}
            probabilities = self._session.push(frame if self._spelled else {"tokens": frame["tokens"]})
        best = int(probabilities.argmax())
        found = dict(zip(self._labels, probabilities.tolist(), strict=True))
        if self._multiple:
            return {"labels": [name for name, share in found.items() if share >= 0.5], "probabilities": found}
        return {
            "label": self._labels[best] if found[self._labels[best]] >= self._threshold else None,
            "probabilities": found,
        }


def number(column: str, value: Any) -> float:
    """A number, NaN for nothing.

    Raises:
        DataError: it is none; the column is named.
    """
    if value is None or (isinstance(value, str) and not value.strip()):
        return float("nan")
    try:
        if isinstance(value, bool):
            raise ValueError
        return float(value)
    except (TypeError, ValueError) as error:
        raise DataError(f"column {column!r:.80}: expected a number; got {value!r:.40}.") from error


def _numbers(column: str, value: Any) -> np.ndarray:
    """A number, or lists of numbers in lists."""
    if not isinstance(value, list):
        return np.array(number(column, value))
    try:
        return np.array([_numbers(column, each) for each in value], np.float64)
    except (ValueError, RecursionError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"column {column!r:.80}: expected rows of one length; got others.") from error
