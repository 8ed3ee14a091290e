"""Arguments of the tasks and of their networks, checked: each sentence says the thing, the expected and the given."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from gatelet.errors import GateletError


def need_whole(least: int, **values: Any) -> None:
    """Raise GateletError unless all are whole numbers of at least so much."""
    for name, value in values.items():
        if type(value) is not int or value < least:
            raise GateletError(f"{name} must be a whole number of at least {least}; got {value}.")


def need_shares(**values: float) -> None:
    """Raise GateletError unless all are in [0, 1)."""
    for name, value in values.items():
        if not 0.0 <= value < 1.0:
            raise GateletError(f"{name} must be in [0, 1); got {value}.")


def need_word(words: Collection[str], **values: str) -> None:
    """Raise GateletError unless all are among the words."""
    for name, value in values.items():
        if value not in words:
            raise GateletError(f"{name} must be one of {', '.join(words)}; got {value}.")


def need_validation_share(share: float) -> None:
    """Raise GateletError unless something is left to learn from, and something to validate by."""
    if not 0.0 < share < 1.0:
        raise GateletError(f"validation_share must be in (0, 1); got {share}.")
