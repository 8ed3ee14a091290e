"""Stacks of every cell: gradients against central differences, unequal lengths against one sequence at a time."""

from dataclasses import fields, replace
from functools import partial
from typing import Any

import numpy as np
import pytest

from gatelet.reference import (
    Extras,
    LayerWeights,
    fastgrnn,
    gru,
    ligru,
    lstm,
    mgu,
    min_gru,
    min_lstm,
    rnn,
    stacked,
)

STEPS, BATCH, INPUT, HIDDEN, PROJECTED = 3, 2, 2, 3, 2

# (forward, backward, gates, projection)
CELLS: dict[str, Any] = {
    "gru, reset after": (gru.forward, gru.backward, 3, None),
    "gru, reset before": (partial(gru.forward, reset_after=False), gru.backward, 3, None),
    "lstm": (lstm.forward, lstm.backward, 4, None),
    "lstm, projected": (lstm.forward, lstm.backward, 4, PROJECTED),
    "rnn": (rnn.forward, rnn.backward, 1, None),
    "min_gru": (min_gru.forward, min_gru.backward, 2, None),
    "min_lstm": (min_lstm.forward, min_lstm.backward, 3, None),
    "mgu": (mgu.forward, mgu.backward, 2, None),
    "ligru": (ligru.forward, ligru.backward, 2, None),
    "fastgrnn": (fastgrnn.forward, fastgrnn.backward, 1, None),
}


def random_stack(
    rng: Any, gates: int, projection: int | None, layers: int, directions: int, *, scales: bool = False
) -> list[LayerWeights]:
    state = projection or HIDDEN
    return [
        LayerWeights(
            rng.normal(size=(gates * HIDDEN, INPUT if k < directions else state * directions)),
            rng.normal(size=(gates * HIDDEN, state)),
            rng.normal(size=gates * HIDDEN * (2 if scales else 1)),
            rng.normal(size=gates * HIDDEN),
            None if projection is None else rng.normal(size=(projection, HIDDEN)),
            scales=rng.normal(size=2) if scales else None,
        )
        for k in range(layers * directions)
    ]


def random_state(rng: Any, gates: int, projection: int | None, count: int) -> Any:
    h = rng.normal(size=(count, BATCH, projection or HIDDEN))
    return (h, rng.normal(size=(count, BATCH, HIDDEN))) if gates == 4 else h


def parts(state: Any) -> tuple[Any, ...]:
    return state if isinstance(state, tuple) else (state,)


def random_extras(rng: Any, gates: int, projection: int | None, count: int) -> list[Extras]:
    def one() -> Extras:
        keep_h = rng.random((STEPS, BATCH, projection or HIDDEN)) < 0.5
        keep_c = rng.random((STEPS, BATCH, HIDDEN)) < 0.5
        mask = (rng.random((BATCH, projection or HIDDEN)) < 0.7) / 0.7
        return Extras(rng.random((STEPS, BATCH)) < 0.3, mask, keep_h + 0.0, keep_c + 0.0 if gates == 4 else None)

    return [one() for _ in range(count)]


