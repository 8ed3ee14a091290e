"""What gatelet adds to Lightning's loop: history, checkpoints, progress, and a Ctrl-C that keeps the best weights."""

from __future__ import annotations

import math
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import Any

import lightning.pytorch as pl
from lightning.pytorch.callbacks import Checkpoint

from gatelet.training.history import Epoch, History
from gatelet.training.progress import Report, TrainingProgress
from gatelet.training.pruning import BlockPruning


class HistoryCallback(pl.Callback):
    """Collects the epochs; a resumed training goes on with those of the checkpoint."""

    def __init__(self, pruning: BlockPruning | None = None) -> None:
        self.epochs: list[Epoch] = []
        self._pruning = pruning
        self.started = False
        self._clock = 0.0
        self._before = 0.0

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Start the clock where the checkpoint left it."""
        self.started, self._clock = True, time.perf_counter()
        self._before = self.epochs[-1].seconds if self.epochs else 0.0

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Note the epoch that ends."""
        losses = trainer.callback_metrics
        self.epochs.append(
            Epoch(
                epoch=trainer.current_epoch + 1,
                seconds=self._before + time.perf_counter() - self._clock,
                train_loss=float(losses["train_loss"]),
                validation_loss=float(losses["validation_loss"]),
                density=self._pruning.density if self._pruning else 1.0,
            )
        )

    def state_dict(self) -> dict[str, Any]:
        """The epochs, for a checkpoint."""
        return {"epochs": [asdict(epoch) for epoch in self.epochs]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """The epochs of a checkpoint."""
        self.epochs = [Epoch(**epoch) for epoch in state_dict["epochs"]]


class KeepCheckpoints(Checkpoint):
    """Writes `last.ckpt` after every epoch, to resume from, and the weights as `best.ckpt` after the best one.

    Lightning's own callback writes no last checkpoint after an epoch that is not the best, and forgets which was the
    best when the folder has moved.
    """

    def __init__(self, folder: Path, history: HistoryCallback) -> None:
        self.best = folder / "best.ckpt"
        self.last = folder / "last.ckpt"
        self._history = history

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Write the epoch that ends; the best first, so that the last one never knows of a best that is not there."""
        epochs = self._history.epochs
        if History(tuple(epochs)).best is epochs[-1] and math.isfinite(epochs[-1].validation_loss):
            trainer.save_checkpoint(self.best, weights_only=True)
        trainer.save_checkpoint(self.last)


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

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """End the training if Ctrl-C was pressed; asked here, where a validation still follows."""
        trainer.should_stop = trainer.should_stop or self.interrupted

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """End the training if Ctrl-C was pressed during the validation."""
        trainer.should_stop = trainer.should_stop or self.interrupted

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Take SIGINT over, which only the main thread can, and give it back however the training ends."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def stop(number: int, frame: FrameType | None) -> None:
            self.interrupted = True
            signal.signal(signal.SIGINT, signal.default_int_handler)

        former = signal.signal(signal.SIGINT, stop)
        try:
            yield
        except SystemExit as end:
            # Lightning exits on a KeyboardInterrupt; whether to exit is for the program to decide
            if isinstance(end.__context__, KeyboardInterrupt):
                raise KeyboardInterrupt from None
            raise
        finally:
            signal.signal(signal.SIGINT, signal.SIG_DFL if former is None else former)
