"""Functions of single numbers, alone or after a product."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from gatelet.plan.operation import Arrays, OneToOne, Stateless
from gatelet.plan.values import Numbers, Shape, need_choice
from gatelet.reference.activations import sigmoid

ACTIVATIONS: dict[str, Callable[[Numbers], Numbers]] = {
    "linear": lambda a: a,
    "relu": lambda a: np.maximum(a, 0.0),
    "tanh": np.tanh,
    "sigmoid": sigmoid,
    "softplus": lambda a: np.logaddexp(0.0, a),
}


@dataclass(frozen=True, eq=False)
class Activation(OneToOne, Stateless):
    """y = f(x), number by number.

    Attributes:
        source: of any shape.
        target: of the same shape.
        function: "relu", "tanh", "sigmoid", "softplus", or "linear" for none.
    """

    source: str
    target: str
    function: str

    def shapes(self, given: Sequence[Shape]) -> tuple[Shape, ...]:
        """That of x."""
        need_choice("function of Activation", self.function, ACTIVATIONS)
        return (given[0],)

    def run(self, given: Sequence[Numbers], state: Arrays) -> tuple[Arrays, Arrays]:
        """One step."""
        return (ACTIVATIONS[self.function](given[0]),), ()
