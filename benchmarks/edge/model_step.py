"""One step of a saved model from Python: the native engine, also with weights of bfloat16, beside the interpreter.

    python benchmarks/edge/model_step.py gatelet-demo/model

Before anything is timed, 20 steps of the native engine must be those of the interpreter, of NumPy in float64, to 1e-4
of the largest. What rounded weights change is printed, also as a share of the largest output. The time is that of the
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

CHECKED, ROUNDED_STEPS, STREAMS = 20, 2000, 100
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


def apart(one: Session, other: Session, steps: int) -> float:
    """The largest difference of two sessions from their start beside the largest output of the other."""
    one.reset()
    other.reset()
    rng, worst = np.random.default_rng(0), 0.0
    for _ in range(steps):
        frame = frame_of(one.plan, rng)
        found, expected = by_name(one.plan, one.push(frame)), by_name(one.plan, other.push(frame))
        for name, array in expected.items():
            real = np.isfinite(array)
            size = np.abs(array[real]).max(initial=1e-30)
            worst = max(worst, float(np.abs(found[name][real] - array[real]).max(initial=0.0) / size))
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
    native, exact = Session(model, engine="native"), Session(model, engine="numpy")
    rounded = Session(model, weights="bfloat16")
    worst = apart(native, exact, CHECKED)
    assert worst < 1e-4, f"The native engine must agree with the interpreter to 1e-4; it is off by {worst:.1e}."
    away = apart(rounded, native, ROUNDED_STEPS)
    pool = SessionPool(model, STREAMS)
    rng = np.random.default_rng(1)
    frame = frame_of(native.plan, rng)
    ours = seconds(native.push, frame, 1000)
    less = seconds(rounded.push, frame, 1000)
    theirs = seconds(exact.push, frame, 40)
    many = seconds(pool.push, frame_of(native.plan, rng, (STREAMS,)), 20) / STREAMS
    plan = native.plan
    print(f"{plan.task}: {plan.num_parameters:,} parameters, {plan.macs:,} MACs; engines agree to {worst:.1e}")
    print(f"weights of bfloat16 change outputs by {away:.1e} of the largest, at most, over {ROUNDED_STEPS:,} steps")
    print("| native | in bfloat16 | one of a pool of 100 | interpreter | times as fast |")
    print("|---|---|---|---|---|")
    cells = [f"{1e6 * ours:.1f} us", f"{1e6 * less:.1f} us", f"{1e6 * many:.1f} us", f"{1e6 * theirs:.0f} us"]
    print(f"| {' | '.join(cells)} | {theirs / ours:.0f} x |")


if __name__ == "__main__":
    main()
