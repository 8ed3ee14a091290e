"""Perplexity and bits per character, by hand."""

import math

import pytest

from gatelet.metrics import bits_per_character, perplexity


def test_a_fair_die() -> None:
    nats = 10 * math.log(6)
    assert perplexity(nats, 10) == pytest.approx(6.0)
    assert bits_per_character(nats, 20) == pytest.approx(math.log2(6) / 2)
    assert math.isfinite(perplexity(1e9, 1))
