"""The one loop that trains every task: AdamW, schedule, clipping, early stopping, best weights, resume."""

from __future__ import annotations

import logging
import math
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any, TypedDict

import lightning.pytorch as pl
import torch
from lightning.fabric.utilities.exceptions import MisconfigurationException
from lightning.pytorch.callbacks import EarlyStopping, Timer
from torch import Tensor, nn

from gatelet.errors import GateletError, ModelError, require
from gatelet.training.batches import Loader
from gatelet.training.callbacks import HistoryCallback, KeepCheckpoints, ProgressCallback, StopOnInterrupt
from gatelet.training.checkpoint import SafetensorsCheckpointIO, weights_of
from gatelet.training.history import Epoch, History
from gatelet.training.lowering import lower_layers
from gatelet.training.progress import Report, training_bar
from gatelet.training.pruning import BlockPruning, StoppingWhenSettled
from gatelet.training.settings import TrainingSettings

Loss = Callable[[nn.Module, Any], Tensor]


class Run(TypedDict, total=False):
    """Where a training leaves its checkpoints, whether it goes on from there, and how it shows: see `fit`."""

    checkpoints: Path | None
    resume: bool
    progress: bool | Report


class _Module(pl.LightningModule):
    """Lightning's view of a network and its loss."""

    def __init__(self, network: nn.Module, loss: Loss, settings: TrainingSettings, steps: int) -> None:
        super().__init__()
        self.network = network
        self._loss = loss
        self._settings = settings
        self._steps = steps

    def on_train_epoch_start(self) -> None:
        # dropout then depends on the seed and the epoch alone, as the batches do, however often training is resumed
        torch.manual_seed(self._settings.seed * 1_000_003 + self.current_epoch)

    def training_step(self, batch: Any, batch_idx: int) -> Tensor:
        loss = self._loss(self.network, batch)
        self.log("train_loss", loss, on_step=False, on_epoch=True, batch_size=len(batch))
        return loss

    def validation_step(self, batch: Any, batch_idx: int) -> None:
        self.log("validation_loss", self._loss(self.network, batch), batch_size=len(batch))

    def configure_gradient_clipping(self, *args: Any, **options: Any) -> None:
        # Lightning itself refuses to clip for a fused optimizer in mixed precision; without a scaler nothing is lost
        nn.utils.clip_grad_norm_(self.network.parameters(), self._settings.gradient_clip)

    def configure_optimizers(self) -> Any:
        settings = self._settings
        optimizer = torch.optim.AdamW(
            _decay_groups(self.network, settings.weight_decay), lr=settings.learning_rate, fused=True
        )
        scale = _warmed_cosine(self._steps, self._share_of_time) if settings.schedule == "cosine" else _constant
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, scale)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def share_done(self) -> float:
        """How much of the training is over, by its steps or by the time that it may take."""
        return max(self.trainer.global_step / self._steps, self._share_of_time())

    def _share_of_time(self) -> float:
        """How much of the time that the training may take is over, earlier runs of a resumed one counted."""
        timers = (callback for callback in self.trainer.callbacks if isinstance(callback, Timer))  # type: ignore[attr-defined]
        return sum(timer.time_elapsed() for timer in timers) / (self._settings.max_time or math.inf)


def fit(
    network: nn.Module,
    loss: Loss,
    train: Loader,
    validation: Loader,
    settings: TrainingSettings,
    *,
    checkpoints: Path | None = None,
    resume: bool = False,
    progress: bool | Report = False,
) -> History:
    """Train a network in place and leave the weights of its best epoch in it.

    Args:
        network: with its initial weights.
        loss: mean loss of a batch; `len(batch)` is its number of samples.
        train: shuffled batches.
        validation: batches in order.
        settings: how to train.
        checkpoints: folder for `last.ckpt`, `best.ckpt` and logs; a temporary one if None.
        resume: go on from `last.ckpt` in that folder.
        progress: draw a bar on stderr, or call this after every batch.

    Raises:
        GateletError: nothing to resume from, the training was interrupted before its first epoch ended, the loss was
            never finite, or a checkpoint cannot be written.
        ModelError: the checkpoint cannot be read, or belongs to another network.
        KeyboardInterrupt: a second Ctrl-C.
        MissingExtraError: TensorBoard logs without TensorBoard.
    """
    place = nullcontext(checkpoints) if checkpoints else tempfile.TemporaryDirectory(prefix="gatelet-")
    shown = training_bar() if progress is True else nullcontext(progress or None)
    with place as folder, shown as report, _quiet_lightning():
        return _fit(network, loss, train, validation, settings, Path(folder), resume, report)


