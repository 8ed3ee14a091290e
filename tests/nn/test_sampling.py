"""Temperature, the likeliest k and the likeliest share p, against their definitions."""

import math
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gatelet.errors import GateletError
from gatelet.nn.sampling import SamplingSettings, draw, next_probabilities

# exact up to rounding in float64
CLOSE = 1e-12


def defined(scores: list[float], sampling: SamplingSettings) -> list[float]:
    """The same as `next_probabilities`, token by token."""
    order = sorted(range(len(scores)), key=lambda place: (-scores[place], place))[: sampling.top_k]
    weights = {place: math.exp((scores[place] - max(scores)) / sampling.temperature) for place in order}
    kept, reached = [], 0.0
    for place in order:
        if reached >= sampling.top_p:
            break
        kept.append(place)
        reached += weights[place] / sum(weights.values())
    total = sum(weights[place] for place in kept)
    return [weights[place] / total if place in kept else 0.0 for place in range(len(scores))]


@settings(max_examples=100)
@given(
    st.lists(st.integers(-16, 16).map(lambda score: score / 2), min_size=1, max_size=9),
    st.sampled_from([0.3, 1.0, 2.5]),
    st.one_of(st.none(), st.integers(1, 12)),
    st.sampled_from([0.05, 0.31, 0.77, 1.0]),
)
def test_probabilities_are_what_they_are_defined_to_be(
    scores: list[float], temperature: float, top_k: int | None, top_p: float
) -> None:
    sampling = SamplingSettings(temperature=temperature, top_k=top_k, top_p=top_p)
    found = next_probabilities(torch.tensor(scores, dtype=torch.float64), sampling).tolist()
    expected = defined(scores, sampling)
    assert found == pytest.approx(expected, abs=CLOSE)
    assert sum(found) == pytest.approx(1.0, abs=CLOSE)


def test_what_must_not_come_does_not() -> None:
    scores = torch.tensor([3.0, -torch.inf, 1.0])
    assert next_probabilities(scores, SamplingSettings(temperature=50.0))[1] == 0.0
    assert next_probabilities(scores, SamplingSettings(top_k=3))[1] == 0.0


@pytest.mark.parametrize("sampling", [SamplingSettings(top_k=1), SamplingSettings(temperature=1e-300),
                                      SamplingSettings(top_p=1e-9)], ids=str)  # fmt: skip
def test_greedy(sampling: SamplingSettings) -> None:
    scores = torch.tensor([0.0, 2.0, 1.9])
    assert next_probabilities(scores, sampling).tolist() == [0.0, 1.0, 0.0]


def test_draws_follow_the_probabilities_and_the_seed() -> None:
    scores, sampling = torch.tensor([0.0, 1.0, 2.0, -1.0]), SamplingSettings(top_k=3)

    def drawn(seed: int) -> list[int]:
        generator = torch.Generator().manual_seed(seed)
        return [draw(scores, sampling, generator) for _ in range(1000)]

    shares = torch.bincount(torch.tensor(drawn(0)), minlength=4) / 1000
    # four standard deviations of a share of 1,000 draws
    torch.testing.assert_close(shares.double(), next_probabilities(scores, sampling), rtol=0, atol=0.065)
    assert drawn(0) == drawn(0) != drawn(1)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"temperature": 0}, "temperature must be positive; got 0; for the likeliest token each time, set top_k to 1."),
        ({"temperature": -1.0}, "temperature must be positive; got -1.0."),
        ({"temperature": math.nan}, "temperature must be positive; got nan."),
        ({"top_k": 0}, "top_k must be a whole number from 1"),
        ({"top_p": 0.0}, "top_p must be in (0, 1]; got 0.0."),
        ({"top_p": 1.5}, "top_p must be in (0, 1]; got 1.5."),
        ({"max_length": 0}, "max_length must be a whole number from 1"),
        ({"seed": -1}, "seed must be a whole number from 0"),
        ({"stop": ("a", "")}, "stop must be texts, none of them empty; got ('a', '')."),
    ],
)
def test_settings_out_of_range(options: dict[str, Any], words: str) -> None:
    with pytest.raises(GateletError) as caught:
        SamplingSettings(**options)
    assert words in str(caught.value)


def test_one_stop_text_is_one_and_samples_have_seeds_of_their_own() -> None:
    assert SamplingSettings(stop="end").stop == ("end",)  # type: ignore[arg-type]
    assert SamplingSettings(seed=5).following(2).seed == 7 and SamplingSettings().following(2).seed is None
