"""bfloat16 beside float32: forward and train step of the GRU and the LSTM.

    python benchmarks/kernels/bf16.py [--repeats 9] [--threads 2] [--json FILE]

Milliseconds in float32, and how many times as long bfloat16 takes; the largest difference of the outputs.
"""

from typing import Any

import torch
from turns import Job, forward_job, medians, options, save, train_job

from gatelet import nn
from gatelet.bench import GRIDS, Shape

TYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


def measure(cell: str, shape: Shape, repeats: int) -> dict[str, Any]:
    """Times and ratios at one shape."""
    torch.manual_seed(0)
    x = torch.randn(shape.steps, shape.batch, shape.inputs)
    dy = torch.randn(shape.steps, shape.batch, shape.hidden)
    layer = getattr(nn, cell)(shape.inputs, shape.hidden)
    jobs: dict[str, dict[str, Job]] = {"forward": {}, "train": {}}
    outputs = []
    for name, dtype in TYPES.items():
        typed = getattr(nn, cell)(shape.inputs, shape.hidden, dtype=dtype)
        typed.load_state_dict(layer.state_dict())
        jobs["forward"][name] = forward_job(typed, x.to(dtype))
        jobs["train"][name] = train_job(typed, x.to(dtype), dy.to(dtype))
        outputs.append(typed(x.to(dtype))[0].detach().float())
    row: dict[str, Any] = {"cell": cell, "B, T, I, H": str(shape)}
    for what, both in jobs.items():
        found = medians(both, repeats)
        row |= {f"{what} ms": found["float32"], f"{what}, bfloat16": found["bfloat16"] / found["float32"]}
    return row | {"difference": float((outputs[0] - outputs[1]).abs().max())}


def main() -> None:
    """Measure and print."""
    chosen = options(__doc__, repeats=9, threads=2)
    save(chosen, [measure(cell, shape, chosen.repeats) for cell in ("GRU", "LSTM") for shape in GRIDS["usual"]])


if __name__ == "__main__":
    main()
