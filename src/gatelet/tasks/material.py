"""What a task brings to being quantized: its data, cut into parts, and its ways of training and scoring.

Each task has its own in `quantized.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from torch import nn

from gatelet.plan import Plan
from gatelet.training import TrainingSettings
from gatelet.training.progress import Report

if TYPE_CHECKING:
    from gatelet.deploy.quantization.observing import Sequences


class Material(Protocol):
    """What a task brings: its data, cut into parts, and its ways of training and scoring."""

    metric: str
    higher_is_better: bool

    def calibration(self, plan: Any) -> Sequence[tuple[Plan, Sequences]]:
        """Of each plan the part that becomes integers, and frames that tell how large its values become."""
        ...

    def planned(self, plan: Any) -> nn.Module:
        """A network that runs a plan, or an encoder's and a decoder's."""
        ...

    def with_network(self, network: nn.Module) -> Any:
        """The model with another network."""
        ...

    def copied(self) -> nn.Module:
        """The network, to be trained."""
        ...

    def learn(self, network: nn.Module, training: TrainingSettings, progress: bool | Report) -> None:
        """Train a network in place."""
        ...

    def validation_loss(self, network: nn.Module) -> float:
        """The mean loss on data that neither calibrated nor trained."""
        ...

    def scores(self, model: Any) -> dict[str, float]:
        """What the task itself says of data that are held out of everything else."""
        ...

    @property
    def counted(self) -> str:
        """What the scores are of."""
        ...
