"""Peak memory of a train step beside PyTorch's, each in a process of its own.

    python benchmarks/kernels/memory.py [--repeats 3] [--threads 2] [--json FILE]

What the memory of the process rises by at most from before the first forward to the end of the first backward, MB; the
median of several processes.
"""

from statistics import median
from typing import Any

from turns import options, save

from gatelet.bench import GRIDS, Shape
from gatelet.bench.child import Child
from gatelet.bench.contenders import GRU, LSTM, TORCH, Contender


def megabytes(contender: Contender, shape: Shape, threads: int, repeats: int) -> float:
    """The median of some processes."""
    found: list[float] = []
    for seed in range(repeats):
        with Child(contender, shape, seed, threads) as child:
            child.ready()
            found.append(child.ask("info")["train bytes"] / 1e6)
    return median(found)


def main() -> None:
    """Measure and print."""
    chosen = options(__doc__, repeats=3, threads=2)
    rows: list[dict[str, Any]] = []
    for shape in GRIDS["usual"]:
        found = {c.name: megabytes(c, shape, chosen.threads, chosen.repeats) for c in (GRU, TORCH[0], LSTM, TORCH[1])}
        ratios = {f"{name} / torch's": found[name] / found[f"torch {name}"] for name in ("GRU", "LSTM")}
        rows.append({"B, T, I, H": str(shape), **found, **ratios})
    save(chosen, rows)


if __name__ == "__main__":
    main()
