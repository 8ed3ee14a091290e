"""One step of a saved model from Python: the native engine beside the interpreter, of NumPy in float64.

    python benchmarks/edge/model_step.py gatelet-demo/model

Before anything is timed, 20 steps of the one must be those of the other to 1e-4 of the largest. The time is that of the
process, so that other work on the machine counts less.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from gatelet.plan import Plan
from gatelet.stream import Session, SessionPool

CHECKED, STREAMS = 20, 100
Frame = dict[str, Any]


def frame_of(plan: Plan, rng: np.random.Generator, streams: tuple[int, ...] = ()) -> Frame:
    """Random values of the inputs; the numbers of tokens and series are small ones, parts and rows are three."""

    def value(shape: tuple[int | str, ...], kind: str) -> Any:
        sizes = (*streams, *(axis if isinstance(axis, int) else 3 for axis in shape))
        return rng.integers(0, 2, sizes) if kind == "int" else rng.standard_normal(sizes)

    return {each.name: value(each.shape, each.kind) for each in plan.inputs}


def by_name(plan: Plan, outputs: Any) -> Frame:
    """Outputs of a plan, also where it has only one."""
    return outputs if isinstance(outputs, dict) else {plan.outputs[0].name: outputs}


def check(model: str) -> float:
    """The largest difference of the engines beside the largest output; raises AssertionError above 1e-4."""
    native, exact = Session(model, engine="native"), Session(model, engine="numpy")
    rng, worst = np.random.default_rng(0), 0.0
    for _ in range(CHECKED):
        frame = frame_of(native.plan, rng)
        found, expected = by_name(native.plan, native.push(frame)), by_name(native.plan, exact.push(frame))
        for name, array in expected.items():
            real = np.isfinite(array)
            size = np.abs(array[real]).max(initial=1e-30)
            worst = max(worst, float(np.abs(found[name][real] - array[real]).max(initial=0.0) / size))
    assert worst < 1e-4, f"The native engine must agree with the interpreter to 1e-4; it is off by {worst:.1e}."
    return worst


def seconds(push: Callable[[Frame], Any], frame: Frame, calls: int) -> float:
    """The median time of a call."""
    times = []
    for _ in range(calls):
        begin = time.process_time()
        push(frame)
        times.append(time.process_time() - begin)
    return float(np.median(times))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("model", help="folder of a saved model")
    model = parser.parse_args().model
    worst = check(model)
    native, exact = Session(model, engine="native"), Session(model, engine="numpy")
    pool = SessionPool(model, STREAMS)
    rng = np.random.default_rng(1)
    frame = frame_of(native.plan, rng)
    ours = seconds(native.push, frame, 1000)
    theirs = seconds(exact.push, frame, 40)
    many = seconds(pool.push, frame_of(native.plan, rng, (STREAMS,)), 20) / STREAMS
    plan = native.plan
    print(f"{plan.task}: {plan.num_parameters:,} parameters, {plan.macs:,} MACs; engines agree to {worst:.1e}")
    print("| native | one of a pool of 100 | interpreter | times as fast |")
    print("|---|---|---|---|")
    print(f"| {1e6 * ours:.1f} us | {1e6 * many:.1f} us | {1e6 * theirs:.0f} us | {theirs / ours:.0f} x |")


if __name__ == "__main__":
    main()
