"""Float layers as integer ones: which scales, multipliers and shifts. docs/quantization.md tells why.

ranges = calibrate("gru", layers, x)               # x: (T, B, I), long sequences of what the device will see
stack = quantize_stack("gru", layers, ranges)      # layers: gatelet.reference.LayerWeights, the lowest first
y, state = stack.run(stack.integers(x[:, 0]), stack.initial_state())
errors = drift(layers, stack, x[:, 0])      # how far the integers are from the floats, stretch by stretch

plan = quantize(model.plan(), [frames, ...])       # a whole plan
"""

from gatelet.deploy.quantization.calibration import Ranges, calibrate
from gatelet.deploy.quantization.cells import quantize_cell
from gatelet.deploy.quantization.drift import Drift, drift
from gatelet.deploy.quantization.errors import plan_errors
from gatelet.deploy.quantization.layers import QuantizedTable, quantize_dense, quantize_table
from gatelet.deploy.quantization.observing import observe
from gatelet.deploy.quantization.plan_drift import plan_drift
from gatelet.deploy.quantization.plans import Converted, convert, quantize, refuse
from gatelet.deploy.quantization.stack import IntegerStack, quantize_stack

__all__ = [
    "Converted",
    "Drift",
    "IntegerStack",
    "QuantizedTable",
    "Ranges",
    "calibrate",
    "convert",
    "drift",
    "observe",
    "plan_drift",
    "plan_errors",
    "quantize",
    "quantize_cell",
    "quantize_dense",
    "quantize_stack",
    "quantize_table",
    "refuse",
]
