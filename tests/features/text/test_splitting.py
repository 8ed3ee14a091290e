"""Every script gives sensible tokens, and nothing invisible gets through."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatelet.features.text.splitting import characters, octets, plain, spaced, words


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("Don't stop, it's GOOD!!", ["Don't", "stop", ",", "it's", "GOOD", "!", "!"]),
        ("cafe\u0301 na\u00efve", ["caf\u00e9", "na\u00efve"]),
        ("नमस्ते दुनिया", ["नमस्ते", "दुनिया"]),
        ("👩‍👩‍👧‍👦 👍🏽🇩🇪 1️⃣", ["👩‍👩‍👧‍👦", "👍🏽", "🇩🇪", "1️⃣"]),
        ("שלום עולם\u200f!", ["שלום", "עולם", "!"]),
        ("مَرحَبًا بك", ["مَرحَبًا", "بك"]),
        ("日本語 text", ["日", "本", "語", "text"]),
        ("bell\x07 nul\x00 es\x1bcape", ["bell", "nul", "escape"]),
        ("half \ud800 pair", ["half", "\ufffd", "pair"]),
        ("", []),
        (" \t\n\u3000", []),
    ],
)
def test_words(text: str, tokens: list[str]) -> None:
    assert words(text) == tokens


def test_other_units() -> None:
    assert spaced("do n't  stop\u00a0!") == ["do", "n't", "stop", "!"]
    assert spaced("a \x07 b") == ["a", "\ufffd", "b"], "a word of which nothing is left keeps its place"
    assert characters("a  é\n") == ["a", " ", "é"]
    assert octets("aé") == ["61", "c3", "a9"]


@given(st.text())
def test_any_text_is_split_without_loss(text: str) -> None:
    kept = [character for character in plain(text) if not character.isspace()]
    assert [character for word in words(text) for character in word] == kept
    assert len(spaced(text)) == len(text.split())
    assert plain(plain(text)) == plain(text)
    assert bytes.fromhex("".join(octets(text))).decode("utf-8") == plain(text)
