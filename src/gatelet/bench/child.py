"""The other end of a worker: starts it, asks it, ends it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

from gatelet.bench.contenders import Contender
from gatelet.bench.shapes import Shape
from gatelet.bench.worker import serve


class WorkerFailed(Exception):
    """A library could not do what it was asked; the text says why."""


class Child:
    """One layer at one shape in a process of its own; ends with the block that it is used in."""

    def __init__(self, contender: Contender, shape: Shape, seed: int, threads: int) -> None:
        """Start the process; it builds the layer while this one goes on."""
        spawn = multiprocessing.get_context("spawn")
        self.contender = contender
        self._messages, theirs = spawn.Pipe()
        arguments = (theirs, contender.module, contender.function, contender.cell, shape, seed, threads, contender.pin)
        self.process = spawn.Process(target=serve, args=arguments, daemon=True)
        with _birth(threads):
            self.process.start()
        theirs.close()

    def ready(self) -> None:
        """Wait until the layer is built.

        Raises:
            WorkerFailed: it could not be.
            GateletError: the user can do something about it.
        """
        self._answer()

    def ask(self, name: str, argument: Any = None) -> Any:
        """The answer to one message.

        Raises:
            WorkerFailed: the library failed or the process died.
        """
        try:
            self._messages.send((name, argument))
        except (BrokenPipeError, ConnectionResetError):
            raise WorkerFailed("its process ended") from None
        return self._answer()

    def _answer(self) -> Any:
        try:
            well, answer = self._messages.recv()
        except (EOFError, ConnectionResetError):
            self.process.join(5)
            raise WorkerFailed(f"its process ended with status {self.process.exitcode}") from None
        if well:
            return answer
        raise answer if isinstance(answer, Exception) else WorkerFailed(str(answer))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._messages.close()
        self.process.terminate()
        self.process.join()


@contextmanager
def _birth(threads: int) -> Iterator[None]:
    """What a process inherits that starts meanwhile: how many threads compute, and no ear for Ctrl-C."""
    former = os.environ.copy()
    os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), str(threads)))
    main = threading.current_thread() is threading.main_thread()  # only that one may set handlers
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN) if main else None
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(former)
        if main:
            signal.signal(signal.SIGINT, handler)
