"""A damaged folder of a saved model: it is loaded and gives its plan, or is refused with an error of gatelet."""

from __future__ import annotations

from folders import mutate, unpacked

import gatelet.tasks  # the tasks themselves, so that they are instrumented
from gatelet.errors import GateletError
from gatelet.tasks.store import CONFIG, WEIGHTS

__all__ = ["mutate", "one"]


def one(data: bytes) -> None:
    """Load a model, and ask for its plan."""
    with unpacked(data, CONFIG, WEIGHTS) as folder:
        try:
            model = gatelet.tasks.load(folder)
            if hasattr(model, "plan"):
                model.plan()
        except GateletError as error:
            if len(str(error).splitlines()) != 1:
                raise AssertionError(f"An error must be one line; got {str(error)!r}.") from error
