"""What a value was at the step before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gatelet.plan.operation import Arrays
from gatelet.plan.values import Numbers, Shape, State, need_whole


@dataclass(frozen=True, eq=False)
class Delay:
    """y_t = x_{t-1}, and zero at the first step: the one operation that may read what is written after it.

    Attributes:
        source: (F,), written anywhere in the plan; it is read when the step ends.
        target: (F,).
        size: F.
    """

    source: str
    target: str
    size: int

    @property
    def inputs(self) -> tuple[str, ...]:
        """Nothing of this step."""
        return ()

    @property
    def outputs(self) -> tuple[str, ...]:
        """The former value."""
        return (self.target,)

    def shapes(self, given: Sequence[Shape]) -> tuple[Shape, ...]:
        """(F,)."""
        need_whole("size of Delay", self.size, 1)
        return ((self.size,),)

    def macs(self, given: Sequence[Shape]) -> int:
        """None."""
        return 0

    def state(self, given: Sequence[Shape]) -> tuple[State, ...]:
        """The value of the last step."""
        return (State("former", (self.size,)),)

    def run(self, given: Sequence[Numbers], state: Arrays) -> tuple[Arrays, Arrays]:
        """The former value; the new state is put in place when the step ends."""
        return (state[0],), state
