"""Pieces of text, put together, are the text; none holds half a character."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatelet.features.text import Spacing, TextSettings, Writer, fit_spacing, fit_text, join_tokens, lines_of

TEXT = 'Der Bär schläft, "sagt" sie.\nÉté — 東京 (tokyo)!\n\n👩‍👩‍👧 lacht'


def pieces(lines: list[list[str]], unit: str, spacing: Spacing) -> list[str]:
    writer, found = Writer(unit, spacing), []
    for number, tokens in enumerate(lines):
        found += [writer.line()] * (number > 0) + [writer.add(token) for token in tokens]
    return [*found, writer.end()]


@pytest.mark.parametrize("unit", ["word", "space", "character", "byte", "bpe", "unigram"])
def test_put_together_they_are_the_text(unit: str) -> None:
    lines = lines_of(TEXT)
    features = fit_text([line for line in lines if line] * 3, TextSettings(unit=unit, lowercase=False, buckets=0))
    spacing = fit_spacing(lines)
    tokens = [features.tokens(line) if line else [] for line in lines]
    found = pieces(tokens, unit, spacing)
    assert "".join(found) == "\n".join(join_tokens(line, unit, spacing) for line in tokens)
    if unit != "word":
        assert "".join(found) == "\n".join(lines)
    assert all("\ufffd" not in piece for piece in found)


@settings(max_examples=60)
@given(st.lists(st.lists(st.sampled_from(["▁", "▁a", "b", "c▁", "▁▁"]), max_size=6), min_size=1, max_size=3))
def test_spaces_between_subwords_wait_until_something_follows(lines: list[list[str]]) -> None:
    found = pieces(lines, "bpe", Spacing())
    assert "".join(found) == "\n".join(join_tokens(line, "bpe", Spacing()) for line in lines)


@settings(max_examples=60)
@given(st.binary(max_size=12))
def test_bytes_wait_for_their_character_and_broken_ones_are_marked(content: bytes) -> None:
    found = pieces([[f"{byte:02x}" for byte in content]], "byte", Spacing())
    assert "".join(found) == content.decode("utf-8", "replace")
