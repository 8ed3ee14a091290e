"""Log-mel frames as nodes: the transform is two products with the cosines and sines of the window."""

from __future__ import annotations

import numpy as np

from gatelet import plan as p
from gatelet.deploy.onnx.graph import DOUBLE, FLOAT
from gatelet.deploy.onnx.writing import Writing


def write_log_mel(w: Writing, operation: p.LogMel, number: int) -> None:
    """Add the nodes of log-mel frames to the graph; in double precision, of samples in single precision.

    Where the graph is of many steps, all frames are cut at once from one stretch of samples for each stream.
    """
    g, length = w.g, operation.length
    hop = w.plan.shapes[operation.source][0]
    assert isinstance(hop, int)
    frames = w.read(operation.source)  # (N, hop)
    if hop < length:
        frames, former = _overlapping(w, frames, w.states[number][0], hop, length)
        w.kept[number] = [former]
    wide = g.cast(frames, DOUBLE)  # (N, L)
    filters = operation.filters.astype(np.float64)
    used = np.flatnonzero(filters.any(0) | (np.arange(filters.shape[1]) == 0))  # what no filter hears is left out
    angles = 2.0 * np.pi / operation.points * (np.arange(length)[:, None] * used % operation.points)
    window = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(length)[:, None] / length)
    parts = [g.add("MatMul", wide, g.constant(window * turn(angles), np.float64)) for turn in (np.cos, np.sin)]
    power = g.add("Add", *(g.add("Mul", part, part) for part in parts))  # (N, K)
    bands = g.add("MatMul", power, g.constant(filters[:, used].T, np.float64))
    heard = g.add("Log", g.add("Max", bands, g.constant(operation.floor, np.float64)))
    w.values[operation.target] = g.cast(heard, FLOAT)


def _overlapping(w: Writing, samples: str, former: str, hop: int, length: int) -> tuple[str, str]:
    """Frames (N, L), and the samples (B, L - hop) that the next one shares with the last."""
    g, lead = w.g, -(length - hop)
    if not w.steps:
        frame = g.add("Concat", former, samples, axis=1)
        return frame, g.cut(frame, lead, 2**31, 1)
    turned = g.add("Transpose", w.apart(samples, (hop,)), perm=[1, 0, 2])  # (B, T, hop)
    whole = g.add("Concat", former, g.add("Reshape", turned, g.whole(0, -1)), axis=1)  # (B, L - hop + T * hop)
    count = g.squeeze(w.steps, 0)
    begins = g.add("Range", g.constant(0, np.int64), count, g.constant(1, np.int64))
    begins = g.add("Mul", g.unsqueeze(begins, 1), g.constant(hop, np.int64))
    places = g.add("Add", begins, g.constant(np.arange(length), np.int64))  # (T, L)
    cut = g.add("Transpose", g.add("Gather", whole, places, axis=1), perm=[1, 0, 2])  # (T, B, L)
    return w.together(cut, (length,)), g.cut(whole, lead, 2**31, 1)
