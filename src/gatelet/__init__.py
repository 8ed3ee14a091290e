"""Gated recurrent models, the GRU first, from raw sequences to a trained, compared and saved model.

The names below are loaded on first use, so that ``import gatelet`` stays quick and needs no torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gatelet.deploy import export, verify
    from gatelet.features import Columns
    from gatelet.features.text import PairColumns, TextColumns, TextSettings
    from gatelet.nn.beam_search import SearchSettings
    from gatelet.nn.sampling import SamplingSettings
    from gatelet.tasks import load
    from gatelet.tasks.classification import Classifier, ClassifierSettings
    from gatelet.tasks.forecasting import Forecaster, NetworkSettings
    from gatelet.tasks.language_modelling import LanguageModel, LanguageModelSettings, SegmentSettings
    from gatelet.tasks.translation import Translator, TranslatorSettings
    from gatelet.training import TrainingSettings

__version__ = "0.1.0"

__all__ = [
    "Classifier",
    "ClassifierSettings",
    "Columns",
    "Forecaster",
    "LanguageModel",
    "LanguageModelSettings",
    "NetworkSettings",
    "PairColumns",
    "SamplingSettings",
    "SearchSettings",
    "SegmentSettings",
    "TextColumns",
    "TextSettings",
    "TrainingSettings",
    "Translator",
    "TranslatorSettings",
    "__version__",
    "export",
    "load",
    "verify",
]

_HOMES = {
    "Classifier": "gatelet.tasks.classification",
    "ClassifierSettings": "gatelet.tasks.classification",
    "Columns": "gatelet.features",
    "Forecaster": "gatelet.tasks.forecasting",
    "LanguageModel": "gatelet.tasks.language_modelling",
    "LanguageModelSettings": "gatelet.tasks.language_modelling",
    "NetworkSettings": "gatelet.tasks.forecasting",
    "PairColumns": "gatelet.features.text",
    "SamplingSettings": "gatelet.nn.sampling",
    "SearchSettings": "gatelet.nn.beam_search",
    "SegmentSettings": "gatelet.tasks.language_modelling",
    "TextColumns": "gatelet.features.text",
    "TextSettings": "gatelet.features.text",
    "TrainingSettings": "gatelet.training",
    "Translator": "gatelet.tasks.translation",
    "TranslatorSettings": "gatelet.tasks.translation",
    "export": "gatelet.deploy",
    "load": "gatelet.tasks",
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
