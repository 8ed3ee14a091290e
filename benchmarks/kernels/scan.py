"""Time gatelet's scan cells, fused beside their parallel and sequential forms and the GRU, and check them first.

    python benchmarks/kernels/scan.py [--threads 2] [--repeats 9] [--shape B,T,I,H ...] [--json results.json]

All run turn by turn in one process; times are medians, ratios are of medians. "pass" is the fused kernel alone, without
the product of the inputs, as a share of the speed at which PyTorch adds two arrays of the same size into a third.
"""

import argparse
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from gatelet import nn
from gatelet.kernels import native, scan, scan_cells
from gatelet.kernels.scan_cells import CELLS, Scanned
from gatelet.kernels.scan_operators import SCANS

# B, T, I, H
SHAPES = [(64, 100, 64, 128), (32, 50, 128, 256), (64, 128, 256, 512), (1, 1000, 40, 128), (16, 400, 40, 256)]
FORMS = ["fused", "parallel", "sequential"]
Job = Callable[[], object]


def medians(jobs: dict[str, Job], repeats: int) -> dict[str, float]:
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


def train_step(run: Callable[[Tensor, list[Tensor]], Tensor], x: Tensor, weights: list[Tensor], dy: Tensor) -> Job:
    """Forward and backward, with the gradients of x and all weights."""
    inputs = [t.detach().clone().requires_grad_() for t in (x, *weights)]
    return lambda: torch.autograd.grad(run(inputs[0], inputs[1:]), inputs, dy.to(x.dtype))


def check(name: str, gates: Tensor, h0: Tensor, dy: Tensor) -> None:
    """Stop if the fused kernel is further than 1e-5 of the largest value from float64, both given the same gates."""

    def results(run: Callable[[Scanned], Any], dtype: torch.dtype) -> list[Tensor]:
        given = [t.detach().to(dtype).requires_grad_() for t in (gates, h0)]
        y = run(Scanned(given[0], given[1]))[0]
        return [y.detach(), *torch.autograd.grad(y, given, dy.to(dtype))]

    fused = results(lambda given: SCANS[name](*given), torch.float32)
    for got, exact in zip(fused, results(lambda given: scan_cells.run(CELLS[name], given), torch.float64), strict=True):
        error = float((got - exact).abs().max() / exact.abs().max())
        if error > 1e-5:
            raise SystemExit(f"{name} at {tuple(gates.shape)} is off by {error:.1e} of its largest value.")


def measure(name: str, shape: tuple[int, int, int, int], repeats: int) -> dict[str, Any]:
    """Milliseconds at one shape: forward and train step of each form and of the GRU, and the pass alone."""
    batch, steps, inputs, hidden = shape
    cell = CELLS[name]
    x, dy, h0 = torch.randn(steps, batch, inputs), torch.randn(steps, batch, hidden), torch.zeros(1, batch, hidden)
    layer = {"min_gru": nn.MinGRU, "min_lstm": nn.MinLSTM}[name](inputs, hidden)
    weights: list[Tensor] = [w.detach() for w in layer.parameters()]
    gru = nn.GRU(inputs, hidden)

    def run(x: Tensor, weights: list[Tensor], form: Any = "fused") -> Tensor:
        return getattr(scan, name)(x, h0.to(x.dtype), weights, num_layers=1, form=form)[0]  # type: ignore[no-any-return]

    check(name, F.linear(x, *weights), h0[0], dy)
    with torch.no_grad():
        forward: dict[str, Job] = {form: lambda form=form: run(x, weights, form) for form in FORMS}  # type: ignore[misc]
        forward_times = medians(forward | {"GRU": lambda: gru(x)}, repeats)
        gates = torch.randn(steps, batch, cell.gates * hidden)
        a, b = torch.randn_like(dy), torch.randn_like(dy)
        alone: dict[str, Job] = {
            "pass": lambda: SCANS[name](gates, h0[0], None, None, False, False),
            "add": lambda: a + b,
        }
        pass_times = medians(alone, repeats)
    train: dict[str, Job] = {
        form: train_step(lambda x, w, form=form: run(x, w, form), x, weights, dy)  # type: ignore[misc]
        for form in FORMS
    }
    inputs_of_gru = [x.clone().requires_grad_(), *gru.parameters()]
    train["GRU"] = lambda: torch.autograd.grad(gru(inputs_of_gru[0])[0], inputs_of_gru, dy)
    share = (cell.gates + 1) / 3 * pass_times["add"] / pass_times["pass"]  # an addition moves three arrays
    return {"cell": name, "shape": shape, "forward": forward_times, "train": medians(train, repeats), "pass": share}


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
    machine = f"{native.isa()}, {options.threads} threads, torch {torch.__version__}"
    print(f"{machine}; load before: {os.getloadavg()[0]:.1f}; times of others as multiples of the fused kernel's")
    rows = [measure(name, shape, options.repeats) for name in CELLS for shape in options.shape or SHAPES]
    print(
        f"{'':>10}{'B, T, I, H':>20}{'':>9}{'fused ms':>10}" + "".join(f"{n:>12}" for n in [*FORMS[1:], "GRU", "pass"])
    )
    for row in rows:
        for kind in ("forward", "train"):
            times = row[kind]
            ratios = "".join(f"{times[name] / times['fused']:11.1f}x" for name in [*FORMS[1:], "GRU"])
            shape = ", ".join(map(str, row["shape"]))
            share = f"{row['pass']:12.0%}" if kind == "forward" else ""
            print(f"{row['cell']:>10}{shape:>20}{kind:>9}{times['fused']:10.2f}{ratios}{share}")
    if options.json:
        found = {"isa": native.isa(), "threads": options.threads, "rows": rows}
        options.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
