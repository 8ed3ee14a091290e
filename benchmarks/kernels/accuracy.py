"""How far the float32 forward is from float64 over a long sequence, beside PyTorch's own float32.

    python benchmarks/kernels/accuracy.py [--steps 1000] [--seeds 5] [--threads 2] [--json FILE]

Largest difference of any output over all steps, and its ratio to PyTorch's: at most 2 is promised. Weights as PyTorch
draws them, inputs normal; the largest of several seeds, and of ten times as many up to 64 units, where there are few
outputs to look at.
"""

from typing import Any

import torch
from turns import options, save

from gatelet import nn

HIDDEN = (1, 15, 64, 128, 256, 512, 1024)
BATCH, INPUTS = 4, 40


def errors(cell: str, hidden: int, steps: int, seed: int) -> tuple[float, float]:
    """Ours and PyTorch's."""
    torch.manual_seed(seed)
    exact = getattr(torch.nn, cell)(INPUTS, hidden, dtype=torch.float64)
    x = torch.randn(steps, BATCH, INPUTS)
    found = []
    with torch.no_grad():
        for library in (nn, torch.nn):
            layer = getattr(library, cell)(INPUTS, hidden)
            layer.load_state_dict(exact.state_dict())
            again = getattr(torch.nn, cell)(INPUTS, hidden, dtype=torch.float64)
            again.load_state_dict(layer.state_dict())  # the very weights of float32
            found.append(float((layer(x)[0] - again(x.double())[0]).abs().max()))
    return found[0], found[1]


def main() -> None:
    """Measure and print."""
    chosen = options(__doc__, steps=1000, seeds=5, threads=2)
    rows: list[dict[str, Any]] = []
    for cell in ("GRU", "LSTM"):
        for hidden in HIDDEN:
            seeds = chosen.seeds if hidden > 64 else 10 * chosen.seeds
            found = [errors(cell, hidden, chosen.steps, seed) for seed in range(seeds)]
            ours, peer = (max(each) for each in zip(*found, strict=True))
            rows.append({"cell": cell, "H": hidden, "error": ours, "torch's": peer, "ratio": ours / peer})
    save(chosen, rows)


if __name__ == "__main__":
    main()
