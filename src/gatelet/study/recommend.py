"""One sentence that follows from the numbers, and says so when they do not decide."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from gatelet.study.bootstrap import Resampled

FEWEST_SEEDS = 3
FEWEST_SERIES = 5
SAME_COST = 0.05


@dataclass(frozen=True)
class Candidate:
    """One trained cell, with its costs by spoken name ("FLOPs per step"), the weightiest first."""

    name: str
    costs: Mapping[str, float]


@dataclass(frozen=True)
class Evidence:
    """What the choice rests on.

    Attributes:
        resampled: mean errors of C candidates and then of the baselines, lower is better.
        baselines: names of the baselines.
        metric: spoken name of the error, e.g. "MASE".
        seeds: trainings of each cell.
        series: series that were scored.
    """

    resampled: Resampled
    baselines: tuple[str, ...]
    metric: str
    seeds: int
    series: int

    def mean(self, place: int) -> float:
        """Mean error of a candidate, or of a baseline counted on from the candidates."""
        return float(self.resampled.estimates[place])


def recommend(candidates: Sequence[Candidate], evidence: Evidence) -> str:
    """Say which cell to choose, in one sentence.

    The cell with the lowest mean error is chosen over those whose paired difference excludes zero; among those that it
    cannot be told from, the cheapest. With fewer than three seeds or five series nothing is claimed about quality. If a
    baseline is better than every cell, or may be, the sentence says that first, or last.

    Args:
        candidates: C trained cells, in the order of the evidence.
        evidence: their errors under the paired bootstrap, and those of the baselines.
    """
    best = min(range(len(candidates)), key=evidence.mean)
    rival = min(range(len(candidates), len(evidence.resampled.estimates)), key=evidence.mean, default=None)
    if evidence.seeds < FEWEST_SEEDS or evidence.series < FEWEST_SERIES:
        sentence = _unknown(candidates, best, evidence)
        if rival is None or evidence.mean(rival) > evidence.mean(best):
            return f"{sentence}."
        return f"{sentence}; and {_baseline(rival, evidence)} is no worse."
    sentence = _choice(candidates, best, evidence)
    if rival is None:
        return f"{sentence}."
    lead = evidence.resampled.difference(best, rival)
    if lead.low > 0.0:
        return (
            f"Choose none of them: {_baseline(rival, evidence)} is better than the best cell, {candidates[best].name} "
            f"({_number(evidence.mean(best))}), over {_extent(evidence)}."
        )
    return f"{sentence}; but {_baseline(rival, evidence)} may be as good." if lead.includes(0.0) else f"{sentence}."


def _choice(candidates: Sequence[Candidate], best: int, evidence: Evidence) -> str:
    """Which of the cells, without a full stop."""
    if len(candidates) == 1:
        return f"With only {candidates[0].name} trained there is nothing to choose between"
    gaps = {cell: evidence.resampled.difference(cell, best) for cell in range(len(candidates)) if cell != best}
    tied = [cell for cell, gap in gaps.items() if gap.includes(0.0)]
    if tied:
        return _cheapest(candidates, [best, *tied], evidence)
    percent = round(100 * evidence.resampled.confidence)
    losses = _listing(
        f"{candidates[cell].name} by {_number(gap.estimate)} ({percent}% interval {_number(gap.low)} to "
        f"{_number(gap.high)})"
        for cell, gap in gaps.items()
    )
    return (
        f"Choose {candidates[best].name}: its {evidence.metric} of {_number(evidence.mean(best))} is lower than that "
        f"of {losses}, over {_extent(evidence)}"
    )


def _cheapest(candidates: Sequence[Candidate], group: Sequence[int], evidence: Evidence) -> str:
    """For cells whose quality cannot be told apart; the first of `group` has the lowest mean."""
    names = _listing(candidates[cell].name for cell in sorted(group))
    scores = _listing(_number(evidence.mean(cell)) for cell in sorted(group))
    undecided = f"{_extent(evidence)} do not tell {names} apart in {evidence.metric} ({scores})"
    for cost in candidates[0].costs:
        ranked = sorted(group, key=lambda cell: candidates[cell].costs[cost])
        low, next_low = (candidates[cell].costs[cost] for cell in ranked[:2])
        if next_low > low * (1.0 + SAME_COST):
            return (
                f"Choose {candidates[ranked[0]].name}, for its cost and not for its quality: {undecided}, "
                f"and it needs {_number(low)} {cost} where {candidates[ranked[1]].name} needs {_number(next_low)}"
            )
    return f"It does not matter which: {undecided}, and they cost the same within {SAME_COST:.0%}"


def _unknown(candidates: Sequence[Candidate], best: int, evidence: Evidence) -> str:
    needs = ((evidence.seeds, FEWEST_SEEDS, "seeds"), (evidence.series, FEWEST_SERIES, "series"))
    missing = [f"{needed} {noun}" for given, needed, noun in needs if given < needed]
    return (
        f"This run does not know which cell is best: {candidates[best].name} has the lowest {evidence.metric} "
        f"({_number(evidence.mean(best))}), but {_extent(evidence)} cannot tell merit from luck; it takes at least "
        f"{_listing(missing)}"
    )


def _baseline(place: int, evidence: Evidence) -> str:
    name = evidence.baselines[place - len(evidence.resampled.estimates)]  # they come last
    return f"{name}, which needs no training ({evidence.metric} {_number(evidence.mean(place))}),"


def _extent(evidence: Evidence) -> str:
    return f"{evidence.seeds} {'seed' if evidence.seeds == 1 else 'seeds'} and {evidence.series} series"


def _listing(words: Iterable[str]) -> str:
    items = list(words)
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def _number(value: float) -> str:
    """Three significant digits below a thousand, thousands separated above."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
