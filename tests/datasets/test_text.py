from collections import Counter
from pathlib import Path

import pytest

from gatelet.datasets import text
from gatelet.errors import DataError


def test_sentiment(shared_data: Path) -> None:
    assert [len(part) for part in text.sentiment("sst2").values()] == [6920, 872, 1821]
    assert [len(part) for part in text.sentiment("trec").values()] == [5452, 500]
    assert Counter(entry.label for entry in text.sentiment("mr")["train"]) == {"0": 5331, "1": 5331}
    assert text.sentiment("sst2")["validation"][0] == ("one long string of cliches .", "0")
    with pytest.raises(DataError, match="corpus must be one of sst2, trec, mr; got 'imdb'."):
        text.sentiment("imdb")


def test_review_polarity(shared_data: Path) -> None:
    reviews = text.review_polarity()
    assert set(Counter((review.label, review.fold) for review in reviews).values()) == {100}
    assert len(reviews) == 2000 and reviews[0].text.startswith("plot : two teen couples")


def test_snips(shared_data: Path) -> None:
    commands = text.snips()
    assert [len(part) for part in commands.values()] == [13_084, 700, 700]
    assert len({command.intent for command in commands["train"]}) == 7
    assert len({slot for command in commands["train"] for slot in command.slots}) == 72
    assert all(len(command.words) == len(command.slots) for part in commands.values() for command in part)


def test_clinc150(shared_data: Path) -> None:
    requests = text.clinc150()
    assert {name: len(part) for name, part in requests.items()} == {
        "train": 15_000, "validation": 3000, "test": 4500, "train_oos": 100, "validation_oos": 100, "test_oos": 1000,
    }  # fmt: skip
    assert len({request.label for request in requests["train"]}) == 150
    assert {request.label for request in requests["test_oos"]} == {"oos"}


def test_dialog_acts(shared_data: Path) -> None:
    assert [len(part) for part in text.dialog_acts("restaurant").values()] == [3114, 1039, 1039]
    hotel = text.dialog_acts("hotel")
    assert [len(part) for part in hotel.values()] == [3223, 1075, 1075]
    assert hotel["test"][-1] == ("goodbye()", "goodbye", "goodbye")
    with pytest.raises(DataError, match="domain must be restaurant or hotel; got 'tv'."):
        text.dialog_acts("tv")


def test_multi30k(shared_data: Path) -> None:
    pairs = text.multi30k()
    assert [len(part) for part in pairs.values()] == [29_000, 1014, 1000, 1000]
    assert pairs["validation"][1][0] == "Ein Mann schläft in einem grünen Raum auf einem Sofa."
