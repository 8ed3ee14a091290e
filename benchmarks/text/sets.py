"""The public sets of texts as their protocols split them, and the settings that their validation parts chose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from gatelet import Classifier, ClassifierSettings, TextColumns, TextSettings, TrainingSettings
from gatelet.datasets import text
from gatelet.features.labels import stratified
from gatelet.features.text import Texts


@dataclass(frozen=True)
class Parts:
    """One set; what is out of scope stands among the validation and the test texts."""

    train: Texts
    validation: Texts
    test: Texts


@dataclass(frozen=True)
class Choice:
    """Settings of one set, chosen by its validation part, and what others report for it."""

    title: str
    metrics: tuple[str, ...]
    reading: TextSettings
    network: ClassifierSettings
    training: dict[str, Any]
    more: dict[str, Any] = field(default_factory=dict)
    published: dict[str, tuple[float, ...]] = field(default_factory=dict)

    def classifier(self, cell: str | None = None) -> Classifier:
        """An unfitted one."""
        network = self.network if cell is None else ClassifierSettings(**(vars(self.network) | {"cell": cell}))
        return Classifier(text=self.reading, network=network, **self.more)

    def described(self, cell: str) -> str:
        """All settings but the seed, to tell the runs of one choice from those of another."""
        parts = (self.reading, TextSettings()), (self.network, ClassifierSettings())
        chosen = [
            f"{name}={value}"
            for ours, usual in parts
            for name, value in vars(ours).items()
            if value != vars(usual)[name]
        ]
        return ", ".join([cell, *chosen, *(f"{name}={value}" for name, value in (self.training | self.more).items())])

    def settings(self, seed: int) -> TrainingSettings:
        """How to train with this seed."""
        return TrainingSettings(seed=seed, **self.training)


def labelled(rows: Sequence[text.Labelled | text.Review]) -> Texts:
    """Rows of a public set, without slots."""
    places = tuple(f"row {number}" for number in range(len(rows)))
    return Texts(tuple(row.text for row in rows), tuple((row.label,) for row in rows), None, places)


def sst2() -> Parts:
    """SST-2, sentences only."""
    found = text.sentiment("sst2")
    return Parts(*(labelled(found[part]) for part in ("train", "validation", "test")))


def trec() -> Parts:
    """TREC-6; the validation part is a tenth of the training part, always the same."""
    found = text.sentiment("trec")
    whole = labelled(found["train"])
    assert whole.labels is not None
    train, validation = stratified(whole.labels, 0.1, seed=123)
    return Parts(whole.take(train.tolist()), whole.take(validation.tolist()), labelled(found["test"]))


def snips() -> Parts:
    """SNIPS with intents and slots."""
    found = text.snips()
    return Parts(*(_commands(found[part]) for part in ("train", "validation", "test")))


def clinc150() -> Parts:
    """CLINC150 with the requests out of scope in the validation and the test part; those of the training go unused."""
    found = text.clinc150()
    return Parts(
        labelled(found["train"]), *(labelled(found[part] + found[f"{part}_oos"]) for part in ("validation", "test"))
    )


def _commands(rows: Sequence[text.Command]) -> Texts:
    places = tuple(f"row {number}" for number in range(len(rows)))
    words, intents = tuple(" ".join(row.words) for row in rows), tuple((row.intent,) for row in rows)
    return Texts(words, intents, tuple(row.slots for row in rows), places)


READERS = {"sst2": sst2, "trec": trec, "snips": snips, "clinc150": clinc150}
CHOICES = {
    "sst2": Choice(
        title="SST-2, sentences only",
        metrics=("accuracy", "macro_f1"),
        reading=TextSettings(unit="space", spelling_buckets=20_000),
        network=ClassifierSettings(dropout=0.5, embedding_dropout=0.5, word_dropout=0.1),
        training={"epochs": 6, "batch_size": 64, "learning_rate": 1e-3},
        more={"label_smoothing": 0.1},
        published={"CNN, random vectors, trained on phrases too": (0.827,), "a quick GRU": (0.813,)},
    ),
    "trec": Choice(
        title="TREC-6",
        metrics=("accuracy", "macro_f1"),
        reading=TextSettings(unit="space", spelling_buckets=20_000),
        network=ClassifierSettings(dropout=0.5, embedding_dropout=0.5, word_dropout=0.1, pair_buckets=2**16),
        training={"epochs": 10, "batch_size": 32, "learning_rate": 2e-3},
        more={"label_smoothing": 0.1},
        published={"best of its era, with pretrained vectors": (0.928,), "a quick GRU": (0.884,)},
    ),
    "snips": Choice(
        title="SNIPS, intents and slots",
        metrics=("accuracy", "slot_f1", "sentence_accuracy"),
        reading=TextSettings(unit="space", spelling_buckets=20_000),
        network=ClassifierSettings(dropout=0.5, embedding_dropout=0.4, word_dropout=0.2),
        training={"epochs": 9, "batch_size": 32, "learning_rate": 2e-3},
        more={"columns": TextColumns(slots="slots")},
        published={
            "slot-gated LSTM": (0.970, 0.888, 0.755),
            "BERT, pretrained": (0.986, 0.970, 0.928),
            "a quick GRU": (0.970, 0.859, 0.680),
        },
    ),
    "clinc150": Choice(
        title="CLINC150, with requests out of scope",
        metrics=("in_scope_accuracy", "out_of_scope_recall"),
        reading=TextSettings(spelling_buckets=20_000),
        network=ClassifierSettings(dropout=0.5, embedding_dropout=0.4, word_dropout=0.1),
        training={"epochs": 10, "batch_size": 64, "learning_rate": 3e-3},
        more={"out_of_scope": "oos", "rejected": 0.04},
        published={"CNN": (0.912, 0.189), "BERT, pretrained": (0.969, 0.403), "a quick GRU": (0.926, 0.133)},
    ),
}
