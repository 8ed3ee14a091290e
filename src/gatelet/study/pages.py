"""The report of a study: its bars, pictures, tables and sentences."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from gatelet.study.pictures import Curve, Point, cost_picture, forecast_picture, learning_picture
from gatelet.study.report import Bars, Cell, Page, Picture, Row, Table, bars, draw
from gatelet.study.results import CellResult, Study
from gatelet.study.stretches import newest_stretch
from gatelet.study.words import COSTS, GLOSSARY, MEASURES, SPOKEN

MOST_PANELS = 3


def study_page(study: Study, *, unit: str = "the unit of the data") -> Page:
    """The report of a comparison."""
    best = min(study.cells, key=lambda cell: cell.quality[study.metric].estimate)
    names = ", ".join(cell.variant.name for cell in study.cells)
    rivals = {name: scores[study.metric] for name, scores in study.baselines.items()}
    rival = min(rivals, key=lambda name: rivals[name])
    return Page(
        kicker="gatelet compare",
        title="Which cell for these data?",
        lead=f"{names}: each was trained {'once' if study.seeds == 1 else f'{study.seeds} times'} and made "
        f"{study.windows:,} forecasts of rows it had not seen. The lowest {SPOKEN[study.metric]} is that of "
        f"{best.variant.name}, {number(best.quality[study.metric].estimate)}; {rival} has {number(rivals[rival])}.",
        verdict=study.recommendation,
        bars=quality_bars(study, study.metric),
        pictures=(forecasts(study, unit), learning(study), quality_against_cost(study)),
        tables=(quality_table(study, unit), cost_table(study)),
        method=(budget_sentence(study), *method(study)),
        words=GLOSSARY,
        footer=footer(study),
    )


def quality_bars(study: Study, metric: str, *, unit: str = "") -> Bars:
    """One metric of every cell and baseline, as bars."""
    name, explanation = MEASURES[metric]
    values = [(cell.variant.name, cell.quality[metric].estimate, place % 4) for place, cell in enumerate(study.cells)]
    values += [(other, scores[metric], -1) for other, scores in study.baselines.items()]
    items = [
        (other, value, f"{number(value)} {unit}".strip(), colour)
        for other, value, colour in values
        if np.isfinite(value)
    ]
    return bars(name, f"{explanation.format(unit=unit)} Shorter is better.", items)


def forecasts(study: Study, unit: str) -> Picture:
    """The newest forecasts of the first cell's first run."""
    run = study.runs[0]
    tested = [int(series) for series in np.unique(run.backtest.series)]
    stretches = [newest_stretch(run.backtest, series) for series in tested[:MOST_PANELS]]
    model = run.variant.name
    return draw(
        "forecast",
        f"Forecasts of {model} with bands, beside what happened and two baselines, for {len(stretches)} series.",
        "The dark line is what happened; the coloured one is the forecast, made from what came before the thin upright "
        "line where it starts. The wide band should hold the dark line as often as it says.",
        lambda theme: forecast_picture(
            stretches,
            theme,
            title=f"Forecasts of {model}",
            subtitle=f"The newest rows of the test part, {study.horizon} steps at a time.",
            unit=unit,
            model=model,
        ),
    )


def learning(study: Study) -> Picture:
    """How the trainings went."""
    curves = [_curve(cell, seed) for cell in study.cells for seed in range(study.seeds)]
    return draw(
        "learning",
        "Loss on training and validation rows over seconds of training, for each model.",
        "Where a bold line stops falling while its faint one goes on, the model begins to learn its training rows by "
        "heart. The weights at the mark, before that, are the ones kept.",
        lambda theme: learning_picture(
            curves,
            theme,
            title="How the models learned",
            subtitle="Loss on held-back rows (bold) and training rows (faint);\nthe mark is the epoch that is kept.",
        ),
    )


def _curve(cell: CellResult, seed: int) -> Curve:
    epochs = cell.curves[seed]
    return Curve(
        cell.variant.name,
        np.array([epoch.seconds for epoch in epochs]),
        np.array([epoch.train_loss for epoch in epochs]),
        np.array([epoch.validation_loss for epoch in epochs]),
    )


def quality_against_cost(study: Study) -> Picture:
    """The deciding metric over FLOPs per step."""
    points = [Point(cell.variant.name, cell.costs.flops_per_step, cell.quality[study.metric]) for cell in study.cells]
    baselines = {name: scores[study.metric] for name, scores in study.baselines.items()}
    spoken = SPOKEN[study.metric]
    return draw(
        "cost",
        f"{spoken} of each model against the arithmetic it needs for one step, with the baselines as lines.",
        "Each mark is a model. The upright bars are 95% intervals over seeds and series; where they overlap far, the "
        "difference may be luck. The baselines cost nothing, so their error is a line to stay below.",
        lambda theme: cost_picture(
            points,
            baselines,
            theme,
            title="Quality against cost",
            subtitle="Lower is better, further left is cheaper.",
            metric=f"error ({spoken})",
            cost="arithmetic per time step (FLOPs)",
        ),
    )


