"""One step of a stream from Python, and one step of 1,000 streams, beside PyTorch and ONNX Runtime in the same run.

    python benchmarks/edge/step.py [--record]

A GRU of I = 16 inputs. Every contender gets one frame as a NumPy array and gives the state back as one; ONNX Runtime
has the state as an input and an output, as a stream needs it. The rounds of the contenders take turns. Before anything
is timed, 50 steps of every one must be those of the float64 interpreter of the plan to 1e-4; with weights of bfloat16,
those of the plan whose matrices are rounded so. How far these are from the plan over 2,000 steps is printed.
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
import onnxruntime
import torch
from numpy.typing import NDArray

from gatelet import plan as p
from gatelet.bench.onnx_model import OPSET, zrh
from gatelet.plan import interpret
from gatelet.stream import Session, SessionPool

RESULTS = Path(__file__).parent / "results"
INPUTS, STREAMS, CHECKED = 16, 1000, 50
ROUNDED = "gatelet, bfloat16"
Floats = NDArray[np.float32]
Step = Callable[[Floats], Any]


def gru_plan(hidden: int) -> p.Plan:
    """A GRU with PyTorch's usual weights."""
    rng = np.random.default_rng(hidden)
    bound = hidden**-0.5
    shapes = ((3 * hidden, INPUTS), (3 * hidden, hidden), (3 * hidden,), (3 * hidden,))
    parts: list[Any] = [rng.uniform(-bound, bound, shape).astype(np.float32) for shape in shapes]
    gru = p.GRU("x", "h", *parts)
    return p.Plan("Benchmark", (p.Value("x", (INPUTS,)),), (gru,), (p.Value("h", (hidden,)),))


def of_torch(gru: p.GRU, batch: int) -> Step:
    """`torch.nn.GRU` over one step."""
    layer = torch.nn.GRU(INPUTS, gru.hidden_size).eval()
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    layer.load_state_dict({f"{name}_l0": torch.from_numpy(getattr(gru, name)) for name in names})
    state = torch.zeros(1, batch, gru.hidden_size)

    def step(x: Floats) -> Any:
        nonlocal state
        with torch.inference_mode():
            _, state = layer(torch.from_numpy(x).reshape(1, batch, INPUTS), state)
        return state[0].numpy()

    return step


