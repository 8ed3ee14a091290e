"""OpenVINO's GRU, forward."""

from __future__ import annotations

from typing import Any

import openvino

from gatelet.bench.jobs import Jobs
from gatelet.bench.onnx_model import gru_model
from gatelet.bench.problem import Problem


def build(problem: Problem, threads: int) -> Jobs:
    """A compiled model, in float32 also where the processor has bfloat16."""
    core = openvino.Core()
    settings = {"INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": "f32", "NUM_STREAMS": 1}
    model = core.compile_model(core.read_model(gru_model(problem)), "CPU", settings)
    request = model.create_infer_request()
    request.set_input_tensor(openvino.Tensor(problem.x, shared_memory=True))

    def forward() -> Any:
        request.infer()
        return request.get_output_tensor().data[:, 0]

    return Jobs(f"OpenVINO {openvino.__version__.partition('-')[0]}", forward, None)
