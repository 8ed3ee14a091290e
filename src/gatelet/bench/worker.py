"""A process of its own for one layer at one shape: no other library's threads, memory or environment beside it.

It answers one message after the other: "info", "outputs", "time". The first calls are timed and their memory measured
before any other.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from importlib import import_module
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from gatelet.bench.jobs import Jobs
from gatelet.bench.memory import HighWater
from gatelet.bench.problem import problem
from gatelet.bench.shapes import Shape
from gatelet.errors import GateletError

SHORT = 0.02  # seconds; shorter jobs run untimed first, until caches are warm and the threads of others asleep
GRADIENTS = ("y", "x", "weight_ih", "weight_hh", "bias_ih", "bias_hh")


def serve(
    messages: Connection, module: str, function: str, cell: str, shape: Shape, seed: int, threads: int, pin: bool
) -> None:
    """Build one layer and answer messages until the other end closes; what goes wrong is sent as text.

    Args:
        messages: pairs (name, argument) come in, pairs (whether all went well, answer) go out.
        module: which module builds the layer.
        function: and its function, which takes the problem and the number of threads.
        cell: "gru" or "lstm".
        shape: of the layer and its batch.
        seed: of x and the weights.
        threads: how many may compute.
        pin: whether the library takes as many threads as there are processors, which then must be so few.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that asks
    if pin and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    try:
        start = getattr(import_module(module), function)
        given = problem(cell, shape, seed)
        began = time.perf_counter()
        jobs: Jobs = start(given, threads)
        answers = _Answers(jobs, time.perf_counter() - began)
        messages.send((True, None))
        while True:
            name, argument = messages.recv()
            messages.send((True, getattr(answers, name)(argument)))
    except (EOFError, BrokenPipeError):
        return
    except GateletError as error:
        messages.send((False, error))
    except Exception as error:  # noqa: BLE001 - any failure of a library becomes a line of the table
        messages.send((False, f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"))


class _Answers:
    """What can be asked of a layer."""

    def __init__(self, jobs: Jobs, prepare: float) -> None:
        self.jobs = jobs
        self.prepare = prepare

    def info(self, _: None) -> dict[str, Any]:
        """Seconds of the first calls, bytes that they needed, and who it is."""
        info: dict[str, Any] = {"about": self.jobs.about, "prepare": self.prepare}
        water = HighWater()
        info["first forward"], info["forward bytes"] = _seconds(self.jobs.forward), water.rise()
        if self.jobs.train is not None:
            info["first train"], info["train bytes"] = _seconds(self.jobs.train), water.rise()
        return info

    def outputs(self, _: None) -> dict[str, Any]:
        """Y of inference, and what a train step gives."""
        found = {"forward": np.array(self.jobs.forward())}
        if self.jobs.train is not None:
            found |= {name: np.array(array) for name, array in zip(GRADIENTS, self.jobs.train(), strict=True)}
        return found

    def time(self, what: str) -> float:
        """Seconds of one "forward" or "train"."""
        job: Callable[[], Any] = getattr(self.jobs, what)
        began = time.perf_counter()
        while _seconds(job) < SHORT and time.perf_counter() - began < SHORT:
            pass
        return _seconds(job)


def _seconds(job: Callable[[], Any]) -> float:
    began = time.perf_counter()
    job()
    return time.perf_counter() - began
