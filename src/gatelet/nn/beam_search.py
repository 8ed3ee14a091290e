"""Beam search over whole batches: the likeliest sequences that a step function can write.

A beam starts with the mark `edge` and ends when it writes `edge` again. Every step extends each of the K live beams of
a sample by every token, and keeps the K best that go on; those that end among the best K are finished. What is finished
is ranked by

    log P / ((5 + n) / 6)^length_penalty + coverage_penalty * sum over source places of log(min(weights given, 1))

with n tokens, the end included. A sample is done when it has K finished beams and no live one, were it to end at once,
would be among the best: without this, sequences of many sure tokens lose to K unlikely ones that ended early.
Source: Wu et al., Google's Neural Machine Translation System, 2016 (arXiv:1609.08144).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor
from torch.nn import functional

from gatelet.errors import GateletError

States = tuple[Tensor, ...]
Shared = TypeVar("Shared")
# (B, K) tokens, (B, K, ...) states, what the beams of a sample share -> (B, K, V) log probabilities, (B, K, S), states
Step = Callable[[Tensor, States, Shared], tuple[Tensor, Tensor, States]]
Take = Callable[[Shared, Tensor], Shared]

_LEAST_COVERED = 1e-9


@dataclass(frozen=True)
class SearchSettings:
    """How to search.

    Attributes:
        beams: K; 1 is greedy.
        length_penalty: 0 ranks by probability alone, which favours the short; more favours the long.
        coverage_penalty: more favours those that looked at all of the source.
        best: sequences to give back for each sample, at most K.

    Raises:
        GateletError: a value is outside its range.
    """

    beams: int = 5
    length_penalty: float = 1.0
    coverage_penalty: float = 0.0
    best: int = 1

    def __post_init__(self) -> None:
        for name in ("beams", "best"):
            value = getattr(self, name)
            if type(value) is not int or value < 1:
                raise GateletError(f"{name} must be a whole number of at least 1; got {value}.")
        if self.best > self.beams:
            raise GateletError(f"best must be at most beams, which is {self.beams}; got {self.best}.")
        for name in ("length_penalty", "coverage_penalty"):
            if not 0.0 <= getattr(self, name) <= 100.0:
                raise GateletError(f"{name} must be between 0 and 100; got {getattr(self, name)}.")


@dataclass(frozen=True)
class Found:
    """One sequence.

    Attributes:
        tokens: (n,) without the edges.
        weights: (n, S) what each of them looked at.
        log_probability: of the sequence, its end included.
        score: by which it was ranked.
    """

    tokens: Tensor
    weights: Tensor
    log_probability: float
    score: float


@dataclass(frozen=True)
class _Live:
    """The live beams of the samples that are not done; R of them."""

    rows: Tensor  # (R,) numbers of the samples, ascending
    log_p: Tensor  # (R, K), -inf for a beam that does not exist
    last: Tensor  # (R, K) their last tokens
    covered: Tensor  # (R, K, S) sums of the weights so far, or (R, K, 0) where nothing asks for them
    states: States  # (R, K, ...)

    def take(self, kept: Tensor) -> _Live:
        """Some of the samples."""
        states = tuple(state[kept] for state in self.states)
        return _Live(self.rows[kept], self.log_p[kept], self.last[kept], self.covered[kept], states)


@dataclass(frozen=True)
class _Written:
    """What one step wrote; sequences are put together from these once they are wanted."""

    rows: Tensor  # (R,)
    parents: Tensor  # (R, K) the beams that were extended
    tokens: Tensor  # (R, K)
    weights: Tensor  # (R, K, S) what each of the former beams looked at


@dataclass(frozen=True)
class _End:
    """A finished beam: number `beam` of those that were live after `steps` steps."""

    steps: int
    beam: int
    log_probability: float
    score: float


@torch.inference_mode()
def beam_search(
    step: Step[Shared],
    states: States,
    shared: Shared,
    take: Take[Shared],
    *,
    edge: int,
    limits: Tensor,
    mask: Tensor,
    settings: SearchSettings,
) -> list[list[Found]]:
    """Search for the best sequences of B samples at once.

    Args:
        step: extends all beams by one token.
        states: (B, 1, ...) before the first step.
        shared: what the beams of a sample share, such as the memory of its source.
        take: gives the shared things of some of the samples, whose places are in an int64 tensor.
        edge: token that begins and ends every sequence.
        limits: (B,) tokens of a sequence at most, its end not included.
        mask: (B, S) the real places of each source.
        settings: how to search.

    Returns:
        for each sample the `best` sequences, the best first; fewer if there are no more within the limit.
    """
    live = _start(states, edge, mask, settings)
    written: list[_Written] = []
    ends: list[list[_End]] = [[] for _ in range(len(limits))]
    while len(live.rows):
        log_p, weights, after = step(live.last, live.states, shared)
        at_limit = limits[live.rows] <= len(written)
        total = (live.log_p[..., None] + _only_end(log_p, edge, at_limit)).flatten(1)
        # every beam ends in one way only, so that K of the best 2K go on if so many are possible at all
        best, at = total.topk(min(2 * settings.beams, total.shape[1]), 1)
        parents, tokens = at // log_p.shape[-1], at % log_p.shape[-1]
        finished = (tokens == edge)[:, : settings.beams] & best[:, : settings.beams].isfinite()
        for row, rank in finished.nonzero().tolist():
            beam, sample = int(parents[row, rank]), int(live.rows[row])
            covered = live.covered[row, beam] + weights[row, beam] if settings.coverage_penalty else None
            end = _end(len(written), beam, float(best[row, rank]), covered, mask[sample], settings)
            ends[sample].append(end)
        live, new = _extended(live, torch.where(tokens == edge, -torch.inf, best), parents, tokens, weights, after)
        written.append(new)
        to_beat = torch.tensor([_to_beat(ends[sample], settings) for sample in live.rows.tolist()], device=mask.device)
        score = live.log_p.max(1).values / _divisor(len(written), settings)
        goes_on = (score > to_beat) & ~at_limit & live.log_p.isfinite().any(1)
        if not goes_on.all():
            kept = goes_on.nonzero().squeeze(1)
            live, shared = live.take(kept), take(shared, kept)
    return [_found(sample, found, written, settings.best) for sample, found in enumerate(ends)]


def _start(states: States, edge: int, mask: Tensor, settings: SearchSettings) -> _Live:
    """One beam of each sample exists before the first step."""
    samples, places = mask.shape
    log_p = torch.full((samples, settings.beams), -torch.inf, device=mask.device)
    log_p[:, 0] = 0.0
    return _Live(
        rows=torch.arange(samples, device=mask.device),
        log_p=log_p,
        last=torch.full((samples, settings.beams), edge, device=mask.device),
        covered=torch.zeros(samples, settings.beams, places if settings.coverage_penalty else 0, device=mask.device),
        states=tuple(state.expand(-1, settings.beams, *state.shape[2:]) for state in states),
    )


def _only_end(log_p: Tensor, edge: int, at_limit: Tensor) -> Tensor:
    """Leave nothing but the end to the samples whose sequences are as long as they may be."""
    if not at_limit.any():
        return log_p
    only = torch.full_like(log_p, -torch.inf)
    only[..., edge] = log_p[..., edge]
    return torch.where(at_limit[:, None, None], only, log_p)


def _extended(
    live: _Live, best: Tensor, parents: Tensor, tokens: Tensor, weights: Tensor, states: States
) -> tuple[_Live, _Written]:
    """The K best of the candidates (R, 2K at most) as live beams; one that has ended is -inf among `best`."""
    beams = live.last.shape[1]
    log_p, order = best.topk(min(beams, best.shape[1]), 1)
    missing = beams - order.shape[1]  # where beams and tokens are few, there is less to go on with than K
    log_p, order = functional.pad(log_p, (0, missing), value=-torch.inf), functional.pad(order, (0, missing))
    parents, tokens = parents.gather(1, order), tokens.gather(1, order)
    row = torch.arange(len(parents), device=parents.device)[:, None]
    covered = live.covered[row, parents]
    if covered.shape[2]:
        covered = covered + weights[row, parents]
    after = tuple(state[row, parents] for state in states)
    return _Live(live.rows, log_p, tokens, covered, after), _Written(live.rows, parents, tokens, weights)


def _divisor(steps: int, settings: SearchSettings) -> float:
    """What the log probability of a beam is divided by that ends after so many steps."""
    divisor: float = ((5.0 + steps + 1.0) / 6.0) ** settings.length_penalty
    return divisor


def _to_beat(ends: list[_End], settings: SearchSettings) -> float:
    """The score above which a live beam of a sample is still worth following."""
    if len(ends) < settings.beams:
        return -torch.inf
    return sorted((end.score for end in ends), reverse=True)[settings.best - 1]


def _end(steps: int, beam: int, log_p: float, covered: Tensor | None, mask: Tensor, settings: SearchSettings) -> _End:
    score = log_p / _divisor(steps, settings)
    if covered is not None:
        score += settings.coverage_penalty * float(covered[mask].clamp(_LEAST_COVERED, 1.0).log().sum())
    return _End(steps, beam, log_p, score)


def _found(sample: int, ends: list[_End], written: list[_Written], best: int) -> list[Found]:
    """The best of what a sample has finished, put together from its end to its beginning."""
    found = []
    for end in sorted(ends, key=lambda end: -end.score)[:best]:
        tokens, weights, beam = [], [], end.beam
        for step in reversed(written[: end.steps]):
            row = int(torch.searchsorted(step.rows, sample))
            tokens.append(step.tokens[row, beam])
            beam = int(step.parents[row, beam])
            weights.append(step.weights[row, beam])
        nothing = written[0]
        sequence = torch.stack(tokens[::-1]) if tokens else nothing.tokens.new_zeros(0)
        looked = torch.stack(weights[::-1]) if tokens else nothing.weights.new_zeros(0, nothing.weights.shape[2])
        found.append(Found(sequence, looked, end.log_probability, end.score))
    return found
