"""Attention against its formulae, place by place in float64."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from gatelet.nn.attention import AdditiveAttention, Attention, GeneralAttention, attention

B, Q, S, F, M, A = 3, 5, 7, 4, 6, 3
KINDS = ["additive", "general", "dot"]


def made(kind: str, coverage: bool = False) -> Attention:
    torch.manual_seed(0)
    return attention(kind, F, F if kind == "dot" else M, A, coverage=coverage).double()


def inputs(kind: str) -> tuple[Tensor, Tensor, Tensor]:
    torch.manual_seed(1)
    query = torch.randn(B, Q, F, dtype=torch.float64, requires_grad=True)
    memory = torch.randn(B, S, F if kind == "dot" else M, dtype=torch.float64, requires_grad=True)
    return query, memory, torch.arange(S) < torch.tensor([[S], [1], [4]])


def score(kind: str, layer: Attention, query: Tensor, place: Tensor, covered: Tensor | None) -> Tensor:
    if kind == "dot":
        return query @ place
    if kind == "general":
        assert isinstance(layer, GeneralAttention)
        return query @ layer.memory.weight @ place
    assert isinstance(layer, AdditiveAttention)
    joined = layer.query.weight @ query + layer.query.bias + layer.memory.weight @ place
    if covered is not None:
        joined = joined + layer.covered.weight[:, 0] * covered
    return layer.score.weight[0] @ joined.tanh()


def by_formula(
    kind: str, layer: Attention, query: Tensor, memory: Tensor, mask: Tensor, covered: Tensor | None
) -> Tensor:
    """(B, Q, M), one query at a time, over the real places alone."""
    contexts = []
    for b in range(B):
        places = memory[b][mask[b]]
        for q in range(Q):
            given = [None if covered is None else covered[b, q, s] for s in range(len(places))]
            scores = [score(kind, layer, query[b, q], place, c) for place, c in zip(places, given, strict=True)]
            contexts.append(torch.stack(scores).softmax(0) @ places)
    return torch.stack(contexts).view(B, Q, -1)


@pytest.mark.parametrize(("kind", "coverage"), [*[(kind, False) for kind in KINDS], ("additive", True)])
def test_outputs_and_gradients_are_those_of_the_formula(kind: str, coverage: bool) -> None:
    layer, (query, memory, mask) = made(kind, coverage), inputs(kind)
    covered = torch.rand(B, Q, S, dtype=torch.float64) if coverage else None
    wanted = [query, memory, *layer.parameters()]

    def gradients(context: Tensor) -> tuple[Tensor, ...]:
        return torch.autograd.grad(context.sin().sum(), wanted)

    context, weights = layer(query, memory, mask, coverage=covered)
    expected = by_formula(kind, layer, query, memory, mask, covered)
    torch.testing.assert_close(context, expected, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(gradients(context), gradients(expected), rtol=1e-10, atol=1e-12)
    torch.testing.assert_close(weights.sum(-1), torch.ones(B, Q, dtype=torch.float64))
    assert (weights.masked_select(~mask[:, None]) == 0).all()


@pytest.mark.parametrize("kind", KINDS)
def test_what_lies_beyond_a_source_does_not_matter(kind: str) -> None:
    layer, (query, memory, mask) = made(kind), inputs(kind)
    before = layer(query, memory, mask)
    after = layer(query, memory.masked_fill(~mask[..., None], 1e9), mask)
    torch.testing.assert_close(after, before)


@pytest.mark.parametrize("kind", KINDS)
def test_keys_may_be_computed_before(kind: str) -> None:
    layer, (query, memory, mask) = made(kind), inputs(kind)
    torch.testing.assert_close(layer(query, memory, mask, layer.keys(memory)), layer(query, memory, mask))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: attention("dot", 4, 6, 3), "Dot attention needs queries and places of one size; got 4 and 6."),
        (lambda: attention("loud", 4, 6, 3), "attention must be one of additive, dot, general; got loud."),
        (lambda: attention("dot", 4, 4, 3, coverage=True), "coverage needs additive attention; got dot."),
    ],
)
def test_errors(make: Callable[[], Attention], words: str) -> None:
    with pytest.raises(ValueError) as caught:
        make()
    assert str(caught.value) == words
