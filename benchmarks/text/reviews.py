"""review_polarity: 2,000 long reviews, ten folds. Run: python benchmarks/text/reviews.py

Fold k is the test part of model k, fold k + 1 chooses its epoch, the other eight are learned from; the linear model
beside it learns from the same eight. `--validation` scores fold k + 1 and leaves the test parts alone. Every fold is
kept as it ends, and a run that was stopped goes on with the next; `--cell lstm --folds 3` compares train times.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np
from sets import Choice, labelled
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC
from tables import keep_runs, known_runs, spread, write

from gatelet import ClassifierSettings, TextSettings
from gatelet.datasets.text import review_polarity
from gatelet.features.text import Texts

CHOICE = Choice(
    title="Long reviews (review_polarity), ten folds",
    metrics=("accuracy",),
    reading=TextSettings(unit="space", min_count=2, max_length=1000),
    network=ClassifierSettings(
        hidden_size=32,
        embedding_size=32,
        pooling="mean",
        segment_length=50,
        dropout=0.7,
        embedding_dropout=0.5,
        word_dropout=0.5,
        pair_buckets=2**17,
        vote_once=True,
    ),
    training={"epochs": 6, "batch_size": 16, "learning_rate": 5e-3},
    more={"label_smoothing": 0.1},
)

NAMES = {"gru": "reviews", "lstm": "reviews_lstm"}


def linear(train: Texts, test: Texts) -> float:
    """Accuracy of a linear support vector machine on the presence of words."""
    words = TfidfVectorizer(token_pattern=r"\S+", binary=True, use_idf=False)
    truth, wanted = ([classes[0] for classes in part.labels or ()] for part in (train, test))
    machine = LinearSVC(C=1.0).fit(words.fit_transform(train.texts), truth)
    return float(np.mean(machine.predict(words.transform(test.texts)) == np.array(wanted)))


def main() -> None:
    """Train a model per fold, score each once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folds", type=int, default=10)
    parser.add_argument("--cell", choices=("gru", "lstm"), default="gru")
    parser.add_argument("--validation", action="store_true", help="score the validation folds, write nothing")
    asked = parser.parse_args()
    name, settings = NAMES[asked.cell], CHOICE.described(asked.cell)
    runs = [] if asked.validation else known_runs(name, settings)
    for fold in range(asked.folds):
        if any(run["fold"] == fold for run in runs):
            continue
        runs.append(one_fold(fold, asked.cell, asked.validation) | {"settings": settings})
        print(runs[-1], flush=True)
        if not asked.validation:
            keep_runs(name, runs)
    if not asked.validation:
        report(asked.cell, runs)


def one_fold(fold: int, cell: str, on_validation: bool) -> dict[str, Any]:
    """Train on eight folds; score one, and the linear model beside it."""
    rows, following = review_polarity(), (fold + 1) % 10
    train = labelled([row for row in rows if row.fold not in (fold, following)])
    validation = labelled([row for row in rows if row.fold == following])
    scored = validation if on_validation else labelled([row for row in rows if row.fold == fold])
    classifier = CHOICE.classifier(cell)
    started = time.perf_counter()
    classifier.fit(train, validation=validation, training=CHOICE.settings(fold))
    return {
        "fold": fold,
        "seconds": time.perf_counter() - started,
        "best_epoch": classifier.history.best.epoch,
        "losses": [epoch.validation_loss for epoch in classifier.history.epochs],
        "gatelet": classifier.evaluate(scored).overall["gatelet"]["accuracy"],
        "linear": linear(train, scored),
    }


def report(cell: str, runs: list[dict[str, Any]]) -> None:
    """The table: this cell, the other one where its runs are there, a linear model, and what others report."""
    table: list[dict[str, Any]] = []
    for kind, name in NAMES.items():
        known = runs if kind == cell else known_runs(name, CHOICE.described(kind))
        if known:
            seconds = [run["seconds"] for run in known]
            table.append(
                {
                    "method": f"gatelet {kind.upper()}, this run",
                    "folds": len(known),
                    "accuracy": spread([run["gatelet"] for run in known]),
                    "training, s per fold": f"{np.median(seconds):.0f} ({min(seconds):.0f} to {max(seconds):.0f})",
                }
            )
    table += [
        {
            "method": "linear SVM on the presence of words, this run",
            "folds": len(runs),
            "accuracy": spread([run["linear"] for run in runs]),
        },
        {"method": "SVM on unigrams (Pang and Lee 2004)", "folds": 10, "accuracy": "0.829 to 0.87"},
    ]
    notes = "Mean ± standard deviation over the folds of 200 reviews."
    more = "" if cell == "gru" else f" --cell {cell}"
    write(NAMES[cell], CHOICE.title, f"python benchmarks/text/reviews.py{more}", table, notes, runs)


if __name__ == "__main__":
    main()
