"""What is left of a value: the reference's plan of what is still to be said, in NumPy and natively."""

from typing import Any

import numpy as np
import pytest
from small_plans import controlled

from gatelet import plan as p
from gatelet.errors import ModelError
from gatelet.plan import interpret
from gatelet.reference import LayerWeights, sc_gru
from gatelet.stream import Session, SessionPool

STEPS = 6


@pytest.mark.parametrize("sizes", [(1, 1), (15, 17), (17, 63), (65, 15)])
def test_the_semantically_controlled_gru_of_the_reference(sizes: tuple[int, int]) -> None:
    rng = np.random.default_rng(sizes[0])
    plan = controlled(rng, parts=sizes[0], hidden=sizes[1])
    dense, gru = plan.operations[2], plan.operations[5]
    assert isinstance(dense, p.Dense) and isinstance(gru, p.GRU) and dense.bias is not None
    embedding = plan.operations[0]
    assert isinstance(embedding, p.Embedding)
    tokens, kind, parts = rng.integers(0, 11, STEPS), rng.random(2), (rng.random(sizes[0]) < 0.7).astype(float)
    x = np.concatenate([embedding.table[tokens], np.repeat(kind[None], STEPS, 0)], 1)[:, None].astype(float)
    layer = LayerWeights(*(part.astype(float) for part in (gru.weight_ih, gru.weight_hh, gru.bias_ih, gru.bias_hh)))
    weights = sc_gru.Weights(dense.weight.astype(float), dense.bias.astype(float), layer)
    _, left, _ = sc_gru.forward(x, np.zeros((1, sizes[1])), parts[None], weights)
    frames: list[dict[str, Any]] = [{"token": token, "type": kind, "parts": parts} for token in tokens]
    exact = interpret.whole(plan, frames)
    np.testing.assert_allclose(exact["left"], left[:, 0], rtol=1e-12)
    session, pool = Session(plan), SessionPool(plan, 2)
    for number, frame in enumerate(frames):
        together = pool.push({name: np.array([value, value]) for name, value in frame.items()})
        found = session.push(frame)
        for name in ("left", "y"):
            np.testing.assert_allclose(found[name], exact[name][number], rtol=1e-4, atol=1e-5)
            np.testing.assert_array_equal(together[name], [found[name]] * 2)


def test_a_state_goes_on_from_where_it_was() -> None:
    plan = controlled(np.random.default_rng(1))
    frame: dict[str, Any] = {"token": 3, "type": [1.0, 0.0], "parts": np.ones(5)}
    one, other = Session(plan), Session(plan, engine="numpy")
    before = one.push(frame)["left"]
    other.state = one.state
    np.testing.assert_allclose(other.push(frame)["left"], one.push(frame)["left"], rtol=1e-5)
    one.reset()
    np.testing.assert_array_equal(one.push(frame)["left"], before)


def test_sizes_that_differ_are_refused() -> None:
    with pytest.raises(ModelError, match="two values of one known size"):
        p.Plan("T", (p.Value("x", (2,)), p.Value("k", (3,))), (p.Remaining("x", "k", "y"),), (p.Value("y", (2,)),))
