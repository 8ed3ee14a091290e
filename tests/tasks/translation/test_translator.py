"""Translators: they learn, they search, they say what they do not know."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gatelet.errors import DataError, GateletError
from gatelet.features.text import TextSettings
from gatelet.nn.beam_search import SearchSettings
from gatelet.tasks.translation import Translator, TranslatorSettings
from gatelet.training import TrainingSettings

from .conftest import CHARACTERS, DIGITS, Pair, spelled

New = Callable[..., Translator]


def test_it_learns_to_spell(fitted: Translator) -> None:
    scores = fitted.evaluate(spelled(60, seed=1))
    assert scores.overall["gatelet"]["exact"] > 0.9 > 0.1 > scores.overall["source copied"]["exact"]
    assert scores.overall["gatelet"]["bleu"] > 90.0 and scores.pairs == 60
    assert fitted.metrics["test"] == scores.overall and "case:lc" in scores.signatures["bleu"]


def test_candidates_come_in_order_and_attention_with_them(fitted: Translator) -> None:
    found = fitted.predict(["123", "4"], search=SearchSettings(beams=4, best=3))
    assert found.texts == ("three two one", "four")
    for tokens, candidates in zip(found.source_tokens, found.candidates, strict=True):
        scores = [each.score for each in candidates]
        assert len(candidates) == 3 and scores == sorted(scores, reverse=True)
        assert len({each.text for each in candidates}) == 3
        for each in candidates:
            assert each.attention.shape == (len(each.tokens), len(tokens)) and (each.attention.sum(1) <= 1.001).all()
    frame = found.frame()
    assert frame.columns == ["text", "rank", "translation", "score", "log_probability"]
    assert frame["rank"].to_list() == [1, 2, 3] * 2


def test_the_company_of_other_texts_does_not_matter(fitted: Translator) -> None:
    sources = [source for source, _ in spelled(40, seed=2)]
    together = fitted.predict(sources)
    for source, candidates in zip(sources, together.candidates, strict=True):
        (alone,) = fitted.predict([source]).candidates[0]
        assert alone.text == candidates[0].text
        assert alone.score == pytest.approx(candidates[0].score, abs=1e-5)


def test_texts_of_nothing_become_nothing(fitted: Translator) -> None:
    found = fitted.predict(["", "12", " \t", "\u200f"])
    assert found.texts == ("", "two one", "", "") and found.candidates[0][0].attention.shape[0] == 0


def test_strange_texts_are_no_error(fitted: Translator) -> None:
    texts = ["1" * 100_000, "👩‍👩‍👧 \x00\x07", "שלום", "1\u202e2"]
    assert len(fitted.predict(texts, search=SearchSettings(beams=2)).texts) == 4


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (("words", "digits"), "This model translates digits to words; got words to digits."),
        (("digits", "digits"), "languages must be the names of two that differ"),
        (("digits",), "languages must be the names of two; got"),
    ],
)
def test_a_pair_that_it_does_not_know(asked: Any, words: str, fitted: Translator) -> None:
    assert fitted.predict(["1"], languages=("digits", "words")).texts == ("one",)
    with pytest.raises(GateletError) as caught:
        fitted.predict(["1"], languages=asked)
    assert words in str(caught.value)


def test_without_names_no_pair_can_be_asked_for(new: New, brief: TrainingSettings) -> None:
    translator = new().fit(spelled(40), training=brief)
    with pytest.raises(GateletError, match="fitted without names of languages"):
        translator.predict(["1"], languages=("de", "en"))


VARIANTS: dict[str, dict[str, Any]] = {
    "lstm": {"cell": "lstm", "num_layers": 2, "decoder_layers": 3},
    "feeding": {"input_feeding": True, "decoder_layers": 1},
    "coverage": {"coverage": True, "attention": "additive", "input_feeding": True},
    "dot": {"attention": "dot", "tied": False},
    "sampling": {"scheduled_sampling": 0.3, "label_smoothing": 0.1, "dropout": 0.2, "embedding_dropout": 0.2},
    "shared": {"shared_vocabulary": True, "source": CHARACTERS, "target": CHARACTERS},
    "bpe": {"source": TextSettings(unit="bpe", vocabulary_size=40), "target": TextSettings(unit="byte")},
}


@pytest.mark.parametrize("name", list(VARIANTS))
def test_every_variant_learns(name: str, new: New) -> None:
    training = TrainingSettings(epochs=6, batch_size=8, learning_rate=1e-2)
    translator = new(**VARIANTS[name]).fit(spelled(), training=training)
    losses = [epoch.validation_loss for epoch in translator.history.epochs]
    assert losses[-1] < 0.85 * losses[0] and np.isfinite(losses).all()
    assert len(translator.predict(["12", "3"]).texts) == 2


def mirrored(rows: int) -> list[Pair]:
    """Words written backwards, but for names, each of which is seen once."""
    rng = np.random.default_rng(0)
    pairs = []
    for row in range(rows):
        words = rng.choice(DIGITS, rng.integers(2, 6)).tolist()
        written = [word[::-1] for word in words]
        for place in np.flatnonzero(rng.random(len(words)) < 0.3):
            words[place] = written[place] = f"name{row}x{place}"
        pairs.append((" ".join(words), " ".join(written)))
    return pairs


def test_unknown_words_are_copied_from_where_it_looked(new: New) -> None:
    reading = TextSettings(unit="word", min_count=2, buckets=0)
    training = TrainingSettings(epochs=10, batch_size=16, learning_rate=1e-2)
    translator = new(source=reading, target=reading).fit(mirrored(400), training=training)
    found = translator.predict(["one zebra six three", "zebra two horse"])
    assert found.texts == ("eno zebra xis eerht", "zebra owt horse")


def test_the_same_seed_gives_the_same_model(new: New, brief: TrainingSettings) -> None:
    first, second = (new(scheduled_sampling=0.2, dropout=0.3).fit(spelled(60), training=brief) for _ in range(2))
    assert [each.train_loss for each in first.history.epochs] == [each.train_loss for each in second.history.epochs]


def test_in_bfloat16_it_learns_too(new: New) -> None:
    training = TrainingSettings(epochs=6, batch_size=8, learning_rate=1e-2, precision="bf16")
    losses = [epoch.validation_loss for epoch in new().fit(spelled(), training=training).history.epochs]
    assert losses[-1] < 0.85 * losses[0]


def test_parallel_files_and_a_validation_part(new: New, brief: TrainingSettings, tmp_path: Path) -> None:
    for name, side in (("a", 0), ("b", 1)):
        (tmp_path / name).write_text("\n".join(pair[side] for pair in spelled(40)) + "\n\n")
    files = (tmp_path / "a", tmp_path / "b")
    translator = new().fit(files, training=brief, validation=spelled(20, seed=3))
    assert translator.metrics["pairs"] == 40  # the line of nothing is left out
    assert len(translator.predict(tmp_path / "a").texts) == 41
    (tmp_path / "b").write_text("one\n")
    with pytest.raises(DataError, match="they have 41 and 1"):
        new().fit(files, training=brief)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"label_smoothing": 1.0}, "label_smoothing must be in [0, 1); got 1.0."),
        ({"shared_vocabulary": True}, "A shared vocabulary needs source and target to be split alike"),
        ({"source": TextSettings(spelling_buckets=5)}, "spelling_buckets, which must be 0; got 5."),
        ({"coverage": True}, "coverage needs additive attention; got general."),
        ({"attention": "dot", "hidden_size": 15}, "hidden_size must be even for dot attention; got 15."),
        ({"hidden_size": 0}, "hidden_size must be a whole number of at least 1; got 0."),
        ({"cell": "rnn"}, "cell must be one of gru, lstm; got rnn."),
        ({"dropout": 1.0}, "dropout must be in [0, 1); got 1.0."),
    ],
)
def test_settings_out_of_range(options: dict[str, Any], words: str, new: New) -> None:
    with pytest.raises(GateletError) as caught:
        new(**options)
    assert words in str(caught.value)


def test_errors_before_and_in_fitting(new: New, brief: TrainingSettings) -> None:
    with pytest.raises(GateletError, match="must be fitted first"):
        Translator(network=TranslatorSettings()).predict(["a"])
    with pytest.raises(DataError, match="Pairs must be two at least"):
        new().fit([("1", "one")], training=brief)
    with pytest.raises(DataError, match="must have words on both sides"):
        new().fit([("1", ""), ("", "one")], training=brief)
    with pytest.raises(GateletError, match="validation_share"):
        new().fit(spelled(10), validation_share=1.0)
