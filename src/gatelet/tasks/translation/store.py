"""What is saved of a translator, and a translator from it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, TypeVar

from gatelet.features.text import PairColumns, Spacing, TextFeatures
from gatelet.nn.beam_search import SearchSettings
from gatelet.tasks.description import check_sizes, number
from gatelet.tasks.store import Contents, SavedModel
from gatelet.tasks.translation.fitted import Fitted
from gatelet.tasks.translation.learning import MOST_PER_TOKEN
from gatelet.tasks.translation.network import TranslatorNetwork, TranslatorSettings, TranslatorSizes
from gatelet.tasks.translation.planned import PlannedTranslatorNetwork
from gatelet.tasks.translation.planning import plan_of

if TYPE_CHECKING:
    from gatelet.tasks.translation.translator import Translator

_Translator = TypeVar("_Translator", bound="Translator")


def contents(translator: Translator, fitted: Fitted) -> Contents:
    """What is saved of a translator."""
    settings = {
        "languages": None if translator.languages is None else list(translator.languages),
        "columns": asdict(translator.columns),
        "shared_vocabulary": translator.shared_vocabulary,
        "label_smoothing": translator.label_smoothing,
        "scheduled_sampling": translator.scheduled_sampling,
        "search": asdict(translator.search),
        "network": asdict(translator.network),
    }
    learned = {
        "sizes": asdict(fitted.network.sizes),
        "longest": fitted.longest,
        "spacing": fitted.spacing.to_json(),
        "source": fitted.source.to_json(),
        "target": None if translator.shared_vocabulary else fitted.target.to_json(),
    }
    return Contents(settings, learned, plan=plan_of(fitted, translator.search))


def rebuilt(kind: type[_Translator], saved: SavedModel) -> tuple[_Translator, Fitted]:
    """A translator from what was saved."""
    config = saved.config
    if bool(config["shared_vocabulary"]) != (config["target"] is None):
        raise ValueError("target must be absent where the vocabulary is shared, and nowhere else.")
    source = TextFeatures.from_json(config["source"])
    target = source if config["target"] is None else TextFeatures.from_json(config["target"])
    translator = kind(
        languages=config["languages"],
        columns=PairColumns(**config["columns"]),
        source=source.settings,
        target=target.settings,
        shared_vocabulary=bool(config["shared_vocabulary"]),
        network=TranslatorSettings(**config["network"]),
        label_smoothing=number("label_smoothing", config["label_smoothing"]),
        scheduled_sampling=number("scheduled_sampling", config["scheduled_sampling"]),
        search=SearchSettings(**config["search"]),
    )
    sizes = TranslatorSizes(**config["sizes"])
    check_sizes(config)
    if sizes != TranslatorSizes(len(source.vocabulary), len(target.vocabulary)):
        raise ValueError("the sizes of the network are not those of the vocabularies.")
    longest = number("longest", config["longest"], MOST_PER_TOKEN)
    planned = saved.planned_pair(PlannedTranslatorNetwork, translator.network, sizes)
    network = planned or saved.network(TranslatorNetwork, translator.network, sizes)
    return translator, Fitted(source, target, Spacing.from_json(config["spacing"]), network, longest)
