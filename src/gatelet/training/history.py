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
        density: share of the blocks of recurrent weights that were left then; 1 where none are pruned.
    """

    epoch: int
    seconds: float
    train_loss: float
    validation_loss: float
    density: float = 1.0


@dataclass(frozen=True)
class History:
    """The epochs of a training.

    Attributes:
        epochs: in order.
        interrupted: the user stopped the training; the best weights so far were kept.
        before: of a network that was pruned, the validation loss before the first step.
    """

    epochs: tuple[Epoch, ...] = ()
    interrupted: bool = False
    before: float | None = None

    @property
    def best(self) -> Epoch:
        """The epoch with the lowest validation loss, whose weights were kept; among the sparsest, if pruned."""
        return min(
            self.epochs,
            key=lambda epoch: (
                epoch.density,
                math.inf if math.isnan(epoch.validation_loss) else epoch.validation_loss,
            ),
        )

    def to_json(self) -> dict[str, Any]:
        """Plain values for `json.dumps`; a loss that is not finite is None."""
        epochs = [{name: _plain(value) for name, value in asdict(epoch).items()} for epoch in self.epochs]
        before = {} if self.before is None else {"before": _plain(self.before)}
        return {"epochs": epochs, "interrupted": self.interrupted, **before}

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
                float(entry.get("density", 1.0)),
            )
            for entry in values["epochs"]
        )
        before = _loss(values["before"]) if "before" in values else None
        return History(tuple(epochs), bool(values["interrupted"]), before)


def _loss(value: Any) -> float:
    return math.nan if value is None else float(value)


def _plain(value: float) -> float | None:
    return value if math.isfinite(value) else None
