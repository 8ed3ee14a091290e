"""Gated recurrent models, the GRU first, from raw sequences to a trained, compared and saved model.

The names below are loaded on first use, so that ``import gatelet`` stays quick and needs no torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gatelet.chat import ChatBot, Dialogue
    from gatelet.deploy import export, verify
    from gatelet.features import Columns
    from gatelet.features.text import PairColumns, TextColumns, TextSettings
    from gatelet.features.text.slot_rules import SlotRules
    from gatelet.loading import load
    from gatelet.nn.beam_search import SearchSettings
    from gatelet.nn.sampling import SamplingSettings
    from gatelet.tasks.classification import Classifier, ClassifierSettings
    from gatelet.tasks.forecasting import Forecaster, NetworkSettings
    from gatelet.tasks.language_modelling import LanguageModel, LanguageModelSettings, SegmentSettings
    from gatelet.tasks.quantizing import quantize
    from gatelet.tasks.realisation import Realizer, RealizerSettings
    from gatelet.tasks.translation import Translator, TranslatorSettings
    from gatelet.training import TrainingSettings

__version__ = "0.1.0"

__all__ = [
    "ChatBot",
    "Classifier",
    "ClassifierSettings",
    "Columns",
    "Dialogue",
    "Forecaster",
    "LanguageModel",
    "LanguageModelSettings",
    "NetworkSettings",
    "PairColumns",
    "Realizer",
    "RealizerSettings",
    "SamplingSettings",
    "SearchSettings",
    "SegmentSettings",
    "SlotRules",
    "TextColumns",
    "TextSettings",
    "TrainingSettings",
    "Translator",
    "TranslatorSettings",
    "__version__",
    "export",
    "load",
    "quantize",
    "verify",
]

_HOMES = {
    "ChatBot": "gatelet.chat",
    "Classifier": "gatelet.tasks.classification",
    "ClassifierSettings": "gatelet.tasks.classification",
    "Columns": "gatelet.features",
    "Dialogue": "gatelet.chat",
    "Forecaster": "gatelet.tasks.forecasting",
    "LanguageModel": "gatelet.tasks.language_modelling",
    "LanguageModelSettings": "gatelet.tasks.language_modelling",
    "NetworkSettings": "gatelet.tasks.forecasting",
    "PairColumns": "gatelet.features.text",
    "Realizer": "gatelet.tasks.realisation",
    "RealizerSettings": "gatelet.tasks.realisation",
    "SamplingSettings": "gatelet.nn.sampling",
    "SearchSettings": "gatelet.nn.beam_search",
    "SegmentSettings": "gatelet.tasks.language_modelling",
    "SlotRules": "gatelet.features.text.slot_rules",
    "TextColumns": "gatelet.features.text",
    "TextSettings": "gatelet.features.text",
    "TrainingSettings": "gatelet.training",
    "Translator": "gatelet.tasks.translation",
    "TranslatorSettings": "gatelet.tasks.translation",
    "export": "gatelet.deploy",
    "load": "gatelet.loading",
    "quantize": "gatelet.tasks.quantizing",
    "verify": "gatelet.deploy",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'gatelet' has no attribute '{name}'.")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
