"""Public texts: sentiment, questions, spoken commands, dialogue acts, translation."""

from __future__ import annotations

import gzip
import json
import tarfile
from pathlib import Path
from typing import NamedTuple

from gatelet.datasets.registry import folder
from gatelet.errors import DataError


class Labelled(NamedTuple):
    """A text and its class."""

    text: str
    label: str


class Review(NamedTuple):
    """A long review, "pos" or "neg", and the fold 0 to 9 that it belongs to."""

    text: str
    label: str
    fold: int


class Command(NamedTuple):
    """A spoken command: its words, the slot label of each word in IOB, and its intent."""

    words: tuple[str, ...]
    slots: tuple[str, ...]
    intent: str


class Utterance(NamedTuple):
    """A dialogue act and two sentences that express it, one by people and one written by hand as a baseline."""

    act: str
    reference: str
    baseline: str


_SENTENCES = {
    "sst2": {"train": "stsa.binary.train", "validation": "stsa.binary.dev", "test": "stsa.binary.test"},
    "trec": {"train": "TREC.train.all", "test": "TREC.test.all"},
    "mr": {"train": "rt-polarity.all"},
}


def sentiment(corpus: str) -> dict[str, list[Labelled]]:
    """Sentences by split: "sst2" (train, validation, test; 0 negative, 1 positive), "trec" (train, test; 6 kinds of
    question), "mr" (train only; 0 negative, 1 positive).

    Raises:
        DataError: no such corpus.
    """
    if corpus not in _SENTENCES:
        raise DataError(f"corpus must be one of {', '.join(_SENTENCES)}; got {corpus!r}.")
    top = folder("sentiment")
    encoding = "utf-8" if corpus == "sst2" else "latin-1"
    return {
        split: [_labelled(line) for line in _lines(top / file, encoding)] for split, file in _SENTENCES[corpus].items()
    }


def review_polarity() -> list[Review]:
    """2,000 film reviews in ten folds; one sentence per line."""
    reviews = []
    with tarfile.open(folder("review_polarity") / "review_polarity.tar.gz") as archive:
        for member in sorted(archive.getmembers(), key=lambda member: member.name):
            content = archive.extractfile(member) if member.name.endswith(".txt") else None
            if content is not None:
                _, label, name = member.name.split("/")
                # cv123_4567.txt belongs to fold 1
                reviews.append(Review(content.read().decode("utf-8", "replace"), label, int(name[2])))
    return reviews


def snips() -> dict[str, list[Command]]:
    """Commands by split: train, validation, test."""
    top = folder("snips")
    commands: dict[str, list[Command]] = {}
    for split, place in (("train", "train"), ("validation", "valid"), ("test", "test")):
        words, slots, intents = (_lines(top / place / part) for part in ("seq.in", "seq.out", "label"))
        commands[split] = [
            Command(tuple(said.split()), tuple(marks.split()), intent.strip())
            for said, marks, intent in zip(words, slots, intents, strict=True)
        ]
    return commands


def clinc150() -> dict[str, list[Labelled]]:
    """Requests by split: train, validation, test, and the same with _oos for those out of scope (label "oos")."""
    raw = json.loads((folder("clinc150") / "data_full.json").read_text(encoding="utf-8"))
    names = {"train": "train", "val": "validation", "test": "test"}
    return {
        name + tail: [Labelled(*entry) for entry in raw[head + key]]
        for head, tail in (("", ""), ("oos_", "_oos"))
        for key, name in names.items()
    }


def dialog_acts(domain: str) -> dict[str, list[Utterance]]:
    """Utterances of the domain "restaurant" or "hotel" by split: train, validation, test.

    Raises:
        DataError: no such domain.
    """
    if domain not in ("restaurant", "hotel"):
        raise DataError(f"domain must be restaurant or hotel; got {domain!r}.")
    utterances: dict[str, list[Utterance]] = {}
    for split, file in (("train", "train"), ("validation", "valid"), ("test", "test")):
        text = (folder("dialog_acts") / domain / f"{file}.json").read_text(encoding="utf-8")
        # The files are JSON below a banner of # signs.
        body = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
        utterances[split] = [Utterance(*entry) for entry in json.loads(body)]
    return utterances


def multi30k() -> dict[str, list[tuple[str, str]]]:
    """Pairs (German, English) by split: train, validation, test_2016, test_2017."""
    top = folder("multi30k")
    files = {"train": "train", "validation": "val", "test_2016": "test_2016_flickr", "test_2017": "test_2017_flickr"}
    return {
        split: list(zip(_lines(top / f"{file}.de.gz"), _lines(top / f"{file}.en.gz"), strict=True))
        for split, file in files.items()
    }


def _lines(file: Path, encoding: str = "utf-8") -> list[str]:
    content = file.read_bytes()
    text = (gzip.decompress(content) if file.suffix == ".gz" else content).decode(encoding)
    # Not splitlines, which also breaks at characters that stand within sentences here.
    return [line.rstrip("\r") for line in text.removesuffix("\n").split("\n")]


def _labelled(line: str) -> Labelled:
    label, _, text = line.partition(" ")
    return Labelled(text.strip(), label)
