"""The verbs of a language model on a text that can be foretold."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from gatelet.errors import DataError, GateletError
from gatelet.features.text import TextSettings
from gatelet.nn.sampling import SamplingSettings
from gatelet.tasks.language_modelling import LanguageModel
from gatelet.training import TrainingSettings

from .conftest import SPACES, New, counted


def test_it_learns_to_count(fitted: LanguageModel) -> None:
    scores = fitted.evaluate([counted(40, seed=5)])
    # about a third of the tokens, line ends and what comes first in a line, cannot be foretold
    assert scores.overall["gatelet"]["perplexity"] < 3.0 < 8.0 < scores.overall["frequencies"]["perplexity"]
    assert set(scores.overall["xz"]) == {"bits_per_character"} and scores.documents == 1 and scores.unknown == 0.0
    assert fitted.metrics["test"] == scores.overall
    (text,) = fitted.predict("4 5", sampling=SamplingSettings(top_k=1, max_length=2)).texts
    assert text.split()[0] == "6"


def test_perplexity_and_bits_are_of_the_same_nats(fitted: LanguageModel) -> None:
    text = counted(30, seed=9)
    scores = fitted.evaluate([text])
    model = scores.overall["gatelet"]
    assert scores.characters == len(text) + 1
    nats = np.log(model["perplexity"]) * scores.tokens
    assert model["bits_per_character"] == pytest.approx(nats / np.log(2) / scores.characters)


def test_unknown_words_cost_their_spelling(fitted: LanguageModel) -> None:
    known, strange = fitted.evaluate(["1 2 3"]), fitted.evaluate(["1 2 x"])
    assert strange.unknown == 0.25 and known.unknown == 0.0
    bits = [each.overall["gatelet"]["bits_per_character"] * 6 for each in (known, strange)]
    assert bits[1] > bits[0] + 16


VARIANTS: dict[str, dict[str, Any]] = {
    "awd": {"cell": "lstm", "num_layers": 2, "weight_drop": 0.2, "token_dropout": 0.05, "dropout": 0.1,
            "layer_dropout": 0.1, "embedding_dropout": 0.1, "varied": True, "activation_penalty": 0.01,
            "change_penalty": 0.01},
    "untied": {"tied": False, "hidden_size": 16},
    "character": {"text": TextSettings(unit="character")},
    "byte": {"text": TextSettings(unit="byte"), "num_layers": 2},
    "bpe": {"text": TextSettings(unit="bpe", vocabulary_size=30)},
    "unigram": {"text": TextSettings(unit="unigram", vocabulary_size=30)},
    "word": {"text": TextSettings(unit="word")},
}  # fmt: skip


@pytest.mark.parametrize("name", list(VARIANTS))
def test_every_variant_learns_and_writes(name: str, new: New) -> None:
    training = TrainingSettings(epochs=4, batch_size=8, learning_rate=2e-2)
    model = new(**({"text": SPACES} | VARIANTS[name])).fit([counted()], training=training)
    losses = [epoch.validation_loss for epoch in model.history.epochs]
    assert losses[-1] < 0.95 * losses[0] and np.isfinite(losses).all()
    (text,) = model.predict("1 2", sampling=SamplingSettings(max_length=40, seed=0)).texts
    assert set(text) <= set("0123456789 \n")
    bits = model.evaluate([counted(20, seed=3)]).overall
    assert bits["gatelet"]["bits_per_character"] < bits["frequencies"]["bits_per_character"]


def test_the_same_seed_gives_the_same_model_and_the_same_text(new: New, brief: TrainingSettings) -> None:
    first, second = (new(dropout=0.2, weight_drop=0.2, varied=True).fit([counted()], training=brief) for _ in range(2))
    assert [each.train_loss for each in first.history.epochs] == [each.train_loss for each in second.history.epochs]
    sampling = SamplingSettings(seed=3, max_length=50)
    assert first.predict(sampling=sampling).texts == second.predict(sampling=sampling).texts


def test_a_training_goes_on_as_if_it_had_not_stopped(new: New, tmp_path: Path) -> None:
    def fit(model: LanguageModel, epochs: int, **options: Any) -> list[float]:
        settings = TrainingSettings(epochs=epochs, batch_size=4, schedule="constant")
        model.fit([counted()], training=settings, **options)
        return [epoch.train_loss for epoch in model.history.epochs]

    whole = fit(new(dropout=0.2), 4)
    fit(new(dropout=0.2), 2, checkpoints=tmp_path)
    assert fit(new(dropout=0.2), 4, checkpoints=tmp_path, resume=True) == whole


def test_documents_files_and_a_validation_part(new: New, brief: TrainingSettings, tmp_path: Path) -> None:
    rows = counted(200).split("\n")
    pl.DataFrame({"tale": rows}).write_csv(tmp_path / "rows.csv")
    (tmp_path / "held.txt").write_text(counted(10, seed=4))
    model = new(column="tale").fit(tmp_path / "rows.csv", training=brief, validation=tmp_path / "held.txt")
    assert model.metrics["tokens"] == len("\n".join(rows)) + 1
    for metric in ("perplexity", "bits_per_character"):
        noted = model.metrics[metric]
        copy = LanguageModel.load(model.save(tmp_path / metric))
        assert copy.evaluate(tmp_path / "held.txt").overall["gatelet"][metric] == pytest.approx(noted, rel=1e-4)
    assert model.evaluate(pl.DataFrame({"tale": rows[:7]})).documents == 7


def test_nothing_of_the_held_out_end_is_known(new: New, brief: TrainingSettings) -> None:
    model = new(text=TextSettings(unit="space", min_count=1)).fit([counted(100) + "\nzz zz zz"], training=brief)
    assert "zz" not in model.fitted_script.features.vocabulary.tokens


def test_in_bfloat16_it_learns_too(new: New) -> None:
    training = TrainingSettings(epochs=4, batch_size=8, learning_rate=2e-2, precision="bf16")
    losses = [epoch.validation_loss for epoch in new(text=SPACES).fit([counted()], training=training).history.epochs]
    assert losses[-1] < 0.85 * losses[0]


def test_errors_before_and_in_fitting(new: New, brief: TrainingSettings, tmp_path: Path) -> None:
    with pytest.raises(GateletError, match="must be fitted first"):
        LanguageModel().stream()
    with pytest.raises(GateletError, match="spelling_buckets, which must be 0; got 9"):
        LanguageModel(text=TextSettings(spelling_buckets=9))
    with pytest.raises(GateletError, match="validation_share"):
        new().fit(["a b"], validation_share=1.0)
    with pytest.raises(DataError, match="must hold text; it holds none"):
        new().fit([" \n"], training=brief)
    with pytest.raises(DataError, match=r"must hold a segment of 20 tokens; it holds 8\."):
        new().fit(["1 2 3 4\n5"], training=brief)
    (tmp_path / "latin.txt").write_bytes("un café".encode("latin-1"))
    with pytest.raises(DataError, match=r"latin.txt must be UTF-8; got byte 0xe9 at offset 6\."):
        new().fit(tmp_path / "latin.txt", training=brief)
    with pytest.raises(GateletError, match="unit must be one of word, space, character, byte, bpe, unigram; got words"):
        TextSettings(unit="words")


def test_strange_texts_are_no_error(new: New, brief: TrainingSettings) -> None:
    strange = ["x" * 3000, "👩‍👩‍👧 \x00\x07\u202e", "שלום\n" * 40, ""]
    for unit in ("character", "byte", "word"):
        model = new(text=TextSettings(unit=unit)).fit(strange * 5, training=brief)
        found = model.predict(["👩‍👩‍👧", "\u202e", "\n\n", " "], sampling=SamplingSettings(max_length=9))
        assert len(found) == 4 and np.isfinite(model.evaluate(strange).overall["gatelet"]["bits_per_character"])
