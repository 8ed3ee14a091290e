"""What is learned of a language, and how texts become numbers."""

import importlib
from types import ModuleType

import numpy as np
import pytest

from gatelet.errors import DataError, GateletError, MissingExtraError, ModelError
from gatelet.features.text import TextFeatures, TextSettings, fit_text
from gatelet.features.text.vocabulary import UNKNOWN

TEXTS = ["The cat sat.", "the dog sat", "", "a cat"]


@pytest.mark.parametrize("unit", ["word", "space", "character", "byte", "bpe", "unigram"])
def test_texts_become_numbers_and_features_come_back(unit: str) -> None:
    features = fit_text(TEXTS * 10, TextSettings(unit=unit, vocabulary_size=60, spelling_buckets=17))
    again = TextFeatures.from_json(features.to_json())
    assert again.settings == features.settings and again.vocabulary == features.vocabulary
    for text in (*TEXTS, "THE horse 🐎 sat"):
        assert again.tokens(text) == features.tokens(text)
    tokens = features.encode([*TEXTS, "THE horse 🐎 sat"])
    assert len(tokens) == 5 and (tokens.lengths >= 1).all()
    assert tokens.lengths.tolist() == [len(features.tokens(text)) for text in (*TEXTS, "THE horse 🐎 sat")]
    assert tokens.ids.max() < len(features.vocabulary) and tokens.spelling.max() < 17
    np.testing.assert_array_equal(again.encode(TEXTS).ids, features.encode(TEXTS).ids)


def test_words_are_numbered_by_the_training_texts_alone() -> None:
    features = fit_text(TEXTS, TextSettings(buckets=0))
    assert features.vocabulary.tokens == ("cat", "sat", "the", ".", "a", "dog")
    tokens = features.encode(["the horse", ""])
    assert tokens.ids[tokens.places].tolist() == [4, UNKNOWN, UNKNOWN]
    assert TextSettings() == TextSettings(unit="word") and fit_text(
        ["A a"], TextSettings(lowercase=False)
    ).vocabulary.tokens == ("A", "a")


def test_spelling_likens_words_that_training_has_not_shown() -> None:
    features = fit_text(TEXTS, TextSettings(spelling_buckets=10_000))
    tokens = features.encode(["walked walking zebra"])
    walked, walking, zebra = (
        set(tokens.spelling[begin:end].tolist())
        for begin, end in zip(tokens.spelling_offsets[:-1], tokens.spelling_offsets[1:], strict=True)
    )
    assert len(walked & walking) >= 6 and not walked & zebra


def test_a_line_of_100_000_words_is_read_from_both_ends() -> None:
    line = " ".join(f"w{number}" for number in range(100_000))
    features = fit_text([line], TextSettings(max_length=5))
    assert features.tokens(line) == ["w0", "w1", "w2", "w99998", "w99999"]
    assert features.encode([line, "w1"]).lengths.tolist() == [5, 1]


def test_texts_without_a_word_teach_nothing() -> None:
    with pytest.raises(DataError, match="must hold a word; all 2 are empty"):
        fit_text(["", " \x07 "], TextSettings())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"unit": "syllable"}, "unit must be one of word, space, character, byte, bpe, unigram; got syllable."),
        ({"max_length": 1}, "max_length must be a whole number from 2"),
        ({"buckets": -1}, "buckets must be a whole number from 0"),
        ({"min_count": 1.5}, "min_count must be a whole number from 1"),
    ],
)
def test_settings_are_checked(options: dict[str, object], message: str) -> None:
    with pytest.raises(GateletError, match=message):
        TextSettings(**options)  # type: ignore[arg-type]


def test_subwords_without_the_library_say_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.import_module

    def missing(name: str, package: str | None = None) -> ModuleType:
        if name.startswith("tokenizers"):
            raise ModuleNotFoundError(name=name)
        return real(name, package)

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(
        MissingExtraError, match=r'Subwords need tokenizers; install it with: pip install "gatelet\[text\]"'
    ):
        fit_text(TEXTS, TextSettings(unit="bpe"))


@pytest.mark.parametrize("change", [{"tokens": 3}, {"tokens": [1]}, {"subwords": "{}"}, {"subwords": 4}])
def test_damaged_features_are_refused(change: dict[str, object]) -> None:
    unit = "bpe" if change.get("subwords") == 4 else "word"
    with pytest.raises(ModelError):
        TextFeatures.from_json(fit_text(TEXTS, TextSettings(unit=unit)).to_json() | change)
    with pytest.raises(ModelError, match="subwords must be a tokenizer in JSON"):
        TextFeatures.from_json(fit_text(TEXTS, TextSettings(unit="bpe")).to_json() | {"subwords": "{}"})
