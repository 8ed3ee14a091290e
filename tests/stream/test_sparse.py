"""Recurrent weights with blocks of zeros or of low rank: the native program multiplies less, and the numbers stay."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gatelet import plan as p
from gatelet.kernels import native
from gatelet.plan import interpret
from gatelet.stream import Session, SessionPool

INPUTS, STEPS = 45, 6


def pruned(kind: Any, gates: int, units: int, density: float) -> p.Plan:
    """One layer of which a share of the blocks is not zero."""
    rng = np.random.default_rng(units)

    def draw(columns: int) -> Any:
        there = np.repeat(rng.random((units, -(-columns // 4))) < density, 4, axis=1)[:, :columns]
        return (rng.uniform(-1, 1, (gates * units, columns)) * np.tile(there, (gates, 1)) / 4).astype(np.float32)

    biases = rng.uniform(-1, 1, (2, gates * units)).astype(np.float32)
    layer = kind("x", "h", draw(INPUTS), draw(units), *biases)
    return p.Plan("Test", (p.Value("x", (INPUTS,)),), (layer,), (p.Value("h", (units,)),))


@pytest.mark.parametrize("isa", native.isas())
@pytest.mark.parametrize(("kind", "gates"), [(p.GRU, 3), (p.LSTM, 4), (p.RNN, 1)])
@pytest.mark.parametrize(("units", "density"), [(61, 0.0), (63, 0.1), (64, 0.3), (65, 0.2), (95, 0.25)])
def test_blocks_of_zeros_change_nothing(
    monkeypatch: pytest.MonkeyPatch, isa: str, kind: Any, gates: int, units: int, density: float
) -> None:
    monkeypatch.setenv("GATELET_ISA", isa)
    check(pruned(kind, gates, units, density))


@pytest.mark.parametrize("isa", native.isas())
@pytest.mark.parametrize(("kind", "gates"), [(p.GRU, 3), (p.LSTM, 4)])
@pytest.mark.parametrize(("units", "rank"), [(1, 1), (15, 1), (63, 5), (64, 16), (65, 31), (17, 17)])
def test_two_factors_are_their_product(
    monkeypatch: pytest.MonkeyPatch, isa: str, kind: Any, gates: int, units: int, rank: int
) -> None:
    monkeypatch.setenv("GATELET_ISA", isa)
    plan = pruned(kind, gates, units, 1.0)
    layer = plan.operations[0]
    assert isinstance(layer, p.GRU | p.LSTM)
    right = np.random.default_rng(rank).uniform(-0.3, 0.3, (rank, units)).astype(np.float32)
    check(replace(plan, operations=(replace(layer, weight_hh=layer.weight_hh[:, :rank], right=right),)))


def check(plan: p.Plan) -> None:
    """Compare a pool and a session with the interpreter."""
    streams = 19  # more than any machine has lanes, and some
    frames = np.random.default_rng(0).standard_normal((STEPS, streams, INPUTS)).astype(np.float32)
    expected = np.array([interpret.whole(plan, [{"x": x} for x in frames[:, b]])["h"] for b in range(streams)])
    pool = SessionPool(plan, streams)
    found = np.array([pool.push(frame) for frame in frames])
    np.testing.assert_allclose(found.transpose(1, 0, 2), expected, rtol=0, atol=2e-6)
    np.testing.assert_allclose(Session(plan).push(frames[:, 0]), expected[0], rtol=0, atol=2e-6)
