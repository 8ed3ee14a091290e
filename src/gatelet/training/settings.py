"""How to train: one small frozen value that never enters a layer."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from gatelet.errors import GateletError

SCHEDULES = ("cosine", "constant")
PRECISIONS = ("auto", "32", "bf16")
LOGS = ("csv", "tensorboard")
LARGEST_SEED = 2**32 - 1
MOST_SECONDS = 1e9


@dataclass(frozen=True)
class TrainingSettings:
    """Settings of one training.

    Attributes:
        epochs: passes over the windows, at most.
        steps_per_epoch: batches in an epoch; None takes every window once.
        batch_size: windows in a batch.
        learning_rate: peak of the schedule.
        weight_decay: of AdamW.
        gradient_clip: largest norm of the gradient.
        patience: epochs without a better validation loss after which training stops.
        schedule: "cosine" (a tenth of warm-up, then down to zero; in `max_time` if that ends first) or "constant".
        seed: of the initial weights, the order of the windows and dropout.
        max_time: seconds after which training stops.
        precision: "32", "bf16" (mixed), or "auto" for bf16 on a GPU that has it.
        logs: None, "csv" or "tensorboard".
        density: share of the blocks of recurrent weights that are left in the end (`gatelet.training.pruning`).
        prune_inputs: let blocks of the weights that meet the inputs go, too.
        rank: of the recurrent weights instead, two factors at once (`gatelet.training.lowering`); None: as they are.

    Raises:
        GateletError: a value is outside its range.
    """

    epochs: int = 20
    steps_per_epoch: int | None = None
    batch_size: int = 64
    learning_rate: float = 2e-3
    weight_decay: float = 1e-4
    gradient_clip: float = 1.0
    patience: int = 5
    schedule: str = "cosine"
    seed: int = 0
    max_time: float | None = None
    precision: str = "auto"
    logs: str | None = None
    density: float = 1.0
    prune_inputs: bool = False
    rank: int | None = None

    def pruning(self, density: float | None, rank: int | None, inputs: bool) -> TrainingSettings:
        """The same, for a training that prunes: to a density of blocks, 0.1 if nothing is said, or to a rank.

        Raises:
            GateletError: both are given, or a value is outside its range.
        """
        if rank is not None and (density is not None or inputs):
            raise GateletError("What is pruned has a rank, or a density with or without the inputs; got both.")
        if rank is not None:
            return replace(self, density=1.0, prune_inputs=False, rank=rank)
        return replace(self, density=0.1 if density is None else density, prune_inputs=inputs, rank=None)

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "patience"):
            _need(_is_whole(getattr(self, name), 1), name, "a whole number of at least 1", getattr(self, name))
        for name in ("learning_rate", "gradient_clip"):
            _need(0 < getattr(self, name) < math.inf, name, "positive", getattr(self, name))
        _need(0 <= self.weight_decay < math.inf, "weight_decay", "zero or positive", self.weight_decay)
        _need(0 < self.density <= 1, "density", "above 0, up to 1", self.density)
        _need(isinstance(self.prune_inputs, bool), "prune_inputs", "true or false", self.prune_inputs)
        _need(self.rank is None or _is_whole(self.rank, 1), "rank", "a whole number of at least 1", self.rank)
        _need(self.rank is None or self.density == 1, "density", "1 where there is a rank", self.density)
        seed_fits = _is_whole(self.seed, 0) and self.seed <= LARGEST_SEED
        _need(seed_fits, "seed", f"a whole number from 0 to {LARGEST_SEED}", self.seed)
        steps, seconds = self.steps_per_epoch, self.max_time
        _need(steps is None or _is_whole(steps, 1), "steps_per_epoch", "a whole number of at least 1", steps)
        _need(seconds is None or 0 < seconds <= MOST_SECONDS, "max_time", f"positive, up to {MOST_SECONDS:g}", seconds)
        _need(self.schedule in SCHEDULES, "schedule", f"one of {', '.join(SCHEDULES)}", self.schedule)
        _need(self.precision in PRECISIONS, "precision", f"one of {', '.join(PRECISIONS)}", self.precision)
        _need(self.logs is None or self.logs in LOGS, "logs", f"one of {', '.join(LOGS)}", self.logs)


def _is_whole(value: object, least: int) -> bool:
    return type(value) is int and value >= least


def _need(holds: bool, name: str, expected: str, value: object) -> None:
    if not holds:
        raise GateletError(f"{name} must be {expected}; got {value}.")
