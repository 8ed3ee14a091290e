"""review_polarity: 2,000 long reviews, ten folds. Run: python benchmarks/text/reviews.py

Fold k is the test part of model k, fold k + 1 chooses its epoch, the other eight are learned from; the linear model
beside it learns from the same eight. `--validation` scores fold k + 1 and leaves the test parts alone.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np
from sets import Choice, labelled
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC
from tables import spread, write

from gatelet import ClassifierSettings, TextSettings
from gatelet.datasets.text import review_polarity
from gatelet.features.text import Texts

CHOICE = Choice(
    title="Long reviews (review_polarity), ten folds",
    metrics=("accuracy",),
    reading=TextSettings(unit="space", min_count=2, max_length=1000),
    network=ClassifierSettings(
        hidden_size=64,
        embedding_size=64,
        segment_length=50,
        dropout=0.5,
        embedding_dropout=0.5,
        word_dropout=0.1,
        pair_buckets=2**17,
    ),
    training={"epochs": 5, "batch_size": 16, "learning_rate": 5e-3},
)


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
    rows = review_polarity()
    runs: list[dict[str, Any]] = []
    for fold in range(asked.folds):
        following = (fold + 1) % 10
        train = labelled([row for row in rows if row.fold not in (fold, following)])
        validation = labelled([row for row in rows if row.fold == following])
        scored = validation if asked.validation else labelled([row for row in rows if row.fold == fold])
        classifier = CHOICE.classifier(asked.cell)
        started = time.perf_counter()
        classifier.fit(train, validation=validation, training=CHOICE.settings(fold))
        run: dict[str, Any] = {
            "fold": fold,
            "seconds": time.perf_counter() - started,
            "best_epoch": classifier.history.best.epoch,
        }
        run |= {"losses": [epoch.validation_loss for epoch in classifier.history.epochs]}
        run |= {"gatelet": classifier.evaluate(scored).overall["gatelet"]["accuracy"], "linear": linear(train, scored)}
        print(run, flush=True)
        runs.append(run)
    if asked.validation:
        return
    table: list[dict[str, Any]] = [
        {
            "method": f"gatelet {asked.cell.upper()}, this run",
            "accuracy": spread([run["gatelet"] for run in runs]),
            "training, s": f"{max(run['seconds'] for run in runs):.0f} at most",
        },
        {
            "method": "linear SVM on the presence of words, this run",
            "accuracy": spread([run["linear"] for run in runs]),
        },
        {"method": "SVM on unigrams (Pang and Lee 2004: 10 folds)", "accuracy": "0.829 to 0.87"},
    ]
    notes = f"Mean ± standard deviation over {len(runs)} folds of 200 reviews."
    name = "reviews" if asked.cell == "gru" else f"reviews_{asked.cell}"
    more = "" if asked.cell == "gru" else f" --cell {asked.cell}"
    write(name, CHOICE.title, f"python benchmarks/text/reviews.py{more}", table, notes, runs)


if __name__ == "__main__":
    main()
