"""The highway beside the recurrent stack: votes of tokens and of pairs of neighbours."""

import pytest
import torch

from gatelet.errors import GateletError
from gatelet.tasks.classification import ClassifierSettings
from gatelet.tasks.classification.network import ClassifierNetwork, ClassifierSizes

# large and prime: these few pairs do not share a bucket
BUCKETS = 10_007


def network(vote_once: bool) -> ClassifierNetwork:
    settings = ClassifierSettings(hidden_size=3, embedding_size=3, pair_buckets=BUCKETS, vote_once=vote_once)
    made = ClassifierNetwork(settings, ClassifierSizes(vocabulary=20, spelling=0, classes=3))
    generator = torch.Generator().manual_seed(0)
    for votes in (made.votes, made.pair_votes):
        torch.nn.init.normal_(votes.weight, generator=generator)
    return made


def bucket(pair: tuple[int, int]) -> int:
    return (pair[0] * 2_654_435_761 + pair[1]) % BUCKETS


@pytest.mark.parametrize("vote_once", [False, True])
def test_votes_are_those_of_the_tokens_and_pairs_of_a_text(vote_once: bool) -> None:
    made, texts = (
        network(vote_once),
        torch.tensor([[2, 3, 2, 3, 3, 4, 2], [5, 5, 5, 5, 5, 5, 5], [2, 3, 4, 5, 6, 7, 8]]),
    )
    votes = made.votes_of(texts).sum(1)
    for row, text in enumerate(texts.tolist()):
        pairs = list(zip([0, *text], text, strict=False))
        kinds, both = (set(text), set(pairs)) if vote_once else (text, pairs)
        expected = made.votes.weight[list(kinds)].sum(0) + made.pair_votes.weight[[bucket(pair) for pair in both]].sum(
            0
        )
        torch.testing.assert_close(votes[row], expected, rtol=0, atol=1e-5)
    votes.square().sum().backward()  # type: ignore[no-untyped-call]
    assert made.votes.weight.grad is not None and made.votes.weight.grad[9:].abs().sum() == 0
    assert made.votes.weight.grad[2:9].abs().amin() > 0


def test_without_the_highway_nothing_votes() -> None:
    with pytest.raises(GateletError, match="vote_once needs highway"):
        ClassifierSettings(highway=False, vote_once=True)
    with pytest.raises(GateletError, match="pair_buckets needs highway"):
        ClassifierSettings(highway=False, pair_buckets=1)
