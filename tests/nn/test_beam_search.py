"""Beam search against all sequences there are, on tables of probabilities small enough to list them."""

from itertools import product

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from gatelet.errors import GateletError
from gatelet.nn.beam_search import Found, SearchSettings, States, beam_search

V, S, LIMIT = 3, 2, 3
EDGE = V - 1


class Table:
    """A model whose next token depends on sample, last token and time; the state counts steps and last tokens."""

    def __init__(self, samples: int, seed: int, vocabulary: int = V) -> None:
        torch.manual_seed(seed)
        self.log_p = torch.randn(samples, LIMIT + 1, vocabulary, vocabulary, dtype=torch.float64).log_softmax(-1)
        self.weights = torch.rand(samples, LIMIT + 1, vocabulary, S, dtype=torch.float64).softmax(-1)

    def step(self, tokens: Tensor, states: States, rows: Tensor) -> tuple[Tensor, Tensor, States]:
        (time,) = states
        at = (rows[:, None], time, tokens)
        return self.log_p[at], self.weights[at], (time + 1,)

    def search(self, settings: SearchSettings, limits: list[int], edge: int = EDGE) -> list[list[Found]]:
        samples = len(limits)
        return beam_search(
            self.step,
            (torch.zeros(samples, 1, dtype=torch.int64),),
            torch.arange(samples),
            lambda rows, kept: rows[kept],
            edge=edge,
            limits=torch.tensor(limits),
            mask=torch.ones(samples, S, dtype=torch.bool),
            settings=settings,
        )

    def everything(self, sample: int, limit: int, settings: SearchSettings) -> list[tuple[float, tuple[int, ...]]]:
        """All sequences of at most `limit` tokens with their scores, the best first."""
        scored = []
        for length in range(limit + 1):
            for tokens in product(range(EDGE), repeat=length):
                log_p, looked, last = 0.0, torch.zeros(S, dtype=torch.float64), EDGE
                for time, token in enumerate([*tokens, EDGE]):
                    log_p += float(self.log_p[sample, time, last, token])
                    looked += self.weights[sample, time, last]
                    last = token
                score = log_p / ((6.0 + length) / 6.0) ** settings.length_penalty
                score += settings.coverage_penalty * float(looked.clamp_max(1.0).log().sum())
                scored.append((score, tokens))
        return sorted(scored, reverse=True)


@settings(deadline=None, max_examples=60)
@given(
    st.integers(0, 10_000),
    st.lists(st.integers(0, LIMIT), min_size=1, max_size=4),
    st.sampled_from([0.0, 0.7, 2.0]),
    st.sampled_from([0.0, 0.5]),
)
def test_enough_beams_find_the_best_of_all(seed: int, limits: list[int], length: float, coverage: float) -> None:
    how = SearchSettings(beams=15, length_penalty=length, coverage_penalty=coverage, best=4)
    table = Table(len(limits), seed)
    for sample, found in enumerate(table.search(how, limits)):
        everything = table.everything(sample, limits[sample], how)[:4]
        assert [tuple(each.tokens.tolist()) for each in found] == [tokens for _, tokens in everything]
        assert [each.score for each in found] == pytest.approx([score for score, _ in everything], rel=1e-9)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000), st.integers(1, 5))
def test_one_beam_is_greedy(seed: int, samples: int) -> None:
    table = Table(samples, seed)
    for sample, (found,) in enumerate(table.search(SearchSettings(beams=1), [LIMIT] * samples)):
        greedy, last = [], EDGE
        for time in range(LIMIT):
            last = int(table.log_p[sample, time, last].argmax())
            if last == EDGE:
                break
            greedy.append(last)
        assert found.tokens.tolist() == greedy


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000), st.integers(2, 5), st.integers(2, 4))
def test_a_sample_is_searched_as_if_it_were_alone(seed: int, samples: int, beams: int) -> None:
    table, how = Table(samples, seed), SearchSettings(beams=beams, best=2)
    limits = [sample % (LIMIT + 1) for sample in range(samples)]
    together = table.search(how, limits)
    for sample in range(samples):
        alone = Table(samples, seed)
        alone.log_p, alone.weights = table.log_p[sample : sample + 1], table.weights[sample : sample + 1]
        (found,) = alone.search(how, limits[sample : sample + 1])
        assert [each.score for each in found] == [each.score for each in together[sample]]
        assert [each.tokens.tolist() for each in found] == [each.tokens.tolist() for each in together[sample]]


def test_what_was_looked_at_comes_back() -> None:
    table = Table(1, 3)
    for found in table.search(SearchSettings(beams=4, best=4), [LIMIT])[0]:
        last = EDGE
        assert found.weights.shape == (len(found.tokens), S)
        for time, token in enumerate(found.tokens.tolist()):
            torch.testing.assert_close(found.weights[time].double(), table.weights[0, time, last], rtol=1e-6, atol=1e-7)
            last = token


def test_a_vocabulary_of_nothing_but_the_end() -> None:
    (found,) = Table(1, 0, vocabulary=1).search(SearchSettings(beams=3, best=2), [LIMIT], edge=0)
    assert [(each.tokens.tolist(), each.score) for each in found] == [([], 0.0)]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"beams": 0}, "beams must be a whole number of at least 1; got 0."),
        ({"beams": 2, "best": 3}, "best must be at most beams, which is 2; got 3."),
        ({"length_penalty": -1.0}, "length_penalty must be between 0 and 100; got -1.0."),
    ],
)
def test_settings_out_of_range(options: dict[str, float], words: str) -> None:
    with pytest.raises(GateletError) as caught:
        SearchSettings(**options)  # type: ignore[arg-type]
    assert str(caught.value) == words


@pytest.mark.parametrize("length", [0.0, 1.0])
@pytest.mark.parametrize("best", [1, 3])
def test_a_long_sequence_of_sure_tokens_is_not_lost_to_short_ones_that_are_unlikely(length: float, best: int) -> None:
    table, steps, edge = Table(1, 0), 30, 2
    table.log_p = torch.tensor([0.97, 0.01, 0.02], dtype=torch.float64).log().expand(1, steps + 1, 3, 3).clone()
    table.log_p[:, steps, :] = torch.tensor([0.001, 0.001, 0.998], dtype=torch.float64).log()
    table.weights = torch.full((1, steps + 1, 3, S), 0.5, dtype=torch.float64)
    how = SearchSettings(beams=3, length_penalty=length, best=best)
    assert table.search(how, [steps], edge)[0][0].tokens.tolist() == [0] * steps
