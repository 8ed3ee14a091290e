"""ONNX Runtime's GRU, forward."""

from __future__ import annotations

from typing import Any

import onnxruntime

from gatelet.bench.jobs import Jobs
from gatelet.bench.onnx_model import gru_model
from gatelet.bench.problem import Problem


def build(problem: Problem, threads: int) -> Jobs:
    """A session, which packs the weights."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(gru_model(problem), options, providers=["CPUExecutionProvider"])
    inputs = {"x": problem.x}

    def forward() -> Any:
        return session.run(["y"], inputs)[0][:, 0]

    return Jobs(f"ONNX Runtime {onnxruntime.__version__}", forward, None)