def _fit(
    network: nn.Module,
    loss: Loss,
    train: Loader,
    validation: Loader,
    settings: TrainingSettings,
    folder: Path,
    resume: bool,
    report: Report | None,
) -> History:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise GateletError(f"{folder} must be a folder that can be written to; {error.strerror}.") from error
    steps = settings.epochs * len(train)
    module = _Module(network, loss, settings, steps)
    pruning = _pruning(network, settings, module.share_done)
    history, interrupt = HistoryCallback(pruning), StopOnInterrupt()
    kept = KeepCheckpoints(folder, history)
    if resume and not kept.last.exists():
        raise GateletError(f"There must be a checkpoint to resume from; {kept.last} does not exist.")
    trainer = pl.Trainer(
        accelerator="auto",
        devices=1,
        precision=_precision(settings.precision),
        max_epochs=settings.epochs,
        max_time=None if settings.max_time is None else timedelta(seconds=settings.max_time),
        logger=_logger(settings.logs, folder),
        callbacks=[
            *([pruning] if pruning else []),
            history,
            _stopping(pruning, settings.patience),
            kept,
            *([ProgressCallback(report, steps)] if report else []),
            interrupt,
        ],
        plugins=[SafetensorsCheckpointIO()],
        num_sanity_val_steps=0,
        enable_progress_bar=False,
        enable_model_summary=False,
        log_every_n_steps=max(1, min(50, len(train))),
        default_root_dir=folder,
    )
    device = next(network.parameters()).device
    with (
        torch.random.fork_rng(enabled=True),
        interrupt.listening(),
        _resuming(kept.last, history) if resume else nullcontext(),
    ):
        pruned = pruning is not None or settings.rank is not None
        before = _loss_before(trainer, module, validation) if pruned and not resume else None
        if settings.rank is not None:
            lower_layers(network, settings.rank)
        trainer.fit(module, train, validation, ckpt_path=kept.last if resume else None)
    _need_weights(history.epochs, settings)
    network.load_state_dict(weights_of(kept.best))
    network.to(device).eval()
    return History(tuple(history.epochs), interrupt.interrupted, before)


def _pruning(network: nn.Module, settings: TrainingSettings, share_done: Callable[[], float]) -> BlockPruning | None:
    if settings.density == 1.0:
        return None
    return BlockPruning(network, settings.density, settings.prune_inputs, share_done)


def _stopping(pruning: BlockPruning | None, patience: int) -> EarlyStopping:
    return StoppingWhenSettled(pruning, patience) if pruning else EarlyStopping("validation_loss", patience=patience)


def _loss_before(trainer: pl.Trainer, module: _Module, validation: Loader) -> float:
    """The validation loss of the weights that are there."""
    trainer.validate(module, validation, verbose=False)
    return float(trainer.callback_metrics["validation_loss"])


def _need_weights(epochs: Sequence[Epoch], settings: TrainingSettings) -> None:
    if not epochs:
        raise GateletError("Training must last for one epoch at least; it was stopped before the first one ended.")
    if not any(math.isfinite(epoch.validation_loss) for epoch in epochs):
        raise GateletError(
            "Training must reach a finite validation loss; it was never finite, so try a learning_rate below "
            f"{settings.learning_rate:g}."
        )


@contextmanager
def _resuming(checkpoint: Path, history: HistoryCallback) -> Iterator[None]:
    """Say in one sentence that a checkpoint does not fit, if that is why the training did not start."""
    try:
        yield
    except ModelError:
        raise
    except (
        ArithmeticError,
        AttributeError,
        LookupError,
        MisconfigurationException,
        RuntimeError,
        TypeError,
        ValueError,
    ) as error:
        if history.started:
            raise
        reason = " ".join(str(error).split()).removesuffix(".")
        raise ModelError(
            f"{checkpoint} must be of this network and these settings to resume from it; it is not ({reason:.200})."
        ) from error


def _decay_groups(network: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Matrices decay; biases and other vectors do not."""
    matrices = [weight for weight in network.parameters() if weight.dim() > 1]
    vectors = [weight for weight in network.parameters() if weight.dim() <= 1]
    return [{"params": matrices, "weight_decay": weight_decay}, {"params": vectors, "weight_decay": 0.0}]


def _warmed_cosine(steps: int, share_of_time: Callable[[], float]) -> Callable[[int], float]:
    """A tenth of the steps linearly up to 1, then half a cosine down to 0; of the time, if that will end first."""
    warm = max(1, steps // 10)

    def scale(step: int) -> float:
        at = max(step, int(share_of_time() * steps))
        if at < warm:
            return (at + 1) / warm
        return 0.5 * (1.0 + math.cos(math.pi * min(1.0, (at - warm) / max(1, steps - warm))))

    return scale


def _constant(step: int) -> float:
    return 1.0


def _precision(name: str) -> Any:
    gpu_has_bf16 = torch.cuda.is_available() and torch.cuda.is_bf16_supported()
    return "bf16-mixed" if name == "bf16" or (name == "auto" and gpu_has_bf16) else "32-true"


def _logger(kind: str | None, folder: Path) -> Any:
    if kind == "csv":
        from lightning.pytorch.loggers import CSVLogger

        return CSVLogger(folder, name="logs", version="")
    if kind == "tensorboard":
        require("tensorboard", "logs")
        from lightning.pytorch.loggers import TensorBoardLogger

        return TensorBoardLogger(folder, name="logs", version="")
    return False


@contextmanager
def _quiet_lightning() -> Iterator[None]:
    """Keep Lightning's advice on workers, devices and checkpoint folders from our users, who cannot act on it."""
    logger = logging.getLogger("lightning.pytorch")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module=r"lightning\..*")
            yield
    finally:
        logger.setLevel(level)
