"""The light GRU as an operation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from gatelet.plan.recurrent import Recurrent
from gatelet.reference import ligru


@dataclass(frozen=True, eq=False)
class LiGRU(Recurrent):
    """A light GRU, gates z, n; the equations are those of `gatelet.reference.ligru`."""

    gates: ClassVar[int] = 2

    def forward(self) -> Callable[..., tuple[Any, Any, Any]]:
        """The equations."""
        return ligru.forward
