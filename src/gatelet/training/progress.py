"""What a training tells while it runs, and the bar that shows it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)


@dataclass(frozen=True)
class TrainingProgress:
    """Where a training is.

    Attributes:
        step: batches done.
        steps: batches in all, if training does not stop early.
        epoch: number of the running epoch, from 1.
        validation_loss: of the last epoch that ended, None in the first.
    """

    step: int
    steps: int
    epoch: int
    validation_loss: float | None


Report = Callable[[TrainingProgress], None]


@contextmanager
def training_bar(label: str = "training") -> Iterator[Report]:
    """A progress bar on stderr; call what it yields to move it."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[loss]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task: TaskID | None = None  # until the first batch, so that bad data leave no bar behind

        def move(at: TrainingProgress) -> None:
            nonlocal task
            if task is None:
                task = bar.add_task(label, total=at.steps, loss="")
            loss = "" if at.validation_loss is None else f"validation loss {at.validation_loss:.4f}"
            bar.update(task, description=f"{label}, epoch {at.epoch}", total=at.steps, completed=at.step, loss=loss)

        yield move