def quality_table(study: Study, unit: str) -> Table:
    """Every metric of every cell and baseline; the best of each row marked."""
    levels = study.settings["levels"]
    promise = levels[-1] - levels[0]
    names = [cell.variant.name for cell in study.cells]
    rows = []
    for metric in study.cells[0].quality:
        values = [cell.quality[metric].estimate for cell in study.cells]
        text = _share if metric == "coverage" else number
        notes = [f"{text(cell.quality[metric].low)} to {text(cell.quality[metric].high)}" for cell in study.cells]
        others = [scores.get(metric, float("nan")) for scores in study.baselines.values()]
        distance: Callable[[float], float] = (lambda v: abs(v - promise)) if metric == "coverage" else (lambda v: v)
        cells = _marked([*values, *others], text, distance, notes)
        name, explanation = MEASURES[metric]
        rows.append(Row(name, explanation.format(unit=unit, promise=_share(promise)), cells))
    note = "Lower is better, but for coverage; a star marks the best. Small print: 95% interval over seeds and series."
    return Table("How good the forecasts are", note, (*names, *study.baselines), tuple(rows))


def cost_table(study: Study) -> Table:
    """Every cost of every cell."""
    columns: dict[str, tuple[list[float], Callable[[float], str], Sequence[str]]] = {
        name: ([float(getattr(cell.costs, name)) for cell in study.cells], number, ())
        for name in ("parameters", "flops_per_step", "flops_per_forecast")
    }
    for name in ("seconds_per_epoch", "seconds_to_best"):
        columns[name] = ([getattr(cell, name) for cell in study.cells], _seconds, ())
    latencies = [cell.costs.step_latency for cell in study.cells]
    tails = [f"p99 {_microseconds(latency.p99)}" for latency in latencies]
    columns["step_latency"] = ([latency.median for latency in latencies], _microseconds, tails)
    columns["peak_memory"] = ([cell.costs.peak_memory / 1e6 for cell in study.cells], _megabytes, ())
    rows = [Row(*COSTS[name], _marked(values, text, abs, notes)) for name, (values, text, notes) in columns.items()]
    names = tuple(cell.variant.name for cell in study.cells)
    return Table("What it costs", "Smaller is cheaper; a star marks the cheapest.", names, tuple(rows))


def _marked(
    values: Sequence[float],
    text: Callable[[float], str],
    distance: Callable[[float], float],
    notes: Sequence[str] = (),
) -> tuple[Cell, ...]:
    """Cells whose best value, by its distance from the ideal, is marked; several that look the same all are."""
    known = [value for value in values if np.isfinite(value)]
    best = text(min(known, key=distance)) if known else ""
    padded = [*notes, *[""] * (len(values) - len(notes))]
    return tuple(
        Cell(text(value) if np.isfinite(value) else "–", text(value) == best, note)
        for value, note in zip(values, padded, strict=True)
    )


def method(study: Study) -> tuple[str, ...]:
    """How the numbers came about, one sentence each."""
    settings, machine = study.settings, study.machine
    training, held_out = settings["training"], settings["split"]["test_size"]
    steps = training["steps_per_epoch"]
    batches = "all windows" if steps is None else f"{steps} batches"
    return (
        f"{len(study.series):,} series; the last {held_out:,} rows of each were kept for the test. There every model "
        f"made the same {study.windows:,} forecasts of {study.horizon} steps, each from {settings['context_length']} "
        "steps of context.",
        f"Training: AdamW, at most {training['epochs']} epochs of {batches}, {training['batch_size']} windows in a "
        f"batch, learning rate {training['learning_rate']:g}; the epoch with the lowest validation loss was kept. "
        f"Seeds: {study.seeds}.",
        f"Times are from this machine ({machine['processor']}, {machine['cores']} cores, {machine['threads']} threads, "
        f"Python {machine['python']}, PyTorch {machine['torch']}) and vary from run to run. Parameters, arithmetic and "
        "memory do not.",
    )


def budget_sentence(study: Study) -> str:
    """What the cells have in common, and how nearly."""
    shared = {
        "params": "as many parameters as the reference, a GRU",
        "flops": "as much arithmetic per time step as the reference, a GRU",
        "hidden": "the same hidden size",
    }[study.budget]
    misses = ", ".join(f"{cell.variant.name} {cell.variant.mismatch:+.1%}" for cell in study.cells)
    return f"Every cell got {shared}. Hidden sizes are whole numbers, so that is met up to: {misses}."


def footer(study: Study) -> str:
    """Who made the page."""
    return f"Made by gatelet {study.machine['gatelet']}. This page holds all it shows and asks no server for anything."


def number(value: float) -> str:
    """Three significant digits, or whole thousands separated by commas."""
    if not np.isfinite(value):
        return "–"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:#.3g}".rstrip(".")


def _share(value: float) -> str:
    return f"{value:.0%}"


def _seconds(value: float) -> str:
    return f"{value:.1f} s" if value < 100 else f"{value:,.0f} s"


def _microseconds(value: float) -> str:
    return f"{value:,.0f} µs"


def _megabytes(value: float) -> str:
    return f"{value:,.1f} MB"
