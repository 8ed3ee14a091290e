"""What all tasks share: they are fitted, saved and loaded; each package beside this file is one of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar, Generic, Protocol, Self, TypeVar

from torch import nn

from gatelet.errors import GateletError
from gatelet.tasks.planned import plans_within
from gatelet.tasks.store import Contents, SavedModel, described, read_model, write_model
from gatelet.training import History, TrainingSettings


class HasNetwork(Protocol):
    """What fitting leaves behind: a network with what it needs to read data and to name its answers."""

    @property
    def network(self) -> Any:
        """With its weights."""


FittedT = TypeVar("FittedT", bound=HasNetwork)
NetworkT = TypeVar("NetworkT", bound=nn.Module)


class Task(ABC, Generic[FittedT, NetworkT]):
    """A noun with the same verbs: fit, predict and evaluate are its own; save, load and what they need are here.

    Attributes:
        task: what a saved model is called, the name of its class.
        noun: what a sentence calls it.
        training: how it was trained.
        history: the epochs of that training.
        metrics: of the validation, then of the last evaluation; they are saved with the model.
    """

    task: ClassVar[str]
    noun: ClassVar[str]

    def __init__(self) -> None:
        """Nothing is fitted yet."""
        self.training = TrainingSettings()
        self.history = History()
        self.metrics: dict[str, Any] = {}
        self._fitted: FittedT | None = None

    @property
    def module(self) -> NetworkT:
        """The network as a torch module.

        Raises:
            GateletError: not fitted yet.
        """
        network: NetworkT = self._need_fitted().network
        return network

    @property
    def num_parameters(self) -> int:
        """Number of trained weights.

        Raises:
            GateletError: not fitted yet.
        """
        plans = plans_within(self.module)
        if plans:
            return sum(plan.num_parameters for plan in plans)
        return sum(weight.numel() for weight in self.module.parameters())

    def save(self, path: str | Path, *, overwrite: bool = False) -> Path:
        """Write the model to a folder: `config.json`, `model.safetensors` and, where there is one, the plan.

        Args:
            path: of the folder.
            overwrite: replace a model that is there.

        Raises:
            ModelError: the folder is there and not empty, or cannot be written.
            GateletError: not fitted yet.
        """
        fitted = self._need_fitted()
        contents = self._contents(fitted)
        record: dict[str, Any] = {
            "training": asdict(self.training),
            "history": self.history.to_json(),
            "metrics": self.metrics,
        }
        if plans_within(fitted.network):
            record["planned"] = True
        description = contents.settings | record | contents.learned
        weights = dict(fitted.network.state_dict()) | contents.weights
        return write_model(Path(path), self.task, description, weights, overwrite, contents.plan, contents.parts)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a model from a folder that `save` wrote.

        Raises:
            ModelError: the folder is absent, damaged, from a newer gatelet, or holds another task.
            MissingExtraError: it knows subwords, and the library for them is not installed.
        """
        saved = read_model(Path(path), cls.task)
        with described(saved.path):
            model, fitted = cls._rebuilt(saved)
            model.training = TrainingSettings(**saved.config["training"])
            model.history = History.from_json(saved.config["history"])
            model.metrics = saved.config["metrics"]
            if not isinstance(model.metrics, dict):
                raise TypeError(f"metrics must be an object; got {model.metrics!r:.80}.")
            model._fitted = fitted
        return model

    @abstractmethod
    def _contents(self, fitted: FittedT) -> Contents:
        """What of this task is saved; what it was trained with and how it did are added to that."""

    @classmethod
    @abstractmethod
    def _rebuilt(cls, saved: SavedModel) -> tuple[Self, FittedT]:
        """A task as `_contents` described it, and what fitting had left behind."""

    def _take(self, fitted: FittedT, training: TrainingSettings, history: History, **metrics: Any) -> None:
        """Take over what fitting leaves behind, once all of it is there."""
        self._fitted, self.training, self.history = fitted, training, history
        best = history.best
        seconds = history.epochs[-1].seconds
        self.metrics = {"validation_loss": best.validation_loss, "best_epoch": best.epoch, "seconds": seconds} | metrics

    def _need_fitted(self) -> FittedT:
        if self._fitted is None:
            raise GateletError(f"The {self.noun} must be fitted first; call fit or load a saved one.")
        return self._fitted
