"""What long work tells while it runs, and the bars that show it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn


@dataclass(frozen=True)
class WorkDone:
    """How far one piece of work is.

    Attributes:
        work: what is being done, e.g. "training GRU 64".
        done: how much of it, from 0 to 1.
        note: a word on the state, e.g. the last validation loss.
    """

    work: str
    done: float
    note: str = ""


Report = Callable[[WorkDone], None]


def silent(at: WorkDone) -> None:
    """Tell nobody."""


@contextmanager
def bars() -> Iterator[Report]:
    """One bar on stderr for each piece of work; call what it yields to move it."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TextColumn("{task.fields[note]}"))
    tasks: dict[str, TaskID] = {}
    with Progress(*columns, console=Console(stderr=True)) as shown:

        def move(at: WorkDone) -> None:
            if at.work not in tasks:
                tasks[at.work] = shown.add_task(at.work, total=1.0, note="")
            shown.update(tasks[at.work], completed=at.done, note=at.note)

        yield move
