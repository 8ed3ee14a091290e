"""Made-up frames for a plan, on which exports are compared with it."""

from __future__ import annotations

from typing import Any

import numpy as np

from gatelet import plan as p

# what axes of any length have in made-up frames
LENGTHS = {"time": 6, "source": 5}
OTHER = 3


def frames(plan: p.Plan, count: int, seed: int = 0, lengths: dict[str, int] | None = None) -> list[dict[str, Any]]:
    """Frames of usual size, of tokens that the plan knows, some numbers missing where the plan sees to that.

    Args:
        plan: what they are for.
        count: how many.
        seed: of the numbers.
        lengths: of axes of any length, by name.
    """
    rng = np.random.default_rng(seed)
    known = LENGTHS | (lengths or {})
    found: list[dict[str, Any]] = []
    for _ in range(count):
        frame = {}
        for value in plan.inputs:
            shape = [axis if isinstance(axis, int) else known.get(axis, OTHER) for axis in value.shape]
            if value.kind == "int":
                frame[value.name] = rng.integers(*_range(plan, value.name), shape)
            else:
                center, spread, gaps = _usual(plan, value.name)
                numbers = center + spread * rng.standard_normal(shape)
                frame[value.name] = np.where(rng.random(shape) < 0.2, np.nan, numbers) if gaps else numbers
        found.append(frame)
    return found


def _range(plan: p.Plan, name: str) -> tuple[int, int]:
    """Numbers that every reader of a value has a row for; -1 too where parts may be missing."""
    kinds = p.Embedding | p.IntegerEmbedding
    tables = [each for each in plan.operations if isinstance(each, kinds) and each.source == name]
    most = min((len(each.table) for each in tables), default=10)
    return -1 if any(each.mean for each in tables) else 0, most


def _usual(plan: p.Plan, name: str) -> tuple[Any, Any, bool]:
    """Center and spread of a number, and whether it may be missing."""
    center: Any = 0.0
    spread: Any = 1.0
    gaps = False
    names = {name}
    for operation in plan.operations:
        if not names & set(operation.inputs):
            continue
        if isinstance(operation, p.Window | p.Scale | p.Standardize):
            names.update(operation.outputs)
        if isinstance(operation, p.Standardize):
            center, spread = operation.mean, operation.scale
        elif isinstance(operation, p.Spread):
            spread = operation.usual
        gaps = gaps or isinstance(operation, p.Filled)
    levels = [each for each in plan.operations if isinstance(each, p.Level)]
    windows = [each.target for each in plan.operations if isinstance(each, p.Window) and each.source == name]
    if levels and any(isinstance(each, p.Center) and each.source in windows for each in plan.operations):
        center = levels[0].mean
    return center, spread, gaps
