"""One step of a stream from Python, GRU of 16 inputs, with a share of W_hh in blocks or by its rank, beside all of it.

    python benchmarks/edge/pruned_step.py [--record]

Ranks are those with the same share of the multiply-adds. Before anything is timed, 20 steps of each must be those of
the float64 interpreter to 1e-4. All take turns; a figure is the median of all calls.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatelet import plan as p
from gatelet.plan import interpret
from gatelet.stream import Session, SessionPool

RESULTS = Path(__file__).parent / "results"
INPUTS, STREAMS, CHECKED = 16, 1000, 20
Step = Callable[[NDArray[np.float32]], Any]
DENSITIES = (1.0, 0.3, 0.2, 0.1)


def pruned(hidden: int, density: float) -> p.Plan:
    """A layer of which a share of the blocks of W_hh is not zero, the same values for every density."""
    rng = np.random.default_rng(hidden)
    limit = hidden**-0.5
    weight_ih = rng.uniform(-limit, limit, (3 * hidden, INPUTS)).astype(np.float32)
    weight_hh = rng.uniform(-limit, limit, (3 * hidden, hidden)).astype(np.float32)
    biases = rng.uniform(-limit, limit, (2, 3 * hidden)).astype(np.float32)
    there = np.repeat(rng.random((hidden, -(-hidden // 4))) < density, 4, axis=1)[:, :hidden]
    layer = p.GRU("x", "h", weight_ih, weight_hh * np.tile(there, (3, 1)), *biases)
    return p.Plan("GRU", (p.Value("x", (INPUTS,)),), (layer,), (p.Value("h", (hidden,)),))


def low(hidden: int, share: float) -> p.Plan:
    """A layer whose two factors of W_hh have this share of its multiply-adds."""
    plan, rank = pruned(hidden, 1.0), round(0.75 * share * hidden)
    layer = plan.operations[0]
    assert isinstance(layer, p.GRU)
    right = layer.weight_hh[:rank]
    return replace(plan, operations=(replace(layer, weight_hh=layer.weight_hh[:, :rank], right=right),))


def check(plan: p.Plan, streams: int) -> None:
    """Stop unless the first and the last stream are the interpreter's."""
    frames = np.random.default_rng(0).standard_normal((CHECKED, streams, INPUTS)).astype(np.float32)
    pool = SessionPool(plan, streams)
    found = np.array([pool.push(frame) for frame in frames])
    for b in {0, streams - 1}:
        off = float(np.abs(found[:, b] - interpret.whole(plan, [{"x": x} for x in frames[:, b]])["h"]).max())
        assert off < 1e-4, f"A stream must be the plan to 1e-4; it is off by {off:.1e}."


def row(hidden: int, streams: int, rounds: int, calls: int) -> dict[str, Any]:
    """Microseconds of a step at each density, and at each rank."""
    plans = {str(density): pruned(hidden, density) for density in DENSITIES}
    plans |= {f"rank {share}": low(hidden, share) for share in DENSITIES[1:]}
    steps: dict[str, Step] = {}
    for name, plan in plans.items():
        check(plan, streams)
        steps[name] = SessionPool(plan, streams).push if streams > 1 else Session(plan).push
    frames = np.random.default_rng(1).standard_normal((streams, INPUTS)).astype(np.float32)
    frame = frames if streams > 1 else frames[0]
    times: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(rounds):
        for name, step in steps.items():
            for _ in range(calls):
                begin = time.perf_counter()
                step(frame)
                times[name].append(time.perf_counter() - begin)
    p50 = {name: 1e6 * float(np.median(values)) for name, values in times.items()}
    return {"hidden": hidden, "streams": streams, "p50_us": p50}


def table(rows: list[dict[str, Any]]) -> str:
    """A Markdown table."""
    titles = ["dense" if d == 1 else f"{d:.0%} left" for d in DENSITIES]
    titles += [f"rank, {share:.0%} of the multiply-adds" for share in DENSITIES[1:]]
    lines = [f"| H | streams | {' | '.join(titles)} |"]
    lines.append("|---" * (2 + len(titles)) + "|")
    for each in rows:
        cells = [f"{value:.2f} us" for value in each["p50_us"].values()]
        lines.append(f"| {each['hidden']} | {each['streams']} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Print the table, and record it if that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--record", action="store_true", help="write results/pruned_step.json")
    asked = parser.parse_args()
    rows = [row(hidden, 1, 5, 1000) for hidden in (32, 64, 128, 256)]
    rows += [row(hidden, STREAMS, 5, 10) for hidden in (32, 64, 128, 256)]
    print(table(rows))
    if asked.record:
        record = {"machine": platform.machine(), "rows": rows}
        (RESULTS / "pruned_step.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
