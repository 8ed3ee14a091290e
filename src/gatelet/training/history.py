"""What happened in a training, epoch by epoch."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Epoch:
    """One epoch.

    Attributes:
        epoch: number, from 1.
        seconds: since the start of the training, validation included.
        train_loss: mean over the batches of the epoch.
        validation_loss: mean over the validation samples at the end of the epoch.
    """

    epoch: int
    seconds: float
    train_loss: float
    validation_loss: float


@dataclass(frozen=True)
class History:
    """The epochs of a training.

    Attributes:
        epochs: in order.
        interrupted: the user stopped the training; the best weights so far were kept.
    """

    epochs: tuple[Epoch, ...] = ()
    interrupted: bool = False

    @property
    def best(self) -> Epoch:
        """The epoch with the lowest validation loss, whose weights were kept."""
        return min(self.epochs, key=lambda epoch: epoch.validation_loss)

    def to_json(self) -> dict[str, Any]:
        """Plain values for `json.dumps`."""
        return {"epochs": [asdict(epoch) for epoch in self.epochs], "interrupted": self.interrupted}
