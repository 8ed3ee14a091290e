import pytest

from gatelet.errors import DataError
from gatelet.features.text.vocabulary import UNKNOWN, Vocabulary, count_vocabulary


def test_frequent_tokens_come_first_and_rare_ones_not_at_all() -> None:
    vocabulary = count_vocabulary("b a b c a b".split(), least=2, most=10, buckets=0)
    assert vocabulary.tokens == ("b", "a") and len(vocabulary) == 4
    assert [vocabulary.id(token) for token in ("b", "a", "c")] == [2, 3, UNKNOWN]
    assert count_vocabulary(["z", "y", "x"], least=1, most=2, buckets=0).tokens == ("x", "y")


def test_unknown_tokens_keep_to_their_bucket() -> None:
    vocabulary = Vocabulary(("a",), 5)
    numbers = {token: vocabulary.id(token) for token in ("b", "ü", "日本", "\ud800")}
    assert all(3 <= number < 8 == len(vocabulary) for number in numbers.values())
    assert vocabulary.id("b") == vocabulary.bucket("b") == 3 + 0x71BEEFF9 % 5  # CRC-32 of b"b"
    assert vocabulary.id("a") == 2 and "a" in vocabulary and "b" not in vocabulary


def test_a_token_stands_once() -> None:
    with pytest.raises(DataError, match="'a' is there twice"):
        Vocabulary(("a", "b", "a"))
