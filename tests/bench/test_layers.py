"""Every library computes the same thing from the same problem."""

import numpy as np
import pytest

from gatelet.bench import Shape
from gatelet.bench.child import Child
from gatelet.bench.contenders import PEERS
from gatelet.bench.correctness import largest_errors
from gatelet.bench.problem import problem
from gatelet.bench.torch_layers import exact, ours, pytorch
from gatelet.bench.worker import GRADIENTS
from gatelet.reference import gru, layer, lstm

SHAPE = Shape(batch=3, steps=5, inputs=15, hidden=17)


def outputs(jobs: object) -> dict[str, np.ndarray]:
    found = {"forward": np.asarray(jobs.forward())}  # type: ignore[attr-defined]
    return found | dict(zip(GRADIENTS, map(np.asarray, jobs.train()), strict=True))  # type: ignore[attr-defined]


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_ours_and_pytorch_s(cell: str) -> None:
    given = problem(cell, SHAPE, seed=1)
    truth = outputs(exact(given, 1))
    for build in (ours, pytorch):
        y, gradients = largest_errors(outputs(build(given, 1)), truth)
        assert y < 1e-6
        assert gradients is not None and gradients < 1e-5


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_the_measure_of_errors_is_the_reference(cell: str) -> None:
    given = problem(cell, SHAPE, seed=2)
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    weights = layer.from_names({f"{name}_l0": getattr(given, name) for name in names})[0]
    zeros = np.zeros((SHAPE.batch, SHAPE.hidden))
    x = given.x.astype(np.float64)
    y = gru.forward(x, zeros, weights)[0] if cell == "gru" else lstm.forward(x, (zeros, zeros), weights)[0]
    np.testing.assert_allclose(outputs(exact(given, 1))["forward"], y, rtol=0, atol=1e-14)


@pytest.mark.parametrize("name", PEERS)
def test_peers(name: str) -> None:
    peer = PEERS[name]
    if peer.missing():
        pytest.skip(f"{peer.name} is not installed")
    truth = outputs(exact(problem(peer.cell, SHAPE, seed=3), 1))
    with Child(peer, SHAPE, 3, 1) as child:
        child.ready()
        assert child.ask("info")["prepare"] > 0
        y, gradients = largest_errors(child.ask("outputs"), truth)
        assert child.ask("time", "forward") > 0
    assert y < 1e-6
    assert gradients is None or gradients < 1e-5


def test_problems_repeat() -> None:
    one, other = problem("gru", SHAPE, 4), problem("gru", SHAPE, 4)
    assert np.array_equal(one.x, other.x) and np.array_equal(one.weight_hh, other.weight_hh)
    assert not np.array_equal(one.x, problem("gru", SHAPE, 5).x)
    assert one.weight_ih.shape == (51, 15) and one.dy.shape == (5, 3, 17)
