"""What LayerNorm, zoneout, recurrent dropout and resets cost on top of the plain kernel.

    python benchmarks/kernels/extras.py [--repeats 9] [--threads 2] [--json FILE]

Train steps in turn; the milliseconds of the plain layer, and how many times as long it takes with each of the extras.
"""

from typing import Any

import torch
from turns import Job, medians, options, save, train_job

from gatelet import nn
from gatelet.bench import GRIDS, Shape

EXTRAS: dict[str, dict[str, Any]] = {
    "plain": {},
    "LayerNorm": {"layer_norm": True},
    "zoneout": {"zoneout": 0.1},
    "recurrent dropout": {"recurrent_dropout": 0.1},
}


def measure(cell: str, shape: Shape, repeats: int) -> dict[str, Any]:
    """The plain layer's milliseconds, and ratios to it."""
    torch.manual_seed(0)
    x = torch.randn(shape.steps, shape.batch, shape.inputs)
    dy = torch.randn(shape.steps, shape.batch, shape.hidden)
    kind = getattr(nn, cell)
    jobs: dict[str, Job] = {
        name: train_job(kind(shape.inputs, shape.hidden, **extra), x, dy) for name, extra in EXTRAS.items()
    }
    resets = torch.rand(shape.steps, shape.batch) < 0.01
    jobs["resets"] = train_job(kind(shape.inputs, shape.hidden), x, dy, resets=resets)
    found = medians(jobs, repeats)
    plain = found.pop("plain")
    return {"cell": cell, "B, T, I, H": str(shape), "plain ms": plain, **{n: ms / plain for n, ms in found.items()}}


def main() -> None:
    """Measure and print."""
    chosen = options(__doc__, repeats=9, threads=2)
    save(chosen, [measure(cell, shape, chosen.repeats) for cell in ("GRU", "LSTM") for shape in GRIDS["usual"]])


if __name__ == "__main__":
    main()
