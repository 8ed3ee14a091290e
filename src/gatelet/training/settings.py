"""How to train: one small frozen value that never enters a layer."""

from __future__ import annotations

from dataclasses import dataclass

from gatelet.errors import GateletError

SCHEDULES = ("cosine", "constant")
PRECISIONS = ("auto", "32", "bf16")
LOGS = ("csv", "tensorboard")


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
        schedule: "cosine" (a tenth of warm-up, then down to zero) or "constant".
        seed: of the initial weights, the order of the windows and dropout.
        max_time: seconds after which training stops.
        precision: "32", "bf16" (mixed), or "auto" for bf16 on a GPU that has it.
        logs: None, "csv" or "tensorboard".

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

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "patience"):
            _need(getattr(self, name) >= 1, name, "at least 1", getattr(self, name))
        for name in ("learning_rate", "gradient_clip"):
            _need(getattr(self, name) > 0, name, "positive", getattr(self, name))
        _need(self.weight_decay >= 0, "weight_decay", "zero or positive", self.weight_decay)
        _need(self.seed >= 0, "seed", "zero or positive", self.seed)
        _need(
            self.steps_per_epoch is None or self.steps_per_epoch >= 1,
            "steps_per_epoch",
            "at least 1",
            self.steps_per_epoch,
        )
        _need(self.max_time is None or self.max_time > 0, "max_time", "positive", self.max_time)
        _need(self.schedule in SCHEDULES, "schedule", f"one of {', '.join(SCHEDULES)}", self.schedule)
        _need(self.precision in PRECISIONS, "precision", f"one of {', '.join(PRECISIONS)}", self.precision)
        _need(self.logs is None or self.logs in LOGS, "logs", f"one of {', '.join(LOGS)}", self.logs)


def _need(holds: bool, name: str, expected: str, value: object) -> None:
    if not holds:
        raise GateletError(f"{name} must be {expected}; got {value}.")
