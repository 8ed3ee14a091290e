"""Tokens back to text, for every unit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatelet.errors import ModelError
from gatelet.features.text import Spacing, TextSettings, fit_spacing, fit_text, join_tokens
from gatelet.features.text.splitting import plain

TEXTS = [
    "Two young, White males are outside (near many bushes).",
    'He says: "A T-shirt costs 5,99 €!"',
    "L'homme n'a rien dit; 東京 is a city 👩‍👩‍👧.",
    "שלום עולם",
]


@pytest.mark.parametrize("unit", ["space", "character", "byte", "bpe", "unigram"])
def test_what_was_split_is_put_together(unit: str) -> None:
    features = fit_text(TEXTS, TextSettings(unit=unit, lowercase=False, vocabulary_size=200))
    for text in [*TEXTS, "bushes (outside)", "an unseen ☃ here"]:
        assert join_tokens(features.tokens(text), unit, Spacing()) == plain(text)


@given(st.text(max_size=30))
def test_bytes_and_characters_lose_nothing_but_spaces(text: str) -> None:
    for unit in ("byte", "character"):
        features = fit_text(["a"], TextSettings(unit=unit, lowercase=False))
        joined = join_tokens(features.tokens(text), unit, Spacing())
        assert " ".join(joined.split()) == " ".join(plain(text).replace("\ufffd", "").split()) or "\ufffd" in plain(
            text
        )


def test_spaces_between_words_are_learned() -> None:
    spacing = fit_spacing(TEXTS[:2] * 3)
    features = fit_text(TEXTS, TextSettings(unit="word", lowercase=False))
    for text in [TEXTS[0], "A T-shirt (near many bushes), outside!"]:
        assert join_tokens(features.tokens(text), "word", spacing) == text
    assert Spacing.from_json(spacing.to_json()) == spacing
    with pytest.raises(ModelError):
        Spacing.from_json({"before": "a", "after": []})


def test_a_broken_sequence_of_bytes_is_no_error() -> None:
    assert join_tokens(["e2", "82"], "byte", Spacing()) == "\ufffd"


def test_a_mark_of_punctuation_is_a_subword_of_its_own() -> None:
    features = fit_text(["a street. a street, a street!"] * 9, TextSettings(unit="bpe", vocabulary_size=40, buckets=0))
    assert features.tokens("a street!") == ["▁a", "▁street", "!"]
    assert features.tokens("☃") == ["▁", "☃"]
