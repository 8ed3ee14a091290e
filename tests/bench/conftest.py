"""A run of two shapes with times that are easy to reckon with."""

import pytest

from gatelet.bench import Bench, Measured, Shape
from gatelet.bench.results import Row

SHAPES = (Shape(2, 3, 5, 7), Shape(1, 9, 5, 7))


def layer(cell: str, forward: float, train: float | None = None) -> Measured:
    ms = {"forward": forward} | ({} if train is None else {"train": train})
    return Measured(cell, "a library", ms, 1.0, ms, dict.fromkeys(ms, 1000), 1e-7, None if train is None else 1e-6)


def row(shape: Shape, slower: float) -> Row:
    layers = {
        "GRU": layer("gru", 1.0, 2.0),
        "torch GRU": layer("gru", slower, 4.0),
        "LSTM": layer("lstm", 2.0, 3.0),
        "torch LSTM": layer("lstm", 4.0, 9.0),
        "ONNX Runtime": layer("gru", 3.0),
    }
    return Row(shape, layers, {"JAX scan": "it broke"})


@pytest.fixture
def done() -> Bench:
    rows = [row(SHAPES[0], 2.0), row(SHAPES[1], 8.0)]
    return Bench({}, {"threads": 1}, {}, 2, {"torch product": 1e9, "NumPy product": 2e9}, rows)
