"""What gatelet adds to Lightning's loop: the history, progress, and a Ctrl-C that keeps the best weights."""

from __future__ import annotations

import signal
import threading
import time
from dataclasses import asdict
from types import FrameType
from typing import Any

import lightning.pytorch as pl

from gatelet.training.history import Epoch
from gatelet.training.progress import Report, TrainingProgress


class HistoryCallback(pl.Callback):
    """Collects the epochs; a resumed training goes on with those of the checkpoint."""

    def __init__(self) -> None:
        self.epochs: list[Epoch] = []
        self._started = 0.0
        self._before = 0.0

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Start the clock where the checkpoint left it."""
        self._started = time.perf_counter()
        self._before = self.epochs[-1].seconds if self.epochs else 0.0

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Note the epoch that ends."""
        losses = trainer.callback_metrics
        self.epochs.append(
            Epoch(
                epoch=trainer.current_epoch + 1,
                seconds=self._before + time.perf_counter() - self._started,
                train_loss=float(losses["train_loss"]),
                validation_loss=float(losses["validation_loss"]),
            )
        )

    def state_dict(self) -> dict[str, Any]:
        """The epochs, for a checkpoint."""
        return {"epochs": [asdict(epoch) for epoch in self.epochs]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """The epochs of a checkpoint."""
        self.epochs = [Epoch(**epoch) for epoch in state_dict["epochs"]]


class ProgressCallback(pl.Callback):
    """Tells where the training is, after every batch."""

    def __init__(self, report: Report, steps: int) -> None:
        self._report = report
        self._steps = steps

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Tell of the batch that ends."""
        loss = trainer.callback_metrics.get("validation_loss")
        at = TrainingProgress(
            trainer.global_step, self._steps, trainer.current_epoch + 1, None if loss is None else float(loss)
        )
        self._report(at)


class StopOnInterrupt(pl.Callback):
    """The first Ctrl-C ends the training after this batch and a validation; the second is a KeyboardInterrupt."""

    def __init__(self) -> None:
        self.interrupted = False
        self._former: Any = None

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        """Take over SIGINT, which only the main thread can."""
        if threading.current_thread() is not threading.main_thread():
            return

        def stop(number: int, frame: FrameType | None) -> None:
            self.interrupted = True
            trainer.should_stop = True
            signal.signal(signal.SIGINT, signal.default_int_handler)

        self._former = signal.signal(signal.SIGINT, stop)

    def teardown(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        """Give SIGINT back."""
        if self._former is not None:
            signal.signal(signal.SIGINT, self._former)
            self._former = None
