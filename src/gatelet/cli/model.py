"""MODEL on the command line: the folder of a saved model, of the task that a command is for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from gatelet.errors import GateletError

if TYPE_CHECKING:
    from gatelet.tasks.task import Task

_Task = TypeVar("_Task", bound="Task[Any, Any]")


def load_model(path: Path, kind: type[_Task]) -> _Task:
    """A saved model.

    Raises:
        GateletError: it has another task; or see `gatelet.load`.
    """
    from gatelet.loading import load

    loaded = load(path)
    if not isinstance(loaded, kind):
        raise GateletError(f"{path} must hold a {kind.noun}; it holds a {type(loaded).__name__}.")
    return loaded
