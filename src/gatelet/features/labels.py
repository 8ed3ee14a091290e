"""Classes: their names, their numbers, and a split that keeps every class in proportion."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gatelet.errors import DataError


@dataclass(frozen=True)
class Labels:
    """The classes that training has shown.

    Attributes:
        names: in ascending order.
        multiple: a sample may have several classes, or none.
    """

    names: tuple[str, ...]
    multiple: bool = False

    def __len__(self) -> int:
        return len(self.names)

    def targets(self, labels: Sequence[tuple[str, ...]], places: Sequence[str]) -> NDArray[np.int64]:
        """(N, K) 1 where a sample has the class.

        Raises:
            DataError: a class that training has not shown; the text names its place.
        """
        numbers = {name: number for number, name in enumerate(self.names)}
        targets = np.zeros((len(labels), len(self.names)), np.int64)
        for row, classes in enumerate(labels):
            for name in classes:
                if name not in numbers:
                    raise DataError(f"{places[row]}: expected one of the {len(self)} known labels; got {name!r:.60}.")
                targets[row, numbers[name]] = 1
        return targets


def fit_labels(labels: Sequence[tuple[str, ...]], *, multiple: bool = False) -> Labels:
    """Learn the classes of the training samples.

    Raises:
        DataError: fewer than two classes.
    """
    names = sorted({name for classes in labels for name in classes})
    if len(names) < 2:
        seen = f"all {len(labels)} rows are {names[0]!r:.60}" if names else "no row has a label"
        raise DataError(f"Labels must be of at least two classes; {seen}.")
    return Labels(tuple(names), multiple)


def labels_seen_once(labels: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """Classes with a single sample: they can be learned from it or judged by it, not both."""
    counts = Counter(name for classes in labels for name in classes)
    return tuple(sorted(name for name, count in counts.items() if count == 1))


def stratified(
    labels: Sequence[tuple[str, ...]], share: float, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Split samples into two parts with the same share of every class; a class with a single sample stays in the first.

    Args:
        labels: the classes of each sample; samples with the same combination make up one class here.
        share: of the second part, in (0, 1).
        seed: of the shuffling.

    Returns:
        numbers of the samples in the first and the second part, ascending; neither is empty.

    Raises:
        DataError: no class has two samples.
    """
    generator = np.random.default_rng(seed)
    rows_of: dict[tuple[str, ...], list[int]] = {}
    for row, classes in enumerate(labels):
        rows_of.setdefault(tuple(sorted(classes)), []).append(row)
    second: list[int] = []
    owed = 0.0  # carried from class to class, so that many small classes together give their share
    for classes in sorted(rows_of):
        rows = generator.permutation(rows_of[classes])
        owed += share * len(rows)
        count = min(round(owed), len(rows) - 1)
        owed -= count
        second += rows[:count].tolist()
    if not second:
        largest = max(rows_of.values(), key=len)
        if len(largest) < 2:
            raise DataError("One class at least must have two rows, one to learn from and one to validate; none has.")
        second = [largest[-1]]
    held = np.array(sorted(second), np.int64)
    return np.setdiff1d(np.arange(len(labels)), held), held


def stratified_sets(
    labels: Sequence[tuple[str, ...]], share: float, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """As `stratified`, where a sample may have several classes: their sets are too many to be kept in proportion.

    The samples are split by chance, and those whose class would be missing in the first part go back to it.

    Raises:
        DataError: nothing is left for the second part.
    """
    first, second = (part.tolist() for part in stratified([()] * len(labels), share, seed))
    seen = {name for row in first for name in labels[row]}
    for row in list(second):
        if not seen.issuperset(labels[row]):
            seen.update(labels[row])
            second.remove(row)
            first.append(row)
    if not second:
        raise DataError(f"Classes must be shared by more of the {len(labels)} rows, to validate by some; they are not.")
    return np.array(sorted(first), np.int64), np.array(second, np.int64)
