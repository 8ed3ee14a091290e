"""The best path of a connectionist temporal classification, step by step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from gatelet.errors import ModelError
from gatelet.plan.operation import Arrays, OneToOne
from gatelet.plan.values import Numbers, Shape, State, need_whole, spelled


@dataclass(frozen=True, eq=False)
class CTCGreedy(OneToOne):
    """The likeliest class of each step; -1 where it is the blank, or that of the step before.

    Source: Graves et al., Connectionist Temporal Classification, ICML 2006, best path decoding.

    Attributes:
        source: scores or probabilities (K,); of equal ones the first counts.
        target: whole number ().
        blank: the class that stands for nothing.
    """

    gives: ClassVar[str] = "int"

    source: str
    target: str
    blank: int = 0

    def shapes(self, given: Sequence[Shape]) -> tuple[Shape, ...]:
        """()."""
        if len(given[0]) != 1 or not isinstance(given[0][0], int):
            raise ModelError(f"{self.source!r}, which CTCGreedy reads, must be scores; it has {spelled(given[0])}.")
        need_whole("blank of CTCGreedy", self.blank, 0, given[0][0] - 1)
        return ((),)

    def macs(self, given: Sequence[Shape]) -> int:
        """None."""
        return 0

    def state(self, given: Sequence[Shape]) -> tuple[State, ...]:
        """The class of the step before."""
        return (State("former", (), "int", -1),)

    def run(self, given: Sequence[Numbers], state: Arrays) -> tuple[Arrays, Arrays]:
        """One step."""
        best = int(np.argmax(given[0]))
        written = -1 if best in (self.blank, int(state[0])) else best
        return (np.asarray(float(written)),), (np.asarray(float(best)),)
