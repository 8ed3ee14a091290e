"""A small regression that the tests of training learn in a few milliseconds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from gatelet.training import Batches, History, TrainingSettings, fit

SAMPLES = 64


@dataclass(frozen=True)
class Pairs:
    """Samples with what to learn of them."""

    numbers: list[int]
    x: Tensor
    y: Tensor

    def __len__(self) -> int:
        return len(self.x)

    def to(self, device: torch.device, **options: Any) -> Pairs:
        return Pairs(self.numbers, self.x.to(device), self.y.to(device))


def squared(network: nn.Module, batch: Pairs) -> Tensor:
    loss: Tensor = (network(batch.x) - batch.y).square().mean()
    return loss


@dataclass
class Job:
    """A training of a network of 21 weights; `seen` lists the samples of every training batch."""

    network: nn.Module
    loss: Callable[[nn.Module, Any], Tensor]
    seen: list[list[int]]

    def __call__(
        self,
        *,
        checkpoints: Path | None = None,
        resume: bool = False,
        progress: Any = False,
        **settings: Any,
    ) -> History:
        x = torch.randn(SAMPLES, 3, generator=torch.Generator().manual_seed(0))
        y = x.sum(1, keepdim=True)

        def cut(index: Tensor) -> Pairs:
            return Pairs(index.tolist(), x[index], y[index])

        def cut_and_note(index: Tensor) -> Pairs:
            self.seen.append(index.tolist())
            return cut(index)

        wanted: dict[str, Any] = {"epochs": 4, "batch_size": 16, "learning_rate": 0.05} | settings
        chosen = TrainingSettings(**wanted)
        train = Batches(SAMPLES, cut_and_note, chosen.batch_size, seed=chosen.seed, limit=chosen.steps_per_epoch)
        validation = Batches(SAMPLES, cut, 24, seed=None)
        options = {"checkpoints": checkpoints, "resume": resume, "progress": progress}
        return fit(self.network, self.loss, train, validation, chosen, **options)

    def weights(self) -> list[Tensor]:
        return [weight.detach().clone() for weight in self.network.parameters()]

    def validation_loss(self) -> float:
        x = torch.randn(SAMPLES, 3, generator=torch.Generator().manual_seed(0))
        with torch.inference_mode():
            return float(self.loss(self.network, Pairs([], x, x.sum(1, keepdim=True))))


@pytest.fixture
def job() -> Callable[..., Job]:
    """Makes trainings that start from the same weights."""

    def make(loss: Callable[[nn.Module, Any], Tensor] = squared, dropout: float = 0.0, hidden: int = 4) -> Job:
        with torch.random.fork_rng():
            torch.manual_seed(0)
            network = nn.Sequential(nn.Linear(3, hidden), nn.Tanh(), nn.Dropout(dropout), nn.Linear(hidden, 1))
        return Job(network, loss, [])

    return make
