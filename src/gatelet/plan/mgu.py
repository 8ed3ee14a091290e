"""The MGU as an operation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from gatelet.plan.recurrent import Recurrent
from gatelet.reference import mgu


@dataclass(frozen=True, eq=False)
class MGU(Recurrent):
    """An MGU, gates f, n; the equations are those of `gatelet.reference.mgu`."""

    gates: ClassVar[int] = 2

    def forward(self) -> Callable[..., tuple[Any, Any, Any]]:
        """The equations."""
        return mgu.forward
