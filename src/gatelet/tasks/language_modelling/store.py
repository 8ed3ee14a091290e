"""What is saved of a language model, and a language model from it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, TypeVar

from gatelet.features.text import Spacing, TextFeatures
from gatelet.nn.sampling import SamplingSettings
from gatelet.tasks.description import check_sizes
from gatelet.tasks.language_modelling.fitted import Fitted
from gatelet.tasks.language_modelling.learning import SegmentSettings
from gatelet.tasks.language_modelling.network import LanguageModelSettings, LanguageNetwork
from gatelet.tasks.language_modelling.planned import PlannedLanguageNetwork
from gatelet.tasks.language_modelling.planning import plan_of
from gatelet.tasks.language_modelling.script import Script
from gatelet.tasks.store import Contents, SavedModel, check_weights

if TYPE_CHECKING:
    from gatelet.tasks.language_modelling.language_model import LanguageModel

_LanguageModel = TypeVar("_LanguageModel", bound="LanguageModel")


def contents(model: LanguageModel, fitted: Fitted) -> Contents:
    """What is saved of a language model."""
    settings = {
        "column": model.column,
        "network": asdict(model.network),
        "segments": asdict(model.segments),
        "sampling": asdict(model.sampling),
    }
    learned = {"spacing": fitted.script.spacing.to_json(), "text": fitted.script.features.to_json()}
    return Contents(settings, learned, plan=plan_of(fitted, model.sampling))


def rebuilt(kind: type[_LanguageModel], saved: SavedModel) -> tuple[_LanguageModel, Fitted]:
    """A language model from what was saved."""
    config = saved.config
    script = Script(TextFeatures.from_json(config["text"]), Spacing.from_json(config["spacing"]))
    text, column = script.features.settings, config["column"]
    if not isinstance(column, str):
        raise TypeError(f"column must be text; got {column!r:.80}.")
    model = kind(
        text=text,
        column=column,
        network=LanguageModelSettings(**config["network"]),
        segments=SegmentSettings(**config["segments"]),
        sampling=SamplingSettings(**config["sampling"]),
    )
    if model.text != text:
        raise ValueError("the text of a language model must have no buckets, and lines be read as a whole.")
    check_sizes(config)
    planned = saved.planned(PlannedLanguageNetwork, model.network, script.size)
    if planned is None:
        return model, Fitted(script, saved.network(LanguageNetwork, model.network, script.size))
    check_weights(saved.path, planned, saved.weights)
    planned.load_state_dict(saved.weights)
    return model, Fitted(script, planned)
