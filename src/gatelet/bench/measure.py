"""The run: the machine's peak, then shape by shape all layers, each in a process of its own, turn by turn."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Collection, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any

from gatelet.bench.child import Child, WorkerFailed
from gatelet.bench.contenders import PEERS, PRODUCTS, Contender, chosen
from gatelet.bench.correctness import Errors, check
from gatelet.bench.products import FLOPS
from gatelet.bench.results import Bench, Measured, Row
from gatelet.bench.shapes import GRIDS, Shape
from gatelet.errors import GateletError, require
from gatelet.progress import Report, WorkDone, silent

WHATS = ("forward", "train")
TINY = Shape(1, 1, 1, 1)


@dataclass(frozen=True)
class BenchSettings:
    """What is measured.

    Attributes:
        shapes: in this order.
        threads: for every library; None for as many as PyTorch takes of itself.
        repeats: turns, of which the median counts.
        seed: of inputs and weights.
        peers: names from `contenders.PEERS` beside PyTorch; None for all that are installed.
    """

    shapes: tuple[Shape, ...] = GRIDS["usual"]
    threads: int | None = None
    repeats: int = 9
    seed: int = 0
    peers: tuple[str, ...] | None = None


def run_bench(settings: BenchSettings, report: Report = silent) -> Bench:
    """Measure; Ctrl-C ends the run early and keeps the shapes that are done.

    Raises:
        GateletError: ours are further from float64 than they may be, or something asked for does not exist.
        KeyboardInterrupt: nothing was done yet.
    """
    contenders, absent = chosen(settings.peers)
    threads = settings.threads or require("torch", "train").get_num_threads()
    told = {"threads": threads, "repeats": settings.repeats, "seed": settings.seed}
    bench = Bench(machine(), told, absent, len(settings.shapes))
    try:
        bench.products = products(threads, settings.repeats, report)
        for shape in settings.shapes:
            bench.rows.append(measure(contenders, shape, threads, settings, report))
    except KeyboardInterrupt:
        if not bench.rows:
            raise
    return bench


def machine() -> dict[str, Any]:
    """Which processor and system, and how busy."""
    processor = platform.processor()
    cpus = Path("/proc/cpuinfo")
    if cpus.exists():
        lines = [line.partition(":") for line in cpus.read_text(encoding="utf-8").splitlines()]
        processor = next((value.strip() for name, _, value in lines if name.strip() == "model name"), processor)
    load = round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None
    return {"processor": processor, "processors": os.cpu_count(), "system": platform.platform(), "load_before": load}


def products(threads: int, repeats: int, report: Report) -> dict[str, float]:
    """FLOP/s of a square product of 2048, by everyone who has one."""
    with ExitStack() as stack:
        children = [stack.enter_context(Child(contender, TINY, 0, threads)) for contender in PRODUCTS]
        for child in children:
            child.ready()
        times: dict[str, list[float]] = {child.contender.name: [] for child in children}
        for turn in range(repeats):
            for child in children:
                report(WorkDone("peak", turn / repeats, child.contender.name))
                times[child.contender.name].append(child.ask("time", "forward"))
    flops = {name: FLOPS / median(found) for name, found in times.items()}
    report(WorkDone("peak", 1.0, f"{max(flops.values()) / 1e9:.0f} GFLOP/s"))
    return flops


def measure(
    contenders: Sequence[Contender], shape: Shape, threads: int, settings: BenchSettings, report: Report
) -> Row:
    """All layers at one shape: first calls, memory and errors, then times.

    Raises:
        GateletError: ours or PyTorch's cannot run, or ours are further from float64 than they may be.
    """
    work, failed = str(shape), dict[str, str]()
    infos: dict[str, dict[str, Any]] = {}
    times: dict[tuple[str, str], list[float]] = {}

    def first(child: Child) -> None:
        infos[child.contender.name] = child.ask("info")

    report(WorkDone(work, 0.0, "starting"))
    with ExitStack() as stack:
        children = [stack.enter_context(Child(each, shape, settings.seed, threads)) for each in contenders]
        children = those_that_can(children, Child.ready, failed)
        children = those_that_can(children, first, failed)
        report(WorkDone(work, 0.05, "checking"))
        errors = check(children, shape, threads, settings.seed, failed)
        children = [child for child in children if child.contender.name in errors]
        for number, (what, _) in enumerate(product(WHATS, range(settings.repeats))):
            done = WorkDone(work, 0.1 + 0.45 * number / settings.repeats, what)
            trains = {name for name, found in errors.items() if what == "forward" or found[1] is not None}
            children = those_that_can(children, partial(take_turn, done, trains, times, report), failed)
    medians = {key: 1e3 * median(found) for key, found in times.items()}
    report(WorkDone(work, 1.0, f"{medians['GRU', 'train']:.1f} ms a train step"))
    names = {child.contender.name: child.contender for child in children}
    layers = {name: _measured(each, infos[name], errors[name], medians) for name, each in names.items()}
    return Row(shape, layers, failed)


def take_turn(
    done: WorkDone, able: Collection[str], times: dict[tuple[str, str], list[float]], report: Report, child: Child
) -> None:
    """One more time of a child's "forward" or "train", whichever `done.note` says, if its name is among the able."""
    name = child.contender.name
    if name in able:
        report(replace(done, note=f"{name}, {done.note}"))
        times.setdefault((name, done.note), []).append(child.ask("time", done.note))


def those_that_can(children: Sequence[Child], what: Callable[[Child], None], failed: dict[str, str]) -> list[Child]:
    """The children that do `what`; why a peer does not goes to `failed`.

    Raises:
        GateletError: ours or PyTorch's does not.
    """
    able = []
    for child in children:
        try:
            what(child)
            able.append(child)
        except WorkerFailed as error:
            if child.contender not in PEERS.values():
                raise GateletError(f"{child.contender.name} must run to be measured; {error}.") from error
            failed[child.contender.name] = str(error)
    return able


def _measured(
    contender: Contender, info: dict[str, Any], errors: Errors, medians: dict[tuple[str, str], float]
) -> Measured:
    whats = [what for what in WHATS if (contender.name, what) in medians]
    return Measured(
        cell=contender.cell,
        about=info["about"],
        ms={what: medians[contender.name, what] for what in whats},
        prepare_ms=1e3 * info["prepare"],
        first_ms={what: 1e3 * info[f"first {what}"] for what in whats},
        peak_bytes={what: info[f"{what} bytes"] for what in whats},
        error=errors[0],
        gradient_error=errors[1],
    )
