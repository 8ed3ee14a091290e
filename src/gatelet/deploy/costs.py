"""What a step and its code cost on each core, from measurements.

Instructions: benchmarks/edge/step_costs.py, which counts them for layers and models of many kinds, and finds what each
kind of work costs; a frame of 16 kHz of benchmarks/edge/instructions.py gives what sound does. Code: the programs of
tests/deploy/test_budget.py, at -O2.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from gatelet import plan as p
from gatelet.deploy.work import KINDS, work_of

CALL = 1100  # bytes of code of what every model calls
EACH = 140  # bytes of code that an operation adds
TRANSFORM = 1500  # and the one that transforms sound


@dataclass(frozen=True)
class Cost:
    """Of one core.

    Attributes:
        work: instructions for one of each of `gatelet.deploy.work.KINDS`.
        width: size of its code, that of a Cortex-M4 being 1.
        soft: bytes of the compiler's functions for floats; 0 with an FPU.
        doubles: likewise for doubles.
        sound: instructions of a multiply-add within a log-mel frame, as the C has them.
        calls: bytes of stack for calls, beside the values of a step; more than any of them was measured to take.
    """

    work: tuple[float, ...]
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
        """Instructions of a step; an axis of any length counts once."""
        work = work_of(plan)
        sound = sum(_multiplied(each) for each in plan.operations if isinstance(each, p.LogMel))
        return round(self.sound * sound + sum(cost * work[kind] for cost, kind in zip(self.work, KINDS, strict=True)))


def _multiplied(operation: p.LogMel) -> float:
    """Multiply-adds of a frame in C: the window, the odd part of the transform, its halves, and what filters hold."""
    points, half = operation.points, operation.points // 2
    odd = half // (half & -half)
    sums = 2 * points * odd if odd > 1 else 0
    return operation.length + sums + points * math.log2(points / odd) + int(np.count_nonzero(operation.filters))


# fmt: off
COSTS: dict[str, Cost] = {
    "cortex-m0": Cost(
        (4.93, 101, 401, 0, 0, 0, 133, 160, 180, 13.8, 2.83e03, 1.98e03, 245, 81.2, 244, 8.92, 0, 0, 4.89e03, 103, 0),
        1.1, 4500, 7500, sound=210,
    ),
    "cortex-m3": Cost(
        (2.13, 33.5, 299, 0, 0, 0, 17.3, 92.8, 79.3, 14.4, 1.36e03, 914, 45.9, 31.3,
         49.7, 6.67, 0, 0, 2.95e03, 39.4, 0),
        1.0, 2000, 2500, sound=111,
    ),
    "cortex-m4": Cost(
        (1.42, 27.2, 0, 43.8, 0, 0, 32.3, 0, 1.92, 2.01, 54.2, 65.2, 17.6, 3.44, 6.21, 5.98, 15.7, 0, 1e04, 74.2, 19.4),
        1.0, 0, 2500, sound=5.9,
    ),
    "cortex-m7": Cost(
        (1.4, 31.6, 0, 40.4, 0, 0, 18.6, 7.47, 1.93, 1.99, 54.8, 64.4, 23.7, 3.45, 11, 2.74, 0, 0, 0, 179, 15.1),
        sound=5.9,
    ),
    "cortex-m33": Cost(
        (1.43, 28.3, 0, 43.9, 0, 0, 29.6, 0, 1.88, 2.08, 55.1, 64.8, 19.4, 3.34,
         6.17, 5.1, 17.1, 0, 1.01e04, 90.5, 19.6),
        1.0, 0, 2500, sound=5.9,
    ),
    "cortex-m55": Cost(
        (1.39, 29.9, 0, 34.3, 0, 0, 27.5, 11.9, 1.98, 1.73, 54.2, 64.4, 23, 3.69, 10.2, 1.14, 0, 0, 0, 17.4, 40.2),
        1.1, sound=5.8,
    ),
    "riscv32": Cost(
        (3.2, 40.8, 245, 0, 0, 0, 0, 389, 173, 9.94, 2.45e03, 1.87e03, 52.1, 76.6, 268, 4.63, 0, 0, 0, 117, 0),
        1.1, 4500, 7500, sound=203,
    ),
    "avr": Cost(
        (27.6, 734, 535, 0, 0, 0, 318, 1.17e03, 260, 30.9, 4.13e03, 2.72e03, 392, 127, 577, 13.4, 0, 0, 0, 0, 473),
        2.2, 2500, sound=322, calls=256,
    ),
}
# fmt: on
