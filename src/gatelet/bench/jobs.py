"""What a worker runs for one layer of one library."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Jobs:
    """One layer, ready to run: built, its weights packed or its program compiled where the library does that ahead.

    Attributes:
        about: library and version.
        forward: inference; gives y (T, B, H) as something that NumPy takes, and returns once it is there.
        train: forward and backward; gives y and the gradients of x, weight_ih, weight_hh, bias_ih and bias_hh. None
            where the library does not train.
    """

    about: str
    forward: Callable[[], Any]
    train: Callable[[], Sequence[Any]] | None
