"""The tanh RNN as an operation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from gatelet.plan.recurrent import Recurrent
from gatelet.reference import rnn


@dataclass(frozen=True, eq=False)
class RNN(Recurrent):
    """A tanh RNN; the equations are those of `gatelet.reference.rnn`."""

    gates: ClassVar[int] = 1

    def forward(self) -> Callable[..., tuple[Any, Any, Any]]:
        """The equations."""
        return rnn.forward
