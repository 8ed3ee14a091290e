"""Time every cell of gatelet.nn beside PyTorch's RNN, GRU and LSTM, forward and train step, and check them first.

    python benchmarks/kernels/cells.py [--threads 2] [--repeats 9] [--shape B,T,I,H ...] [--output results/cells]

All layers run turn by turn in one process; times are medians, ratios are of medians. Nothing is timed before outputs
and gradients have passed against the same layer in float64. `--output` writes the name with .json and .md.
"""

import argparse
import json
import math
import os
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import torch
from torch import Tensor

from gatelet import nn
from gatelet.kernels import native

# B, T, I, H
SHAPES = [
    (64, 100, 64, 128),
    (32, 50, 128, 256),
    (64, 128, 256, 512),
    (1, 1000, 40, 128),
    (128, 28, 28, 128),
    (16, 400, 40, 256),
    (8, 128, 512, 1024),
]
OURS: dict[str, Callable[..., torch.nn.Module]] = {
    "RNN": nn.RNN,
    "FastGRNN": nn.FastGRNN,
    "MGU": nn.MGU,
    "Li-GRU": nn.LiGRU,
    "GRU": nn.GRU,
    "GRU, reset before": lambda *args, **kwargs: nn.GRU(*args, **kwargs, reset_after=False),
    "LSTM": nn.LSTM,
}
PEERS: dict[str, Callable[..., torch.nn.Module]] = {
    "torch RNN": torch.nn.RNN,
    "torch GRU": torch.nn.GRU,
    "torch LSTM": torch.nn.LSTM,
}
TOLERANCE = 1e-4  # of the largest value; sums over many rows in float32 round


def check(name: str, layer: torch.nn.Module, x: Tensor, dy: Tensor) -> None:
    """Stop if outputs or gradients are not those of the same layer in float64."""
    exact = OURS[name](x.shape[-1], dy.shape[-1], dtype=torch.float64)
    exact.load_state_dict(layer.state_dict())
    results = []
    for run in (layer, exact):
        given = x.to(next(run.parameters()).dtype).requires_grad_()
        y = run(given)[0]
        results.append([y.detach(), *torch.autograd.grad(y, [given, *run.parameters()], dy.to(y.dtype))])
    for got, wanted in zip(*results, strict=True):
        error = float((got - wanted).abs().max() / wanted.abs().max())
        if not error <= TOLERANCE:
            raise SystemExit(f"{name} at {tuple(x.shape)}: an error of {error:.1e} is over {TOLERANCE}.")


def medians(jobs: dict[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """Milliseconds of each job; they take turns, after one run each to warm up."""
    times: dict[str, list[float]] = {name: [] for name in jobs}
    for job in jobs.values():
        job()
    for _ in range(repeats):
        for name, job in jobs.items():
            start = time.perf_counter()
            job()
            times[name].append(1e3 * (time.perf_counter() - start))
    return {name: median(found) for name, found in times.items()}


def forward_job(layer: torch.nn.Module, x: Tensor) -> Callable[[], object]:
    """Run inference."""

    def run() -> None:
        with torch.no_grad():
            layer(x)

    return run


def train_job(layer: torch.nn.Module, x: Tensor, dy: Tensor) -> Callable[[], object]:
    """Run forward and backward, with the gradients of x and all weights."""
    given = x.clone().requires_grad_()
    wanted = [given, *layer.parameters()]
    return lambda: torch.autograd.grad(layer(given)[0], wanted, dy)


def measure(shape: tuple[int, int, int, int], repeats: int) -> dict[str, Any]:
    """Milliseconds of every layer at one shape, forward and train step."""
    batch, steps, inputs, hidden = shape
    torch.manual_seed(0)
    made = {name: build(inputs, hidden) for name, build in (OURS | PEERS).items()}
    x, dy = torch.randn(steps, batch, inputs), torch.randn(steps, batch, hidden)
    for name in OURS:
        check(name, made[name], x, dy)
    forward = medians({name: forward_job(layer, x) for name, layer in made.items()}, repeats)
    train = medians({name: train_job(layer, x, dy) for name, layer in made.items()}, repeats)
    return {"shape": shape, "forward": forward, "train": train}


def geometric_mean(values: list[float]) -> float:
    """exp(mean(log))."""
    return math.exp(sum(map(math.log, values)) / len(values))


def table(rows: list[dict[str, Any]], kind: str) -> str:
    """Milliseconds of every layer at every shape; last, how many times faster than PyTorch's three, geometric means."""
    shapes = [", ".join(map(str, row["shape"])) for row in rows]
    lines = ["| " + " | ".join([f"{kind}, ms", *shapes, *(f"vs {peer}" for peer in PEERS)]) + " |"]
    lines.append("|---" * (len(shapes) + 1 + len(PEERS)) + "|")
    for name in [*OURS, *PEERS]:
        times = [f"{row[kind][name]:.2f}" for row in rows]
        means = [f"{geometric_mean([row[kind][peer] / row[kind][name] for row in rows]):.2f}x" for peer in PEERS]
        lines.append("| " + " | ".join([name, *times, *means]) + " |")
    return "\n".join(lines)


def parse_shape(text: str) -> tuple[int, int, int, int]:
    """B,T,I,H."""
    batch, steps, inputs, hidden = (int(part) for part in text.split(","))
    return batch, steps, inputs, hidden


def main() -> None:
    """Measure, print, and write the files if a name is given."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--shape", type=parse_shape, action="append", help="B,T,I,H; may be given again")
    parser.add_argument("--output", type=Path, help="name of the files to write, without .json and .md")
    options = parser.parse_args()
    if not native.ENABLED:
        raise SystemExit("The native kernels are switched off or not built, so there is nothing to compare.")
    torch.set_num_threads(options.threads)
    machine = f"{native.isa()}, {options.threads} threads, torch {torch.__version__}, B, T, I, H"
    load = os.getloadavg()[0]
    print(f"{machine}; load before: {load:.1f}")
    rows = [measure(shape, options.repeats) for shape in options.shape or SHAPES]
    text = "\n\n".join([machine, table(rows, "forward"), table(rows, "train")])
    print(text)
    if options.output:
        found = {"isa": native.isa(), "threads": options.threads, "load_before": load, "rows": rows}
        options.output.with_suffix(".json").write_text(json.dumps(found, indent=1) + "\n")
        options.output.with_suffix(".md").write_text(text + "\n")


if __name__ == "__main__":
    main()
