"""What happened in a training, epoch by epoch."""

from __future__ import annotations

import math
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
        return min(
            self.epochs, key=lambda epoch: math.inf if math.isnan(epoch.validation_loss) else epoch.validation_loss
        )

    def to_json(self) -> dict[str, Any]:
        """Plain values for `json.dumps`; a loss that is not finite is None."""
        epochs = [{name: _plain(value) for name, value in asdict(epoch).items()} for epoch in self.epochs]
        return {"epochs": epochs, "interrupted": self.interrupted}

    @staticmethod
    def from_json(values: dict[str, Any]) -> History:
        """A history from what `to_json` gave.

        Raises:
            KeyError, TypeError, ValueError: it is something else.
        """
        epochs = (
            Epoch(
                int(entry["epoch"]),
                float(entry["seconds"]),
                _loss(entry["train_loss"]),
                _loss(entry["validation_loss"]),
            )
            for entry in values["epochs"]
        )
        return History(tuple(epochs), bool(values["interrupted"]))


def _loss(value: Any) -> float:
    return math.nan if value is None else float(value)


def _plain(value: float) -> float | None:
    return value if math.isfinite(value) else None
