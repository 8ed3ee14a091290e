"""Sequences of unequal length: what a valid step costs.

    python benchmarks/kernels/ragged.py [--steps 400] [--repeats 9] [--threads 2] [--json FILE]

Lengths follow Zipf's law (a length L is drawn with probability in proportion to 1/L, up to --steps, and one sequence
has them all). Train steps of a GRU, ns for each valid step: a full batch of the same number of steps ("full"), then the
ragged one by `lengths=`, packed, packed by PyTorch, and padded to the longest without saying so.
"""

from typing import Any

import torch
from torch.nn.utils.rnn import pack_padded_sequence
from turns import medians, options, save, train_job

from gatelet import nn

BATCHES = (16, 64, 256)
INPUTS, HIDDEN = 64, 128


def zipf_lengths(batch: int, steps: int) -> torch.Tensor:
    """(B,) in no order; the first is the longest."""
    weights = 1.0 / torch.arange(1, steps + 1)
    lengths = 1 + torch.multinomial(weights, batch, replacement=True)
    lengths[0] = steps
    return lengths


def measure(batch: int, steps: int, repeats: int) -> dict[str, Any]:
    """Nanoseconds for each valid step."""
    torch.manual_seed(0)
    lengths = zipf_lengths(batch, steps)
    valid = int(lengths.sum())
    full = round(valid / batch)
    layer, peer = nn.GRU(INPUTS, HIDDEN), torch.nn.GRU(INPUTS, HIDDEN)
    x, dy = torch.randn(steps, batch, INPUTS), torch.randn(steps, batch, HIDDEN)
    packed = pack_padded_sequence(x, lengths, enforce_sorted=False)
    packed_dy = torch.randn(valid, HIDDEN)
    found = medians(
        {
            "full": train_job(layer, x[:full], dy[:full]),
            "lengths=": train_job(layer, x, dy, lengths=lengths),
            "packed": train_job(layer, packed, packed_dy),
            "torch packed": train_job(peer, packed, packed_dy),
            "padded": train_job(layer, x, dy),
        },
        repeats,
    )
    cost = {name: 1e6 * ms / (full * batch if name == "full" else valid) for name, ms in found.items()}
    ratios = {
        "lengths= / full": cost["lengths="] / cost["full"],
        "packed / lengths=": cost["packed"] / cost["lengths="],
    }
    return {"B": batch, "T": steps, "valid": valid, **cost, **ratios}


def main() -> None:
    """Measure and print."""
    chosen = options(__doc__, steps=400, repeats=9, threads=2)
    save(chosen, [measure(batch, chosen.steps, chosen.repeats) for batch in BATCHES])


if __name__ == "__main__":
    main()
