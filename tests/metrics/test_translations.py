import pytest

from gatelet.metrics.translations import text_scores

WANTED = ["A man sleeps on a green couch.", "Two dogs run through the snow."]


def test_what_is_right_gets_all() -> None:
    scores = text_scores(WANTED, WANTED)
    assert [scores.bleu, scores.chrf] == pytest.approx([100.0, 100.0]) and scores.exact == 1.0
    assert "tok:13a" in scores.signatures["bleu"] and "case:mixed" in scores.signatures["bleu"]
    assert "nc:6" in scores.signatures["chrf"]


def test_small_letters_count_as_capitals_when_asked() -> None:
    small = [text.lower() for text in WANTED]
    assert text_scores(small, WANTED).exact == 0.0
    scores = text_scores(small, WANTED, lowercase=True)
    assert [scores.exact, scores.bleu] == pytest.approx([1.0, 100.0]) and "case:lc" in scores.signatures["bleu"]


def test_counts_must_agree() -> None:
    for written in (["a"], []):
        with pytest.raises(ValueError, match="one at least"):
            text_scores(written, [])
