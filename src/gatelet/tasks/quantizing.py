"""A fitted model in integers, with what that costs: quality before and after, drift, and size.

done = gatelet.quantize(model, "reviews.csv", qat=3)
done.model.save("reviews-int8")
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import nn

from gatelet.deploy.quantization import Converted, Drift, convert, observe, plan_drift, plan_errors, refuse
from gatelet.errors import GateletError
from gatelet.plan import EncoderDecoder, Plan
from gatelet.tasks.material import Material
from gatelet.tasks.rounding import rounded
from gatelet.training import TrainingSettings
from gatelet.training.progress import Report

if TYPE_CHECKING:
    from gatelet.deploy.quantization.observing import Sequences

# of the learning rate of the first training, for the one with rounded weights
QAT_RATE = 0.25


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
        errors: of what each cell and dense layer writes, as a share of its size, both root mean squares.
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
    errors: dict[str, float]
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
    """Turn a fitted Forecaster, Classifier, LanguageModel or Translator into integers: weights of 8 bits, values of 16.

    Args:
        model: which.
        data: what it was fitted with, or the like. A part is held out for the scores, the rest calibrates: of a table
            of series the last rows of each are held out, of texts a fifth, of pairs a tenth, of a language model's text
            the last tenth.
        qat: epochs of training with rounded weights on the rest; its result is taken only if the validation loss of the
            integers is lower then.
        seed: of the parts and of that training.
        test: texts for the scores, instead of a part of the data; not of a Forecaster.
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
    found = model.plan()
    for plan in _plans(found):
        refuse(plan, partly=partly)
    integers = _Integers.of(material, found)
    network, trained = material.planned(integers.plan), None
    if qat:
        rate = model.training.learning_rate * QAT_RATE
        training = replace(model.training, epochs=qat, patience=qat, seed=seed, learning_rate=rate)
        integers, network, trained = _trained(material, integers, network, training, progress)
    quantized = material.with_network(network)
    before, after = material.scores(model), material.scores(quantized)
    quantized.metrics = {"test": {"floats": before, "gatelet": after}, "of": material.counted}
    return Quantized(
        quantized,
        material.metric,
        before,
        after,
        material.counted,
        *integers.sizes,
        integers.drift(),
        integers.errors(),
        tuple(name for made in integers.made for name in made.kept),
        trained,
    )


@dataclass(frozen=True)
class _Integers:
    """A plan, or an encoder's and a decoder's, and what became of each.

    Attributes:
        before: of floats.
        made: of integers.
        seen: of each plan the part with what becomes integers, and its frames.
    """

    before: Plan | EncoderDecoder
    made: tuple[Converted, ...]
    seen: Sequence[tuple[Plan, Sequences]]

    @staticmethod
    def of(material: Material, plan: Plan | EncoderDecoder) -> _Integers:
        """Convert, with what calibration says of the size of values."""
        seen = material.calibration(plan)
        made = (convert(each, observe(*read)) for each, read in zip(_plans(plan), seen, strict=True))
        return _Integers(plan, tuple(made), seen)

    @property
    def plan(self) -> Plan | EncoderDecoder:
        """In integers."""
        plans = [made.plan for made in self.made]
        return plans[0] if len(plans) == 1 else EncoderDecoder(*plans)

    @property
    def sizes(self) -> tuple[int, int, int, int]:
        """Bytes of weights before and after, and of state."""
        weights = [sum(each.weight_bytes for each in _plans(plan)) for plan in (self.before, self.plan)]
        state = [sum(each.state_bytes for each in _plans(plan)) for plan in (self.before, self.plan)]
        return weights[0], weights[1], state[0], state[1]

    def drift(self) -> dict[str, Drift]:
        """Of each stack of cells."""
        found: dict[str, Drift] = {}
        for made, (part, frames) in zip(self.made, self.seen, strict=True):
            found |= plan_drift(part, made, frames)
        return found

    def errors(self) -> dict[str, float]:
        """Of each cell and dense layer."""
        found: dict[str, float] = {}
        for made, (part, frames) in zip(self.made, self.seen, strict=True):
            found |= plan_errors(part, made, frames)
        return found

    @contextmanager
    def rounding(self, network: nn.Module) -> Iterator[None]:
        """Let a network compute with weights that are rounded as these are."""
        with ExitStack() as stack:
            for made in self.made:
                stack.enter_context(rounded(network, made))
            yield


def _trained(
    material: Material, before: _Integers, network: nn.Module, training: TrainingSettings, progress: bool | Report
) -> tuple[_Integers, nn.Module, dict[str, Any]]:
    """The integers after a training with rounded weights, where the validation says that they are better."""
    floats = material.copied()
    with before.rounding(floats):
        material.learn(floats, training, progress)
    better = _Integers.of(material, material.with_network(floats.eval()).plan())
    candidate = material.planned(better.plan)
    losses = {"calibration": material.validation_loss(network), "training": material.validation_loss(candidate)}
    kept = losses["training"] < losses["calibration"]
    facts = {"epochs": training.epochs, **losses, "kept": kept}
    return (better, candidate, facts) if kept else (before, network, facts)


def _plans(plan: Plan | EncoderDecoder) -> tuple[Plan, ...]:
    return (plan.encoder, plan.decoder) if isinstance(plan, EncoderDecoder) else (plan,)


def _material(model: Any, data: Any, test: Any | None, test_size: int | None, seed: int) -> Material:
    from gatelet.tasks.classification import Classifier
    from gatelet.tasks.classification.quantized import ClassifierMaterial
    from gatelet.tasks.forecasting import Forecaster
    from gatelet.tasks.forecasting.quantized import ForecasterMaterial
    from gatelet.tasks.language_modelling import LanguageModel
    from gatelet.tasks.language_modelling.quantized import LanguageMaterial
    from gatelet.tasks.translation import Translator
    from gatelet.tasks.translation.quantized import TranslatorMaterial

    if isinstance(model, Forecaster):
        if test is not None:
            raise GateletError("A Forecaster is scored on the last rows of its table; test is for texts only.")
        return ForecasterMaterial(model, data, test_size, seed)
    if test_size is not None:
        raise GateletError(f"A {type(model).__name__} is scored on texts; test_size is for a Forecaster only.")
    if isinstance(model, Classifier):
        return ClassifierMaterial(model, data, test, seed)
    if isinstance(model, LanguageModel):
        return LanguageMaterial(model, data, test)
    if isinstance(model, Translator):
        return TranslatorMaterial(model, data, test, seed)
    raise GateletError(
        f"A Forecaster, a Classifier, a LanguageModel or a Translator can be quantized; got a {type(model).__name__}."
    )