def of_onnx_runtime(gru: p.GRU, batch: int, threads: int) -> Step:
    """A graph of one step, state in and state out."""
    from onnx import TensorProto, helper, numpy_helper

    weights = {
        "W": zrh(gru.weight_ih)[None],
        "R": zrh(gru.weight_hh)[None],
        "B": np.concatenate([zrh(gru.bias_ih), zrh(gru.bias_hh)])[None],
    }
    hidden = gru.hidden_size
    node = helper.make_node(
        "GRU", ["x", "W", "R", "B", "", "h"], ["", "after"], hidden_size=hidden, linear_before_reset=1
    )
    values = {"x": [1, batch, INPUTS], "h": [1, batch, hidden], "after": [1, batch, hidden]}
    x, h, after = (helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in values.items())
    constants = [numpy_helper.from_array(array, name) for name, array in weights.items()]
    graph = helper.make_graph([node], "step", [x, h], [after], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    state = np.zeros((1, batch, hidden), np.float32)

    def step(x: Floats) -> Any:
        nonlocal state
        (state,) = session.run(None, {"x": x.reshape(1, batch, INPUTS), "h": state})
        return state[0]

    return step


def rounded(plan: p.Plan) -> p.Plan:
    """The plan with matrices of bfloat16, to the nearest, ties to even."""

    def nearest(weight: Floats) -> Floats:
        bits = weight.view(np.uint32)
        return ((bits + 0x7FFF + ((bits >> 16) & 1)) & np.uint32(0xFFFF0000)).view(np.float32)

    gru = plan.operations[0]
    assert isinstance(gru, p.GRU)
    less = replace(gru, weight_ih=nearest(gru.weight_ih), weight_hh=nearest(gru.weight_hh))
    return replace(plan, operations=(less,))


def drift(plan: p.Plan) -> tuple[float, float]:
    """How far states of rounded weights are from the others over 2,000 steps: at most, and in the mean."""
    frames = np.random.default_rng(2).standard_normal((2000, INPUTS)).astype(np.float32)
    away = np.abs(Session(plan, weights="bfloat16").push(frames) - Session(plan).push(frames))
    return float(away.max()), float(away.mean())


def check(plan: p.Plan, contenders: dict[str, Step], batch: int) -> dict[str, float]:
    """The largest error of each contender; raises AssertionError above 1e-4."""
    rng = np.random.default_rng(0)
    frames = rng.standard_normal((CHECKED, batch, INPUTS)).astype(np.float32)
    watched = min(batch, 3)
    errors = {}
    for name, step in contenders.items():
        model = rounded(plan) if name == ROUNDED else plan
        expected = [interpret.whole(model, [{"x": row} for row in frames[:, b]])["h"] for b in range(watched)]
        found = [np.array(step(frame if batch > 1 else frame[0])).reshape(batch, -1) for frame in frames]
        errors[name] = max(float(np.abs(np.array(found)[:, b] - expected[b]).max()) for b in range(watched))
        assert errors[name] < 1e-4, f"{name} must be the plan to 1e-4; it is off by {errors[name]:.1e}."
    return errors


def seconds(contenders: dict[str, Step], batch: int, rounds: int, calls: int) -> dict[str, NDArray[np.float64]]:
    """The time of every call, in rounds that take turns."""
    x = np.random.default_rng(1).standard_normal((batch, INPUTS)).astype(np.float32)
    frame = x if batch > 1 else x[0]
    found: dict[str, list[float]] = {name: [] for name in contenders}
    clock = time.perf_counter
    for _ in range(rounds):
        for name, step in contenders.items():
            for _ in range(min(calls, 20)):
                step(frame)
            for _ in range(calls):
                begin = clock()
                step(frame)
                found[name].append(clock() - begin)
    return {name: np.array(times) for name, times in found.items()}


def row(hidden: int, batch: int, threads: int, rounds: int, calls: int) -> dict[str, Any]:
    """The figures of one size."""
    plan = gru_plan(hidden)
    gru = plan.operations[0]
    assert isinstance(gru, p.GRU)

    def ours(weights: str) -> Step:
        return SessionPool(plan, batch, weights=weights).push if batch > 1 else Session(plan, weights=weights).push

    contenders: dict[str, Step] = {
        "gatelet": ours("float32"),
        ROUNDED: ours("bfloat16"),
        "torch": of_torch(gru, batch),
        "onnxruntime": of_onnx_runtime(gru, batch, threads),
    }
    errors = check(plan, contenders, batch)
    times = seconds(contenders, batch, rounds, calls)
    return {
        "hidden": hidden,
        "batch": batch,
        "errors": errors,
        "drift": drift(plan),
        "p50_us": {name: 1e6 * float(np.median(values)) for name, values in times.items()},
        "p99_us": {name: 1e6 * float(np.percentile(values, 99)) for name, values in times.items()},
        "times_as_fast": {
            ours: {name: float(np.median(times[name]) / np.median(times[ours])) for name in ("torch", "onnxruntime")}
            for ours in ("gatelet", ROUNDED)
        },
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--record", action="store_true", help="write results/step.json")
    parser.add_argument("--threads", type=int, default=1, help="of PyTorch and ONNX Runtime; gatelet steps on one")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    rows = [row(hidden, 1, options.threads, 5, 1000) for hidden in (32, 128)]
    rows += [row(hidden, STREAMS, options.threads, 5, 10) for hidden in (32, 128)]
    titles = ("H", "streams", "weights", "gatelet p50", "p99", "PyTorch p50", "ONNX Runtime p50", "as fast as PyTorch")
    print(f"| {' | '.join(titles)} | as ONNX Runtime |\n{'|---' * (len(titles) + 1)}|")
    for each in rows:
        p50 = each["p50_us"]
        for name, weights in (("gatelet", "float32"), (ROUNDED, "bfloat16")):
            cells = [f"{p50[name]:.2f} us", f"{each['p99_us'][name]:.2f} us", f"{p50['torch']:.1f} us"]
            cells += [f"{p50['onnxruntime']:.1f} us", *(f"{n:.1f} x" for n in each["times_as_fast"][name].values())]
            print(f"| {each['hidden']} | {each['batch']} | {weights} | {' | '.join(cells)} |")
    for each in rows[:2]:
        most, mean = each["drift"]
        print(f"H = {each['hidden']}: states of rounded weights are off by {most:.1e} at most, {mean:.1e} in the mean")
    if options.record:
        RESULTS.mkdir(exist_ok=True)
        versions = {"torch": torch.__version__, "onnxruntime": onnxruntime.__version__}
        head = {"machine": platform.machine(), "threads": options.threads, "versions": versions}
        (RESULTS / "step.json").write_text(json.dumps({**head, "rows": rows}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
