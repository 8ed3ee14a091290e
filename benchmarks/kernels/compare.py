"""Time gatelet's GRU and LSTM beside PyTorch's, forward and train step, and check them against float64 first.

    python benchmarks/kernels/compare.py [--threads 2] [--repeats 9] [--shape B,T,I,H ...] [--json results.json]

All layers run turn by turn in one process; times are medians, ratios are of medians. The share of peak sets the
arithmetic against a square matrix product of 2048 with the same threads in the same run.
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
NAMES = ["GRU", "torch GRU", "LSTM", "torch LSTM"]


def layers(inputs: int, hidden: int) -> dict[str, torch.nn.Module]:
    """One layer per name, with the same weights in ours and PyTorch's."""
    torch.manual_seed(0)
    found = {"torch GRU": torch.nn.GRU(inputs, hidden), "torch LSTM": torch.nn.LSTM(inputs, hidden)}
    ours: dict[str, torch.nn.Module] = {"GRU": nn.GRU(inputs, hidden), "LSTM": nn.LSTM(inputs, hidden)}
    for name, layer in ours.items():
        layer.load_state_dict(found[f"torch {name}"].state_dict())
    return {name: (found | ours)[name] for name in NAMES}


def largest_errors(layer: torch.nn.Module, exact: torch.nn.Module, x: Tensor, dy: Tensor) -> tuple[float, float]:
    """Largest error of y, and of any gradient as a share of its largest value, against the same layer in float64."""
    results = []
    for run, given in ((layer, x), (exact, x.double())):
        given = given.clone().requires_grad_()
        y = run(given)[0]
        results.append([y.detach(), *torch.autograd.grad(y, [given, *run.parameters()], dy.to(y.dtype))])
    (y, *gradients), (exact_y, *exact_gradients) = results
    shares = [float((g - e).abs().max() / e.abs().max()) for g, e in zip(gradients, exact_gradients, strict=True)]
    return float((y - exact_y).abs().max()), max(shares)


def check(made: dict[str, torch.nn.Module], x: Tensor, dy: Tensor) -> None:
    """Stop if ours are further from float64 than twice PyTorch's own error (and 1e-6)."""
    for kind in ("GRU", "LSTM"):
        exact = getattr(torch.nn, kind)(x.shape[-1], dy.shape[-1], dtype=torch.float64)
        exact.load_state_dict(made[kind].state_dict())
        ours, peer = (largest_errors(made[name], exact, x, dy) for name in (kind, f"torch {kind}"))
        if any(our > 2 * its + 1e-6 for our, its in zip(ours, peer, strict=True)):
            raise SystemExit(f"{kind} at {tuple(x.shape)}: errors {ours} are over twice PyTorch's, {peer}.")


def medians(jobs: dict[str, Callable[[], None]], repeats: int) -> dict[str, float]:
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


def forward_job(layer: torch.nn.Module, x: Tensor) -> Callable[[], None]:
    """Run inference."""

    def run() -> None:
        with torch.no_grad():
            layer(x)

    return run


def train_job(layer: torch.nn.Module, x: Tensor, dy: Tensor) -> Callable[[], None]:
    """Run forward and backward, with the gradients of x and all weights."""
    given = x.clone().requires_grad_()
    wanted = [given, *layer.parameters()]

    def run() -> None:
        torch.autograd.grad(layer(given)[0], wanted, dy)

    return run


def peak_flops(repeats: int) -> float:
    """Floating-point operations per second of a square product of 2048."""
    a, b, out = torch.randn(2048, 2048), torch.randn(2048, 2048), torch.empty(2048, 2048)

    def product() -> None:
        torch.mm(a, b, out=out)

    return 2 * 2048**3 / (1e-3 * medians({"product": product}, repeats)["product"])


def measure(shape: tuple[int, int, int, int], repeats: int) -> dict[str, Any]:
    """Milliseconds of every layer at one shape, forward and train step."""
    batch, steps, inputs, hidden = shape
    made = layers(inputs, hidden)
    x, dy = torch.randn(steps, batch, inputs), torch.randn(steps, batch, hidden)
    check(made, x, dy)
    forward = medians({name: forward_job(layer, x) for name, layer in made.items()}, repeats)
    train = medians({name: train_job(layer, x, dy) for name, layer in made.items()}, repeats)
    flops = 18 * steps * batch * hidden * (inputs + hidden)
    return {"shape": shape, "forward": forward, "train": train, "train_flops": flops}


def ratio(times: dict[str, float], peer: str, ours: str) -> float:
    """How many times faster ours is."""
    return times[peer] / times[ours]


def geometric_mean(values: list[float]) -> float:
    """exp(mean(log))."""
    return math.exp(sum(map(math.log, values)) / len(values))


def print_table(rows: list[dict[str, Any]], peak: float) -> None:
    """One line per shape: ratios to PyTorch's GRU and LSTM, and the share of peak."""
    pairs = [("torch GRU", "GRU"), ("torch LSTM", "GRU"), ("torch LSTM", "LSTM")]
    heads = [f"{ours} vs {peer}" for peer, ours in pairs]
    print(
        f"{'B, T, I, H':>20} {'':>8} {'GRU ms':>9} " + " ".join(f"{head:>18}" for head in heads) + "  GRU share of peak"
    )
    for kind in ("forward", "train"):
        for row in rows:
            times = row[kind]
            share = row["train_flops"] * (1.0 if kind == "train" else 1 / 3) / (1e-3 * times["GRU"] * peak)
            shape = ", ".join(map(str, row["shape"]))
            ratios = " ".join(f"{ratio(times, peer, ours):18.2f}" for peer, ours in pairs)
            print(f"{shape:>20} {kind:>8} {times['GRU']:9.2f} {ratios} {share:18.0%}")
        means = [geometric_mean([ratio(row[kind], peer, ours) for row in rows]) for peer, ours in pairs]
        print(f"{'geometric mean':>20} {kind:>8} {'':>9} " + " ".join(f"{mean:18.2f}" for mean in means))


def parse_shape(text: str) -> tuple[int, int, int, int]:
    """B,T,I,H."""
    batch, steps, inputs, hidden = (int(part) for part in text.split(","))
    return batch, steps, inputs, hidden


def main() -> None:
    """Measure, print, and write the JSON file if one is named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--shape", type=parse_shape, action="append", help="B,T,I,H; may be given again")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if not native.ENABLED:
        raise SystemExit("The native kernels are switched off or not built, so there is nothing to compare.")
    torch.set_num_threads(options.threads)
    peak = peak_flops(options.repeats)
    machine = f"{native.isa()}, {options.threads} threads, torch {torch.__version__}"
    print(f"{machine}, product of 2048: {peak / 1e9:.0f} GFLOP/s; load before: {os.getloadavg()[0]:.1f}")
    rows = [measure(shape, options.repeats) for shape in options.shape or SHAPES]
    print_table(rows, peak)
    if options.json:
        found = {"isa": native.isa(), "threads": options.threads, "peak_flops": peak, "rows": rows}
        options.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
