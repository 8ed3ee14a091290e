"""Which unit each value has: a power of two, the same for values that are joined.

So floats become integers, and integers floats, exactly alike on every machine.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from gatelet.deploy.quantization.calibration import HEADROOM

__all__ = ["STATE_UNIT", "Units"]

STATE_UNIT = 2.0**-15
LARGEST = 2**15 - 1


@dataclass
class Units:
    """Values in groups of one unit, with what each of them asks for."""

    _group: dict[str, str] = field(default_factory=dict)
    _needed: dict[str, float] = field(default_factory=dict)
    _within: dict[str, tuple[float, float]] = field(default_factory=dict)

    def join(self, *names: str) -> None:
        """Let values have one unit."""
        first, *others = (self._first(name) for name in names)
        for other in others:
            self._group[other] = first

    def need(self, name: str, largest: float, headroom: float = HEADROOM) -> None:
        """Let a value of this magnitude fit, with headroom."""
        self._needed[name] = max(self._needed.get(name, 0.0), largest * headroom / LARGEST)

    def within(self, name: str, low: float, high: float) -> None:
        """Let the unit of a value lie within these bounds."""
        before = self._within.get(name, (0.0, math.inf))
        self._within[name] = (max(low, before[0]), min(high, before[1]))

    def fits(self, name: str) -> bool:
        """Whether there is a unit that suits all values of a group."""
        low, high, needed = self._asked(name)
        return low <= high and needed <= high

    def __getitem__(self, name: str) -> float:
        """The unit of a value."""
        low, high, needed = self._asked(name)
        return min(max(2.0 ** math.ceil(math.log2(max(needed, 2.0**-40))), low), high)

    def members(self, name: str) -> set[str]:
        """The values that have one unit with this one."""
        first = self._first(name)
        return {each for each in {*self._group, name} if self._first(each) == first}

    def _asked(self, name: str) -> tuple[float, float, float]:
        members = self.members(name)
        bounds = [self._within.get(each, (0.0, math.inf)) for each in members]
        needed = max(self._needed.get(each, 0.0) for each in members)
        return max(low for low, _ in bounds), min(high for _, high in bounds), needed

    def _first(self, name: str) -> str:
        self._group.setdefault(name, name)
        while self._group[name] != name:
            name = self._group[name]
        return name
