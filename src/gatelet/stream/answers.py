"""What a model says to records as they come: of numbers, of a text, or of series."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Protocol

import numpy as np

from gatelet.errors import DataError, GateletError, ModelError
from gatelet.plan import Plan
from gatelet.stream.records import Record
from gatelet.stream.session import Session, streamed_plan


class Answerer(Protocol):
    """Follows a stream of records."""

    def answer(self, record: Record) -> dict[str, Any]:
        """What the model says after this record; DataError, and nothing has happened, where it cannot be read."""
        ...


def answerer(model: Any, write: int = 0, weights: str = "float32") -> Answerer:
    """What answers for a model, as its plan says.

    Args:
        model: a plan, a model that has one, or the folder of either.
        write: tokens that a language model writes after each line, at most.
        weights: as of a `Session`.

    Raises:
        ModelError: there is no plan, or one that cannot be streamed.
        MissingExtraError: the model reads subwords, and the library of these is not there.
        GateletError: something is to be written, by a model that writes nothing; weights cannot be rounded.
    """
    plan = streamed_plan(model)
    kind = plan.features.get("kind")
    if write and not writes_text(plan):
        raise GateletError(f"A model that writes must be a language model; it is a {plan.task}.")
    try:
        if writes_text(plan):
            from gatelet.stream.language import LanguageAnswerer

            return LanguageAnswerer(plan, write, weights)
        if reads_text(plan):
            return TextAnswerer(plan, weights)
        if kind == "series":
            from gatelet.stream.series import SeriesAnswerer

            return SeriesAnswerer(plan, weights)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelError(f"The features of the plan are damaged: {error!s:.200}.") from error
    return NumberAnswerer(plan, weights)


def reads_text(plan: Plan) -> bool:
    """Whether a plan says something of texts."""
    return writes_text(plan) or (plan.features.get("kind") == "text" and "labels" in plan.features)


def writes_text(plan: Plan) -> bool:
    """Whether a plan is of a language model."""
    return plan.features.get("kind") == "text" and "sampling" in plan.features


class NumberAnswerer:
    """Records are the inputs by name, or the numbers of the one input in their order, or in columns of any names."""

    def __init__(self, plan: Plan, weights: str = "float32") -> None:
        """Start before the first record."""
        self._plan, self._session = plan, Session(plan, weights=weights)

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
            found = {value.name: _numbers(value.name, record[value.name]) for value in inputs}
            one = {value.name for value in inputs if value.shape == (1,)}
            return {
                name: array.reshape(1) if name in one and array.ndim == 0 else array for name, array in found.items()
            }
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
    """Records are the next words of a text; an empty one begins a new text. A dict has them under "text".

    A space stands between two records, whatever the model reads: words, subwords, characters or bytes.
    """

    def __init__(self, plan: Plan, weights: str = "float32") -> None:
        """Start before the first word."""
        from gatelet.features.text import TextFeatures

        self._session = Session(plan, weights=weights)
        text = TextFeatures.from_json(plan.features["text"])
        self._text = replace(text, settings=replace(text.settings, max_length=2**24))
        self._begun = False
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
            self._begun = False
            return {"label": None, "probabilities": {}}
        # words and subwords begin anew after a space; of characters and bytes it is a token, after another one
        before = "a " * (self._begun and self._text.settings.unit in ("character", "byte"))
        tokens = self._text.encode([before + words.strip()])
        begins, ends = tokens.spelling_offsets[:-1], tokens.spelling_offsets[1:]
        self._begun = True
        for place in tokens.places[1 if before else 0 :].tolist():
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
