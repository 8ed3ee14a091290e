"""What a step and its code cost on each core, from measurements.

Instructions: benchmarks/edge/instructions.py, a GRU of 16 inputs and 32 units, and one of 128 where it was measured;
two figures give what a multiply-add and what the gates of a unit cost, a frame of 16 kHz what sound does. Code: the
programs of tests/deploy/test_budget.py, at -O2.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from gatelet import plan as p
from gatelet.plan.operation import Operation

CALL = 1100  # bytes of code of what every model calls
EACH = 140  # bytes of code that an operation adds
TRANSFORM = 1500  # and the one that transforms sound


@dataclass(frozen=True)
class Cost:
    """Of one core.

    Attributes:
        integers: instructions of a multiply-add and of the gates of a unit, in integers.
        floats: likewise in floats.
        width: size of its code, that of a Cortex-M4 being 1.
        soft: bytes of the compiler's functions for floats; 0 with an FPU.
        doubles: likewise for doubles.
        sound: instructions of a multiply-add within a log-mel frame, as the C has them.
        calls: bytes of stack for calls, beside the values of a step; more than any of them was measured to take.
    """

    integers: tuple[float, float]
    floats: tuple[float, float]
    width: float = 1.0
    soft: int = 0
    doubles: int = 0
    sound: float = 0.0
    calls: int = 384

    def code(self, plan: p.Plan) -> int:
        """Bytes of code."""
        wide = any(isinstance(each, p.Center | p.Spread | p.Level) for each in plan.operations)
        whole = all(getattr(each, "gives", "float") == "int16" for each in plan.operations)
        sound = TRANSFORM * any(isinstance(each, p.LogMel) for each in plan.operations)
        size = self.width * (CALL + EACH * len(plan.operations) + sound)
        return round(size + (0 if whole else self.soft) + (self.doubles if wide else 0))

    def step(self, plan: p.Plan) -> int:
        """Instructions of a step."""
        return round(sum(self._of(plan, operation) for operation in plan.operations))

    def _of(self, plan: p.Plan, operation: Operation) -> float:
        if isinstance(operation, p.LogMel):
            return self.sound * _multiplied(operation)
        product, gates = self.integers if getattr(operation, "takes", "") == "int16" else self.floats
        units = 0
        if isinstance(operation, p.Recurrent | p.IntegerRecurrent):
            rows = plan.shapes[operation.source][0] if operation.over != "steps" else 1
            units = operation.hidden_size * (rows if isinstance(rows, int) else 1)
        return product * operation.macs(plan.read_by(operation)) + gates * units


def _multiplied(operation: p.LogMel) -> float:
    """Multiply-adds of a frame in C: the window, the odd part of the transform, its halves, and what filters hold."""
    points, half = operation.points, operation.points // 2
    odd = half // (half & -half)
    sums = 2 * points * odd if odd > 1 else 0
    return operation.length + sums + points * math.log2(points / odd) + int(np.count_nonzero(operation.filters))


COSTS: dict[str, Cost] = {
    "cortex-m0": Cost((5.82, 250), (193, 7580), 1.1, 4500, 7500, sound=210),
    "cortex-m3": Cost((2.57, 147), (89.5, 3516), 1.0, 2000, 2500, sound=111),
    "cortex-m4": Cost((1.57, 146), (2.65, 177), 1.0, 0, 2500, sound=5.9),
    "cortex-m7": Cost((1.57, 146), (2.65, 177), sound=5.9),
    "cortex-m33": Cost((1.57, 146), (2.65, 178), 1.0, 0, 2500, sound=5.9),
    "cortex-m55": Cost((1.49, 149), (2.60, 182), 1.1, sound=5.8),
    "riscv32": Cost((3.57, 172), (186, 6504), 1.1, 4500, 7500, sound=203),
    "avr": Cost((34, 1930), (300, 9145), 2.2, 2500, sound=322, calls=256),
}
