"""Named values that operations read and write: their shapes, and the checks that every operation shares."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatelet.errors import ModelError

Axis = int | str
Shape = tuple[Axis, ...]
Weights = NDArray[np.float32]
Int8 = NDArray[np.int8]
Int16 = NDArray[np.int16]
Int32 = NDArray[np.int32]
Numbers = NDArray[np.float64]

KINDS = ("float", "int")
# far above any model that trains; what is larger is hostile
LARGEST_AXIS = 2**24
LONGEST_NAME = 120


@dataclass(frozen=True)
class Value:
    """A value of one step.

    Attributes:
        name: as operations call it.
        shape: sizes of its axes; a text names an axis of any length, such as the places of a source.
        kind: "float", or "int" for numbers of tokens and classes.
        unit: of what it measures, for people; "" for none.
    """

    name: str
    shape: Shape
    kind: str = "float"
    unit: str = ""


@dataclass(frozen=True)
class State:
    """What an operation remembers from one step to the next.

    Attributes:
        name: within its operation.
        shape: sizes of its axes.
        kind: "float"; "int" in 32 bits; "int16".
        first: what it holds before the first step.
    """

    name: str
    shape: Shape
    kind: str = "float"
    first: float = 0.0

    @property
    def bytes(self) -> int:
        """Size in memory at four bytes a number, two of "int16"; an axis of any length counts once."""
        return (2 if self.kind == "int16" else 4) * count(self.shape)


def count(shape: Shape) -> int:
    """Numbers in a value; an axis of any length counts once."""
    return prod(axis for axis in shape if isinstance(axis, int))


def spelled(shape: Shape) -> str:
    """A shape as people write it: (source, 64)."""
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"


def need_name(name: object, what: str) -> None:
    """Raise ModelError unless this is a name."""
    if not isinstance(name, str) or not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise ModelError(f"{what} must be a printable name of at most {LONGEST_NAME} characters; got {name!r:.80}.")


def need_choice(what: str, given: object, words: Iterable[str]) -> None:
    """Raise ModelError unless a setting is one of these words."""
    words = tuple(words)
    if given not in words:
        raise ModelError(f"{what} must be one of {', '.join(map(repr, words))}; got {given!r:.80}.")


def need_whole(what: str, given: object, least: int = 0, most: int = LARGEST_AXIS) -> None:
    """Raise ModelError unless a setting is a whole number within its range."""
    if type(given) is not int or not least <= given <= most:
        raise ModelError(f"{what} must be a whole number from {least} to {most}; got {given!r:.80}.")


def need_number(what: str, given: object) -> None:
    """Raise ModelError unless a setting is a finite number."""
    if isinstance(given, bool) or not isinstance(given, int | float) or not np.isfinite(given):
        raise ModelError(f"{what} must be a finite number; got {given!r:.80}.")


def need_array(what: str, given: NDArray[Any] | None, shape: Shape) -> None:
    """Raise ModelError unless a weight has this shape and holds finite numbers."""
    if given is None or given.shape != shape:
        raise ModelError(
            f"{what} must have shape {spelled(shape)}; it has {'none' if given is None else spelled(given.shape)}."
        )
    if not np.isfinite(given).all():
        raise ModelError(f"{what} must hold finite numbers; it holds others.")


def need_integers(what: str, given: NDArray[Any], kind: type, shape: Shape) -> None:
    """Raise ModelError unless a weight has this shape and these integers."""
    need_array(what, given, shape)
    if given.dtype != kind:
        raise ModelError(f"{what} must hold {np.dtype(kind)}; it holds {given.dtype}.")


def need_matrix(what: str, given: NDArray[Any]) -> tuple[int, int]:
    """The two sizes of a matrix of finite numbers; raises ModelError where it is none."""
    if given.ndim != 2 or not all(0 < size <= LARGEST_AXIS for size in given.shape):
        raise ModelError(f"{what} must be a matrix with at least one row and column; it has {spelled(given.shape)}.")
    need_array(what, given, given.shape)
    return given.shape[0], given.shape[1]


def need_rows(what: str, shape: Shape, size: int, least: int = 1, most: int = 2) -> Shape:
    """The axes before the last one; raises ModelError unless the last is `size` and there are `least` to `most`."""
    if not least <= len(shape) <= most or shape[-1] != size:
        raise ModelError(f"{what} must have {size} values{' in each row' * (least > 1)}; it has {spelled(shape)}.")
    return shape[:-1]


def numbers(weights: Weights | None) -> Numbers | None:
    """A weight in float64."""
    return None if weights is None else weights.astype(np.float64)


def total(weights: Sequence[Weights | None]) -> int:
    """Numbers in all weights."""
    return sum(0 if each is None else each.size for each in weights)
