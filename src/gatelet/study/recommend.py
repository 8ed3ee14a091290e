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


def recommend(candidates: Sequence[Candidate], resampled: Resampled, *, metric: str, seeds: int, series: int) -> str:
    """Say which cell to choose, in one sentence.

    The cell with the lowest mean error is chosen over those whose paired difference excludes zero. Among those it
    cannot be told from, the cheapest is chosen. With fewer than three seeds or five series nothing is claimed about
    quality.

    Args:
        candidates: C cells, in the order of `resampled`.
        resampled: their mean errors under the paired bootstrap, lower is better.
        metric: spoken name of the error, e.g. "MASE".
        seeds: how many trainings of each cell.
        series: how many series were scored.
    """
    if len(candidates) < 2:
        return f"With only {candidates[0].name} trained there is nothing to choose between."
    means = [float(value) for value in resampled.estimates]
    best = min(range(len(means)), key=lambda cell: means[cell])
    if seeds < FEWEST_SEEDS or series < FEWEST_SERIES:
        return _unknown(candidates, means, best, metric, seeds, series)
    gaps = {cell: resampled.difference(cell, best) for cell in range(len(means)) if cell != best}
    tied = [cell for cell, gap in gaps.items() if gap.includes(0.0)]
    percent = round(100 * resampled.confidence)
    if not tied:
        losses = _listing(
            f"{candidates[c].name} by {_number(g.estimate)} ({percent}% interval {_number(g.low)} to {_number(g.high)})"
            for c, g in gaps.items()
        )
        return (
            f"Choose {candidates[best].name}: its {metric} of {_number(means[best])} is lower than that of {losses}, "
            f"over {seeds} seeds and {series} series."
        )
    group = [best, *tied]
    return _cheapest(candidates, group, means, metric, seeds, series)


def _cheapest(
    candidates: Sequence[Candidate], group: Sequence[int], means: Sequence[float], metric: str, seeds: int, series: int
) -> str:
    """The sentence for cells whose quality cannot be told apart; the first of `group` has the lowest mean."""
    names = _listing(candidates[cell].name for cell in sorted(group))
    scores = _listing(_number(means[cell]) for cell in sorted(group))
    evidence = f"{seeds} seeds and {series} series do not tell {names} apart in {metric} ({scores})"
    for cost in candidates[0].costs:
        ranked = sorted(group, key=lambda cell: candidates[cell].costs[cost])
        low, next_low = (candidates[cell].costs[cost] for cell in ranked[:2])
        if next_low > low * (1.0 + SAME_COST):
            return (
                f"Choose {candidates[ranked[0]].name}, for its cost and not for its quality: {evidence}, "
                f"and it needs {_number(low)} {cost} where {candidates[ranked[1]].name} needs {_number(next_low)}."
            )
    return f"It does not matter which: {evidence}, and they cost the same within {SAME_COST:.0%}."


def _unknown(
    candidates: Sequence[Candidate], means: Sequence[float], best: int, metric: str, seeds: int, series: int
) -> str:
    missing = [
        f"{needed} {noun}"
        for given, needed, noun in ((seeds, FEWEST_SEEDS, "seeds"), (series, FEWEST_SERIES, "series"))
        if given < needed
    ]
    given = f"{seeds} {'seed' if seeds == 1 else 'seeds'} and {series} series"
    return (
        f"This run does not know which cell is best: {candidates[best].name} has the lowest "
        f"{metric} ({_number(means[best])}), but {given} cannot tell merit from luck; it takes at least "
        f"{_listing(missing)}."
    )


def _listing(words: Iterable[str]) -> str:
    items = list(words)
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def _number(value: float) -> str:
    """Three significant digits below a thousand, thousands separated above."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
