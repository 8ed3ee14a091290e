"""How well a text was foretold: perplexity per token, and bits per character, by which models of any tokens compare."""

from __future__ import annotations

import math


def perplexity(nats: float, tokens: int) -> float:
    """exp(nats / tokens): among so many tokens the model hesitates, in the mean.

    Args:
        nats: -log of the probability of the whole text.
        tokens: in it.
    """
    return math.exp(min(nats / tokens, 700.0))


def bits_per_character(nats: float, characters: int) -> float:
    """What the text takes for each of its characters if it is coded by the model.

    Args:
        nats: as for `perplexity`.
        characters: in it.
    """
    return nats / math.log(2.0) / characters
