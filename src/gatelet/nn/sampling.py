"""Drawing the next token: temperature, the likeliest k, the likeliest that make up a share p."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from gatelet.errors import GateletError

LARGEST_SEED = 2**63 - 1
MOST_TOKENS = 2**31


@dataclass(frozen=True)
class SamplingSettings:
    """How to write a text.

    Attributes:
        temperature: scores are divided by it; below 1 the likely becomes likelier, above 1 the unlikely.
        top_k: only so many of the likeliest tokens may come; None for all. 1 is greedy.
        top_p: only the likeliest tokens may come whose probabilities together reach this share.
        max_length: tokens, at most.
        stop: the text ends before the first of these that it would hold.
        seed: the same one gives the same text; None draws one.

    Raises:
        GateletError: a value is outside its range.

    Sources: Fan et al., Hierarchical Neural Story Generation, ACL 2018 (arXiv:1805.04833), for the likeliest k;
    Holtzman et al., The Curious Case of Neural Text Degeneration, ICLR 2020 (arXiv:1904.09751), for the share.
    """

    temperature: float = 1.0
    top_k: int | None = None
    top_p: float = 1.0
    max_length: int = 500
    stop: tuple[str, ...] = ()
    seed: int | None = None

    def __post_init__(self) -> None:
        if not _is_number(self.temperature) or not 0.0 < self.temperature < math.inf:
            hint = "; for the likeliest token each time, set top_k to 1" if self.temperature == 0 else ""
            raise GateletError(f"temperature must be positive; got {self.temperature}{hint}.")
        if not _is_number(self.top_p) or not 0.0 < self.top_p <= 1.0:
            raise GateletError(f"top_p must be in (0, 1]; got {self.top_p}.")
        _need_whole("max_length", self.max_length, 1, MOST_TOKENS)
        if self.top_k is not None:
            _need_whole("top_k", self.top_k, 1, MOST_TOKENS)
        if self.seed is not None:
            _need_whole("seed", self.seed, 0, LARGEST_SEED)
        object.__setattr__(self, "stop", (self.stop,) if isinstance(self.stop, str) else tuple(self.stop))
        if not all(isinstance(text, str) and text for text in self.stop):
            raise GateletError(f"stop must be texts, none of them empty; got {self.stop!r:.80}.")

    def following(self, number: int) -> SamplingSettings:
        """The settings of a further sample, whose seed is larger by so much."""
        return self if self.seed is None else replace(self, seed=self.seed + number)


def next_probabilities(scores: Tensor, settings: SamplingSettings) -> Tensor:
    """With which probability each token comes.

    First the scores are divided by the temperature, then the likeliest k are kept, then of these the likeliest whose
    probabilities together reach p. Of two tokens as likely the one with the smaller number is kept.

    Args:
        scores: (V,) of any scale; -inf for what must not come.
        settings: how to write.

    Returns:
        (V,) float64, which add up to 1.
    """
    scores = scores.double()
    scores = (scores - scores.max()) / settings.temperature
    order = scores.argsort(descending=True, stable=True)[: settings.top_k]
    kept = scores[order].softmax(0)
    before = kept.cumsum(0) - kept
    kept = torch.where(before < settings.top_p, kept, 0.0)
    return torch.zeros_like(scores).scatter(0, order, kept / kept.sum())


def draw(scores: Tensor, settings: SamplingSettings, generator: torch.Generator) -> int:
    """The number of the next token; scores as in `next_probabilities`, the generator on the CPU."""
    return int(torch.multinomial(next_probabilities(scores.cpu(), settings), 1, generator=generator))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _need_whole(name: str, value: object, least: int, most: int) -> None:
    if type(value) is not int or not least <= value <= most:
        raise GateletError(f"{name} must be a whole number from {least} to {most}; got {value}.")
