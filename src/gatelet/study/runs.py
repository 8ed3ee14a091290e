"""One cell trained once and tested: the piece that comparisons are made of."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch

from gatelet.progress import Report, WorkDone
from gatelet.study.budgets import Match, match_hidden_size
from gatelet.study.costs import (
    Latency,
    call_flops,
    count_parameters,
    flops_per_step,
    peak_memory,
    step_latency,
)
from gatelet.tasks.forecasting import Backtest, Forecaster
from gatelet.tasks.forecasting.batch import Batch
from gatelet.tasks.forecasting.network import ForecastNetwork, WindowSizes, forecast_loss
from gatelet.training import TrainingSettings
from gatelet.training.progress import TrainingProgress


@dataclass(frozen=True)
class Variant:
    """One model to train: a cell at a hidden size, under the name it has in tables and pictures."""

    name: str
    cell: str
    hidden_size: int
    mismatch: float = 0.0  # of the budget: 0.01 is one per cent above it


@dataclass(frozen=True)
class Split:
    """How the rows of each series are used: the last for the test, those before for validation."""

    test_size: int
    validation_size: int | None = None
    step: int | None = None  # rows between two forecasts of the test


@dataclass(frozen=True)
class Run:
    """A variant trained with one seed, and its forecasts of the test part."""

    variant: Variant
    seed: int
    forecaster: Forecaster
    backtest: Backtest


@dataclass(frozen=True)
class Costs:
    """What a network costs; memory in bytes."""

    parameters: int
    flops_per_step: int
    flops_per_forecast: int
    step_latency: Latency
    peak_memory: int


def run(
    data: Any, template: Forecaster, variant: Variant, training: TrainingSettings, split: Split, report: Report
) -> Run:
    """Train one variant and forecast the test part.

    Args:
        data: what `Forecaster.fit` takes.
        template: an unfitted forecaster, whose network is replaced by the variant's.
        variant: cell and hidden size.
        training: how to train, and the seed.
        split: what is held out.
        report: is told of every batch.

    Raises:
        GateletError: as `Forecaster.fit` and `Forecaster.backtest`.
        KeyboardInterrupt: the user stopped the training; a comparison with half a training would not be fair.
    """
    forecaster = like(template, cell=variant.cell, hidden_size=variant.hidden_size)
    work = f"{variant.name}, seed {training.seed}"

    def tell(at: TrainingProgress) -> None:
        loss = "" if at.validation_loss is None else f", validation loss {at.validation_loss:.4f}"
        report(WorkDone(work, at.step / at.steps, f"epoch {at.epoch}{loss}"))

    forecaster.fit(
        data, training=training, test_size=split.test_size, validation_size=split.validation_size, progress=tell
    )
    if forecaster.history.interrupted:
        raise KeyboardInterrupt
    report(WorkDone(work, 1.0, "testing"))
    backtest = forecaster.backtest(data, test_size=split.test_size, step=split.step)
    best = forecaster.history.best
    report(WorkDone(work, 1.0, f"best epoch {best.epoch}, validation loss {best.validation_loss:.4f}"))
    return Run(variant, training.seed, forecaster, backtest)


def like(template: Forecaster, **network: Any) -> Forecaster:
    """An unfitted forecaster as the template, with these settings of the network changed."""
    return Forecaster(
        template.horizon,
        context_length=template.context_length,
        columns=template.columns,
        network=replace(template.network, **network),
        quantiles=template.levels,
        distribution=template.distribution,
        frequency=template.frequency,
        seasonality=template.seasonality,
    )


def match_network(reference: Forecaster, cell: str, budget: str) -> Match:
    """The hidden size at which a network with another cell costs what the reference costs.

    Args:
        reference: a fitted forecaster.
        cell: "gru", "lstm" or "rnn".
        budget: "params" (of the whole network), "flops" (of its recurrent layers, per time step) or "hidden".
    """
    if budget == "hidden":
        return match_hidden_size(lambda size: size, reference.network.hidden_size)
    cost = count_parameters if budget == "params" else flops_per_step

    def cost_at(hidden_size: int) -> int:
        settings = replace(reference.network, cell=cell, hidden_size=hidden_size)
        with torch.device("meta"):  # shapes without memory
            return cost(ForecastNetwork(settings, reference.module.sizes, reference.distribution, reference.levels))

    return match_hidden_size(cost_at, cost(reference.module))


def costs(network: ForecastNetwork, batch_size: int, *, seed: int = 0) -> Costs:
    """Measure a trained network; its weights stay as they are.

    Args:
        network: on the CPU.
        batch_size: windows in the training step whose memory is measured.
        seed: of the random windows that stand in for data, whose values do not matter here.
    """
    generator = torch.Generator().manual_seed(seed)
    network = deepcopy(network).eval()
    one = random_batch(network.sizes, 1, generator)
    with torch.inference_mode():
        flops = call_flops(network, partial(network, one))
    latency = step_latency(network)
    network.train()
    optimizer = torch.optim.AdamW(network.parameters(), fused=True)
    many = random_batch(network.sizes, batch_size, generator)

    def train_step() -> None:
        forecast_loss(network, many).backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    return Costs(count_parameters(network), flops_per_step(network), flops, latency, peak_memory(train_step, optimizer))


def random_batch(sizes: WindowSizes, count: int, generator: torch.Generator) -> Batch:
    """Windows of the right shapes that hold noise."""

    def noise(*shape: int) -> torch.Tensor:
        return torch.randn(count, *shape, generator=generator)

    context, horizon = sizes.context_length, sizes.horizon
    return Batch(
        context=noise(context),
        context_observed=torch.ones(count, context),
        past=noise(context, sizes.past),
        known=noise(context + horizon, sizes.known),
        whole=noise(sizes.whole),
        series=torch.zeros(count, dtype=torch.int64),
        target=noise(horizon),
        target_observed=torch.ones(count, horizon),
        center=torch.zeros(count, dtype=torch.float64),
        scale=torch.ones(count, dtype=torch.float64),
    )