@pytest.mark.parametrize("lengths", [None, [3, 1]])
@pytest.mark.parametrize(("layers", "bidirectional"), [(1, False), (2, True)])
@pytest.mark.parametrize("name", [*CELLS, *(f"{name}, extras" for name in CELLS if name.startswith(("gru", "lstm")))])
def test_gradients_are_central_differences(
    name: str, layers: int, bidirectional: bool, lengths: list[int] | None
) -> None:
    name, with_extras = name.removesuffix(", extras"), name.endswith("extras")
    forward, backward, gates, projection = CELLS[name]
    directions = 2 if bidirectional else 1
    rng = np.random.default_rng(0)
    stack = random_stack(rng, gates, projection, layers, directions, scales=name == "fastgrnn")
    x, h0 = rng.normal(size=(STEPS, BATCH, INPUT)), random_state(rng, gates, projection, layers * directions)
    dh_n = random_state(rng, gates, projection, layers * directions)
    dy = rng.normal(size=(STEPS, BATCH, directions * (projection or HIDDEN)))
    extras = None
    if with_extras:
        extras = random_extras(rng, gates, projection, layers * directions)
        for k, weights in enumerate(stack):
            gains = {name: rng.normal(size=gates * HIDDEN) for name in ("layer_norm_ih", "layer_norm_hh")}
            stack[k] = replace(weights, **gains)

    def run() -> Any:
        return stacked.forward(forward, x, h0, stack, bidirectional=bidirectional, lengths=lengths, extras=extras)

    def loss() -> float:
        y, h_n, _ = run()
        return float((y * dy).sum() + sum((a * b).sum() for a, b in zip(parts(h_n), parts(dh_n), strict=True)))

    _, _, trace = run()
    found = stacked.backward(backward, dy, dh_n, stack, trace, bidirectional=bidirectional)

    rtol = 1e-5 if with_extras else 1e-6  # three values that lie close together are far apart once they are normalised
    pairs = [(x, found.x), *zip(parts(h0), parts(found.h0), strict=True)]
    for weights, gradients in zip(stack, found.layers, strict=True):
        pairs += [(getattr(weights, f.name), getattr(gradients, f.name)) for f in fields(LayerWeights)]
    for values, gradient in pairs:
        if values is None:
            assert gradient is None
            continue
        assert gradient.shape == values.shape
        np.testing.assert_allclose(gradient, central_differences(loss, values), rtol=rtol, atol=1e-8)


def central_differences(loss: Any, values: Any, step: float = 1e-5) -> Any:
    differences = np.empty_like(values)
    for index in np.ndindex(values.shape):
        kept = values[index]
        values[index] = kept + step
        above = loss()
        values[index] = kept - step
        differences[index] = (above - loss()) / (2 * step)
        values[index] = kept
    return differences


@pytest.mark.parametrize("name", CELLS)
def test_a_shorter_sequence_is_as_if_it_were_alone(name: str) -> None:
    forward, _, gates, projection = CELLS[name]
    rng = np.random.default_rng(0)
    stack = random_stack(rng, gates, projection, 2, 2, scales=name == "fastgrnn")
    x, h0 = rng.normal(size=(STEPS, BATCH, INPUT)), random_state(rng, gates, projection, 4)
    x[1:, 1] = np.nan  # beyond the end of the second sequence
    run: Any = partial(stacked.forward, forward, layers=stack, bidirectional=True)
    y, h_n, _ = run(x, h0, lengths=[3, 1])
    first = tuple(part[:, :1] for part in parts(h0))
    second = tuple(part[:, 1:] for part in parts(h0))
    y_first, h_first, _ = run(x[:, :1], first if gates == 4 else first[0])
    y_second, h_second, _ = run(x[:1, 1:], second if gates == 4 else second[0])
    np.testing.assert_array_equal(y[:, :1], y_first)
    np.testing.assert_array_equal(y[:1, 1:], y_second)
    np.testing.assert_array_equal(y[1:, 1], 0)
    for both, one, other in zip(parts(h_n), parts(h_first), parts(h_second), strict=True):
        np.testing.assert_array_equal(both, np.concatenate([one, other], axis=1))


@pytest.mark.parametrize("lengths", [[3], [3, 0], [4, 1]])
def test_lengths_that_do_not_fit_are_refused(lengths: list[int]) -> None:
    stack = random_stack(np.random.default_rng(0), 1, None, 1, 1)
    with pytest.raises(ValueError, match=r"^lengths must be 2 numbers between 1 and 3; got \["):
        stacked.forward(rnn.forward, np.zeros((3, 2, INPUT)), np.zeros((1, 2, HIDDEN)), stack, lengths=lengths)


def test_initial_state_of_the_wrong_shape_is_refused() -> None:
    stack = random_stack(np.random.default_rng(0), 1, None, 2, 1)
    with pytest.raises(ValueError, match=r"^h0 must have shape \(2, 2, 3\); got \(1, 2, 3\)\.$"):
        stacked.forward(rnn.forward, np.zeros((3, 2, INPUT)), np.zeros((1, 2, HIDDEN)), stack)
