"""A matrix product with a bias and an activation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gatelet.plan.activations import ACTIVATIONS
from gatelet.plan.operation import Arrays, OneToOne, Stateless
from gatelet.plan.values import Numbers, Shape, Weights, need_array, need_choice, need_matrix, need_rows


@dataclass(frozen=True, eq=False)
class Dense(OneToOne, Stateless):
    """y = f(W x + b).

    Attributes:
        source: (I,) or rows (N, I).
        target: (O,) or (N, O).
        weight: (O, I).
        bias: (O,), or None.
        activation: f, a name in `ACTIVATIONS`.
    """

    source: str
    target: str
    weight: Weights
    bias: Weights | None = None
    activation: str = "linear"

    def shapes(self, given: Sequence[Shape]) -> tuple[Shape, ...]:
        """(O,) or (N, O)."""
        need_choice("activation of Dense", self.activation, ACTIVATIONS)
        height, width = need_matrix("weight of Dense", self.weight)
        if self.bias is not None:
            need_array("bias of Dense", self.bias, (height,))
        return ((*need_rows(f"{self.source!r}, which Dense reads,", given[0], width), height),)

    def macs(self, given: Sequence[Shape]) -> int:
        """The product, for every row."""
        rows = given[0][0] if len(given[0]) == 2 and isinstance(given[0][0], int) else 1
        return rows * self.weight.size

    def run(self, given: Sequence[Numbers], state: Arrays) -> tuple[Arrays, Arrays]:
        """One step."""
        y = given[0] @ self.weight.T.astype("float64")
        return (ACTIVATIONS[self.activation](y if self.bias is None else y + self.bias),), ()
