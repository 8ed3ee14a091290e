"""The scorer's rules on cases worked out by hand."""

import math

import pytest

from gatelet.metrics import reference_bleu, slot_errors


def bleu(*corpus: tuple[list[str], list[str]]) -> float:
    return reference_bleu(([s.split() for s in written], [s.split() for s in wanted]) for written, wanted in corpus)


def test_a_reference_itself_scores_one() -> None:
    assert bleu((["a b c d e"], ["x", "a b c d e"])) == pytest.approx(1.0, abs=1e-6)


def test_ngrams_are_clipped_by_the_reference_that_has_them_most_often() -> None:
    # 1-grams 3 of 4 (a at most twice, b once), 2-grams "a a" 1 and "a b" 1 of 3, 3-grams "a a b" 1 of 2, no 4-gram
    found = bleu((["a a a b"], ["a a b", "b a x y"]))
    # next in length to 4 words are 4 words
    assert found == pytest.approx((3 / 4 * 2 / 3 * 1 / 2 * 1e-7) ** 0.25, rel=1e-4)


def test_the_brevity_penalty_takes_the_nearest_length_the_first_of_several() -> None:
    # 5 words between references of 4 and 6: the first counts
    assert bleu((["a b c d e"], ["a b c d", "a b c d e f"])) == pytest.approx(1.0, abs=1e-6)
    assert bleu((["a b c d e"], ["a b c d e f", "a b c d"])) == pytest.approx(math.exp(1 - 6 / 5), abs=1e-6)


def test_all_sentences_of_all_acts_count_in_one_corpus() -> None:
    # 6 + 2 of 9 1-grams, 5 of 7 2-grams, 4 of 5 3-grams, 3 of 3 4-grams
    found = bleu((["a b c d e f"], ["a b c d e f"]), (["x z", "y"], ["x y"]))
    wanted = 6 + 2 + 2
    assert found == pytest.approx(math.exp(1 - wanted / 9) * (8 / 9 * 5 / 6 * 4 / 4 * 3 / 3) ** 0.25, rel=1e-5)
    assert bleu(([""], ["a"])) == 0.0


def test_slots_left_out_repeated_and_made_up() -> None:
    said = {"name": ("SLOT_NAME",), "area": ("SLOT_AREA",), "kids": ("child", "kid")}
    wanted = {"name": 1, "kids": 1}
    assert slot_errors(wanted, "SLOT_NAME has a child menu".split(), said) == 0
    assert slot_errors(wanted, "SLOT_NAME in SLOT_AREA and SLOT_NAME".split(), said) == 3
    assert slot_errors(wanted, "child or kid".split(), said) == 2
    assert slot_errors({}, [], said) == 0
