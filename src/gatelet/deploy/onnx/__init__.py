"""Plans as ONNX models, written node by node and run beside the plan before anybody sees them."""

from gatelet.deploy.onnx.checking import check_models
from gatelet.deploy.onnx.models import USUAL_OPSET, check_opset, check_plan, sequence_model, state_names, step_model

__all__ = ["USUAL_OPSET", "check_models", "check_opset", "check_plan", "sequence_model", "state_names", "step_model"]
