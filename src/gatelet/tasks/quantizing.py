"""A fitted model in integers, with what that costs: quality before and after, drift, and size.

    done = gatelet.quantize(model, "reviews.csv", qat=3)
    done.model.save("reviews-int8")

What a task brings to it stands in its own `quantized.py`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from torch import nn

from gatelet.deploy.quantization import Converted, Drift, convert, observe, plan_drift, refuse
from gatelet.errors import GateletError
from gatelet.plan import Plan
from gatelet.tasks.rounding import rounded
from gatelet.training import TrainingSettings
from gatelet.training.progress import Report

if TYPE_CHECKING:
    from gatelet.deploy.quantization.observing import Sequences

# of the learning rate of the first training, for the one with rounded weights
QAT_RATE = 0.25


class Material(Protocol):
    """What a task brings: its data, cut into parts, and its ways of training and scoring."""

    metric: str
    higher_is_better: bool

    def calibration(self, plan: Plan) -> tuple[Plan, Sequences]:
        """The part of a plan that becomes integers, and frames that tell how large its values become."""
        ...

    def planned(self, plan: Plan) -> nn.Module:
        """A network that runs a plan."""
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


@dataclass(frozen=True)
class Quantized:
    """A model in integers, and what that cost.

    Attributes:
        model: of the same task; its network runs the plan, so it predicts and evaluates, and cannot be trained.
        metric: the one that counts.
        before, after: scores by name of the floats and of the integers, on what was held out.
        counted: what they are of.
        bytes_before, bytes_after: of all weights.
        state_before, state_after: bytes of state of a stream.
        drift: of each stack of cells over 10,000 steps without a restart.
        kept: operations with weights that stay floats.
        qat: of the training with rounded weights: validation loss after "calibration" alone and after "training", and
            whether it was "kept"; None without one.
    """

    model: Any
    metric: str
    before: dict[str, float]
    after: dict[str, float]
    counted: str
    bytes_before: int
    bytes_after: int
    state_before: int
    state_after: int
    drift: dict[str, Drift]
    kept: tuple[str, ...]
    qat: dict[str, Any] | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain values for `json.dumps`, without the model."""
        plain = {name: value for name, value in vars(self).items() if name not in ("model", "drift")}
        return plain | {"kept": list(self.kept), "drift": {name: drifted(each) for name, each in self.drift.items()}}


def drifted(found: Drift) -> dict[str, Any]:
    """A drift as plain values: by stretches of steps, and whether it grows."""
    stretches = {name: np.asarray(value).tolist() for name, value in asdict(found).items() if name != "steps"}
    return {"steps": found.steps, **stretches, "grows": found.grows}


def quantize(
    model: Any,
    data: Any,
    *,
    qat: int = 0,
    seed: int = 0,
    test: Any | None = None,
    test_size: int | None = None,
    partly: bool = False,
    progress: bool | Report = False,
) -> Quantized:
    """Turn a fitted Forecaster or Classifier into integers: weights of 8 bits, values of 16.

    Args:
        model: which.
        data: what it was fitted with, or the like. A part is held out for the scores, the rest calibrates: of a table
            of series the last rows of each are held out, of texts a fifth.
        qat: epochs of training with rounded weights on the rest; its result is taken only if the validation loss of the
            integers is lower then.
        seed: of the parts and of that training.
        test: texts for the scores, instead of a part of the data; of a Classifier alone.
        test_size: rows of each series that are held out; of a Forecaster alone. By default what its `fit` left out.
        partly: leave cells that have no integer form as floats, instead of refusing them.
        progress: draw a bar on stderr, or call this after every batch.

    Raises:
        ExportError: the model has cells, or weights, that cannot be integers.
        DataError: the data cannot be used.
        GateletError: the model is of another task, has no plan, or is in integers already.
    """
    for name, value in (("qat", qat), ("seed", seed)):
        if type(value) is not int or value < 0:
            raise GateletError(f"{name} must be a whole number of at least 0; got {value!r}.")
    material = _material(model, data, test, test_size, seed)
    plan: Plan = model.plan()
    refuse(plan, partly=partly)
    part, frames = material.calibration(plan)
    made = convert(plan, observe(part, frames))
    network, trained = material.planned(made.plan), None
    if qat:
        training = replace(
            model.training,
            epochs=qat,
            patience=qat,
            seed=seed,
            learning_rate=model.training.learning_rate * QAT_RATE,
        )
        plan, made, network, trained = _trained(material, plan, made, network, training, progress)
        part, frames = material.calibration(plan)
    quantized = material.with_network(network)
    before, after = material.scores(model), material.scores(quantized)
    quantized.metrics = {"test": {"floats": before, "gatelet": after}, "of": material.counted}
    return Quantized(
        quantized,
        material.metric,
        before,
        after,
        material.counted,
        plan.weight_bytes,
        made.plan.weight_bytes,
        plan.state_bytes,
        made.plan.state_bytes,
        plan_drift(part, made, frames),
        made.kept,
        trained,
    )


def _trained(
    material: Material,
    plan: Plan,
    made: Converted,
    network: nn.Module,
    training: TrainingSettings,
    progress: bool | Report,
) -> tuple[Plan, Converted, nn.Module, dict[str, Any]]:
    """The integers after a training with rounded weights, where the validation says that they are better."""
    floats = material.copied()
    with rounded(floats, made):
        material.learn(floats, training, progress)
    better_plan: Plan = material.with_network(floats.eval()).plan()
    part, frames = material.calibration(better_plan)
    better = convert(better_plan, observe(part, frames))
    candidate = material.planned(better.plan)
    losses = {"calibration": material.validation_loss(network), "training": material.validation_loss(candidate)}
    kept = losses["training"] < losses["calibration"]
    facts = {"epochs": training.epochs, **losses, "kept": kept}
    return (better_plan, better, candidate, facts) if kept else (plan, made, network, facts)


def _material(model: Any, data: Any, test: Any | None, test_size: int | None, seed: int) -> Material:
    from gatelet.tasks.classification import Classifier
    from gatelet.tasks.classification.quantized import ClassifierMaterial
    from gatelet.tasks.forecasting import Forecaster
    from gatelet.tasks.forecasting.quantized import ForecasterMaterial

    if isinstance(model, Forecaster):
        if test is not None:
            raise GateletError("A Forecaster is scored on the last rows of its table; test is for a Classifier only.")
        return ForecasterMaterial(model, data, test_size, seed)
    if isinstance(model, Classifier):
        if test_size is not None:
            raise GateletError("A Classifier is scored on texts; test_size is for a Forecaster only.")
        return ClassifierMaterial(model, data, test, seed)
    raise GateletError(
        f"A Forecaster or a Classifier can be quantized; got a {type(model).__name__}: its output is a search or a "
        "choice among thousands of words, for which 8 bits have not been tried."
    )
