"""What is left of a value that gates close part by part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gatelet.errors import ModelError
from gatelet.plan.operation import Arrays, Stateless
from gatelet.plan.values import Numbers, Shape, State, spelled


@dataclass(frozen=True, eq=False)
class Remaining(Stateless):
    """y_t = k_1 * k_2 * ... * k_t * x_t: each number of x for as long as no gate has closed it.

    With x the same at every step, y_t = k_t * y_{t-1} and y_0 = x: the plan of a semantically controlled cell (Wen et
    al., EMNLP 2015, arXiv:1508.01745; `gatelet.reference.sc_gru`).

    Attributes:
        source: x (F,).
        gate: k (F,), from 0 to 1.
        target: y (F,).
    """

    source: str
    gate: str
    target: str

    @property
    def inputs(self) -> tuple[str, ...]:
        """The value and its gate."""
        return (self.source, self.gate)

    @property
    def outputs(self) -> tuple[str, ...]:
        """What is left."""
        return (self.target,)

    def shapes(self, given: Sequence[Shape]) -> tuple[Shape, ...]:
        """(F,)."""
        if given[0] != given[1] or len(given[0]) != 1 or not isinstance(given[0][0], int):
            raise ModelError(
                f"What Remaining reads must be two values of one known size; it is {' and '.join(map(spelled, given))}."
            )
        return (given[0],)

    def state(self, given: Sequence[Shape]) -> tuple[State, ...]:
        """The product of the gates so far."""
        return (State("kept", given[0], first=1.0),)

    def run(self, given: Sequence[Numbers], state: Arrays) -> tuple[Arrays, Arrays]:
        """One step."""
        kept = state[0] * given[1]
        return (kept * given[0],), (kept,)
