"""What the benchmarks beside this file share: layers taking turns, the jobs they run, and the file with the figures."""

import argparse
import json
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from statistics import median
from typing import Any

import torch
from torch import Tensor

from gatelet.kernels import native

Job = Callable[[], object]
SHORT = 0.02  # seconds; shorter jobs run more than once per turn, until their caches are warm


def medians(jobs: dict[str, Job], repeats: int) -> dict[str, float]:
    """Milliseconds of each job; they take turns, after one run each to warm up."""
    times: dict[str, list[float]] = {name: [] for name in jobs}
    for job in jobs.values():
        job()
    for _ in range(repeats):
        for name, job in jobs.items():
            began = time.perf_counter()
            while seconds(job) < SHORT and time.perf_counter() - began < SHORT:
                pass
            times[name].append(1e3 * seconds(job))
    return {name: median(found) for name, found in times.items()}


def seconds(job: Job) -> float:
    """Of one run."""
    began = time.perf_counter()
    job()
    return time.perf_counter() - began


def forward_job(layer: torch.nn.Module, *given: Any, **options: Any) -> Job:
    """Inference."""

    def run() -> None:
        with torch.no_grad():
            layer(*given, **options)

    return run


def train_job(layer: torch.nn.Module, x: Any, dy: Tensor, **options: Any) -> Job:
    """Forward and backward, with the gradients of all weights and, unless it is packed, of x."""
    given = x.clone().requires_grad_() if isinstance(x, Tensor) else x
    wanted = [*([given] if isinstance(x, Tensor) else []), *layer.parameters()]

    def run() -> None:
        y = layer(given, **options)[0]
        torch.autograd.grad(y if isinstance(y, Tensor) else y.data, wanted, dy)

    return run


def options(description: str | None, **defaults: int) -> argparse.Namespace:
    """--json, and one option of a whole number for each default."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in defaults.items():
        parser.add_argument(f"--{name}", type=int, default=default, help=f"{default} by default")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    chosen = parser.parse_args()
    if not native.ENABLED:
        raise SystemExit("The native kernels are switched off or not built, so there is nothing to measure.")
    if "threads" in defaults:
        torch.set_num_threads(chosen.threads)
    return chosen


def table(rows: Iterable[dict[str, Any]]) -> None:
    """The rows as Markdown, as they stand in the docs."""
    rows = list(rows)
    print("| " + " | ".join(rows[0]) + " |")
    print("|" + "---|" * len(rows[0]))
    for row in rows:
        print("| " + " | ".join(_cell(value) for value in row.values()) + " |")


def _cell(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def save(chosen: argparse.Namespace, rows: list[dict[str, Any]]) -> None:
    """Print the rows, and write them with their settings where a file is named."""
    table(rows)
    settings = {name: value for name, value in vars(chosen).items() if name != "json"}
    found = {"isa": native.isa(), "torch": torch.__version__, "load": os.getloadavg()[0], **settings, "rows": rows}
    if chosen.json:
        chosen.json.write_text(json.dumps(found, indent=1) + "\n")
