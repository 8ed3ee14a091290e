"""What pruning is worth: what is left of the layers of a plan, and what a step costs then."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatelet import plan as p
from gatelet.deploy.work import SPARSE
from gatelet.runtime import FloatKind, FloatLayer
from gatelet.stream import Session

__all__ = ["LayerCost", "costs"]

GROUP = 4  # columns of a block, which has the gates of one unit
STEPS, ROUNDS = 400, 7
KINDS: dict[type[p.Operation], FloatKind] = {p.GRU: "gru", p.LSTM: "lstm"}


@dataclass(frozen=True)
class LayerCost:
    """One recurrent layer, before and after it was pruned.

    Attributes:
        name: of what it writes.
        inputs, units: I and H.
        density_inputs: share of the blocks of weight_ih that are not zero.
        density_states: of weight_hh.
        rank: of weight_hh, where it has two factors; None where it has not.
        bytes: (before, after) of its weights as floats in C, with the list of the blocks that are left.
        stream_us: (before, after) microseconds of a step of a stream, natively, from Python.
        c_ns: (before, after) nanoseconds of a step of the C runtime on this machine.
    """

    name: str
    inputs: int
    units: int
    density_inputs: float
    density_states: float
    rank: int | None
    bytes: tuple[int, int]
    stream_us: tuple[float, float]
    c_ns: tuple[float, float]


def costs(before: p.Plan, after: p.Plan) -> list[LayerCost]:
    """The layers of GRU and LSTM of a plan and of what pruning made of it, timed in turns on one thread.

    Layers with LayerNorm, and a GRU that resets before the product, are left out: the C runtime does not skip in them.
    """
    found = []
    for old, new in zip(before.operations, after.operations, strict=True):
        if _skipped(old) and _skipped(new):
            assert isinstance(old, p.Recurrent) and isinstance(new, p.Recurrent)
            found.append(_cost(old, new))
    return found


def _skipped(operation: p.Operation) -> bool:
    plain = getattr(operation, "layer_norm_ih", None) is None and getattr(operation, "reset_after", True)
    return type(operation) in KINDS and plain


def _cost(old: p.Recurrent, new: p.Recurrent) -> LayerCost:
    layers, right = [_floats(old), _floats(new)], getattr(new, "right", None)
    packed = layers[1].packed
    groups = -(-packed.inputs // GROUP)
    there: NDArray[np.bool_] = np.any(packed.weights != 0, axis=(2, 3))
    x = np.random.default_rng(0).standard_normal((STEPS, packed.inputs)).astype(np.float32)
    c_ns = _in_turns([lambda layer=layer: layer.run(x, layer.initial_state()) for layer in layers])  # type: ignore[misc]
    sessions = [Session(_alone(operation)) for operation in (old, new)]
    pushes = _in_turns([lambda push=session.push: [push(frame) for frame in x] for session in sessions])  # type: ignore[misc]
    return LayerCost(
        name=new.target,
        inputs=packed.inputs,
        units=packed.units,
        density_inputs=float(there[:, :groups].mean()),
        density_states=float(there[:, groups:].mean()),
        rank=None if right is None else len(right),
        bytes=(layers[0].nbytes, layers[1].nbytes),
        stream_us=(1e6 * pushes[0], 1e6 * pushes[1]),
        c_ns=(1e9 * c_ns[0], 1e9 * c_ns[1]),
    )


def _floats(operation: p.Recurrent) -> FloatLayer:
    """The layer in C as it is exported: without blocks of zeros, or with two factors, where that is less."""
    kind, right = KINDS[type(operation)], operation.thin
    if right is not None:
        return FloatLayer(kind, operation.left(), right=right)
    dense, sparse = (FloatLayer(kind, operation.layer(), sparse=sparse) for sparse in (False, True))
    return sparse if sparse.weights.size <= SPARSE * dense.weights.size else dense


def _alone(operation: p.Recurrent) -> p.Plan:
    """A stream of this layer alone."""
    size = operation.weight_ih.shape[1]
    alone = replace(operation, source="x", target="h", over="steps", start=(), reverse=False, restart=0)
    return p.Plan("Layer", (p.Value("x", (size,)),), (alone,), (p.Value("h", (operation.hidden_size,)),))


def _in_turns(runs: list[Callable[[], Any]]) -> list[float]:
    """Seconds per step of each, the least of several rounds that take turns."""
    best = [float("inf")] * len(runs)
    for _ in range(ROUNDS):
        for place, run in enumerate(runs):
            begin = time.perf_counter()
            run()
            best[place] = min(best[place], (time.perf_counter() - begin) / STEPS)
    return best
