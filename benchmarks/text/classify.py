"""Public sets of short texts. Run: python benchmarks/text/classify.py SET, of sst2, trec, snips, clinc150.

The settings stand in sets.py and were chosen by the validation parts; `--validation` scores those again and leaves the
test part alone. Every seed is kept as it ends, and a run that was stopped goes on with the next.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np
from sets import CHOICES, READERS, Choice, Parts
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC
from tables import keep_runs, known_runs, spread, write

from gatelet import Classifier

# shares of the validation texts in scope that a threshold may reject, for the curve
REJECTED = (0.0, 0.01, 0.02, 0.03, 0.05, 0.08, 0.12, 0.2)


def main() -> None:
    """Train once per seed, score once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("set", choices=list(READERS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--cell", choices=("gru", "lstm"), default="gru")
    parser.add_argument("--validation", action="store_true", help="score the validation part, write nothing")
    asked = parser.parse_args()
    choice, parts = CHOICES[asked.set], READERS[asked.set]()
    scored = parts.validation if asked.validation else parts.test
    name, settings = asked.set if asked.cell == "gru" else f"{asked.set}_{asked.cell}", choice.described(asked.cell)
    runs = [] if asked.validation else known_runs(name, settings)
    for seed in range(asked.seeds):
        if any(run["seed"] == seed for run in runs):
            continue
        classifier = choice.classifier(asked.cell)
        started = time.perf_counter()
        classifier.fit(parts.train, validation=parts.validation, training=choice.settings(seed))
        run: dict[str, Any] = {"seed": seed, "settings": settings, "seconds": time.perf_counter() - started}
        run |= {"parameters": classifier.num_parameters, "best_epoch": classifier.history.best.epoch}
        run |= {"validation": classifier.metrics, "scores": classifier.evaluate(scored).overall["gatelet"]}
        if choice.more.get("out_of_scope"):
            run["curve"] = trade_off(classifier, parts, scored)
        print(run, flush=True)
        runs.append(run)
        if not asked.validation:
            keep_runs(name, runs)
    if not asked.validation:
        report(name, choice, parts, runs, asked.cell)


def trade_off(classifier: Classifier, parts: Parts, scored: Any) -> list[dict[str, float]]:
    """In-scope accuracy and out-of-scope recall for each share of validation texts that the threshold may reject."""
    labels = np.array([classes[0] for classes in parts.validation.labels or ()])
    sure = classifier.predict(parts.validation).probabilities.max(1)[labels != "oos"]
    given = classifier.predict(scored).probabilities
    names, best = np.array(classifier.labels)[given.argmax(1)], given.max(1)
    truth = np.array([classes[0] for classes in scored.labels])
    inside = truth != "oos"
    curve = []
    for share in REJECTED:
        accepted = best >= (np.quantile(sure, share) if share else 0.0)
        curve.append(
            {
                "rejected on validation": share,
                "in_scope_accuracy": float((accepted & (names == truth))[inside].mean()),
                "out_of_scope_recall": float((~accepted)[~inside].mean()),
            }
        )
    return curve


def linear(parts: Parts) -> float:
    """Accuracy on the test part of a linear support vector machine on words and pairs of words."""
    words = TfidfVectorizer(ngram_range=(1, 2), token_pattern=r"\S+", sublinear_tf=True)
    train, test = (np.array([classes[0] for classes in part.labels or ()]) for part in (parts.train, parts.test))
    machine = LinearSVC(C=1.0).fit(words.fit_transform(parts.train.texts), train)
    return float((machine.predict(words.transform(parts.test.texts)) == test)[test != "oos"].mean())


def report(name: str, choice: Choice, parts: Parts, runs: list[dict[str, Any]], cell: str) -> None:
    """The table of a set: ours, a linear model, and what others report."""
    model = {"method": f"gatelet {cell.upper()}, this run"}
    model |= {metric: spread([run["scores"][metric] for run in runs]) for metric in choice.metrics}
    model["training, s"] = f"{max(run['seconds'] for run in runs):.0f} at most"
    first = "accuracy" if "accuracy" in choice.metrics else "in_scope_accuracy"
    rows: list[dict[str, Any]] = [model, {"method": "linear SVM, this run", first: f"{linear(parts):.3f}"}]
    rows += [
        {"method": method, **dict(zip(choice.metrics, map("{:.3f}".format, values), strict=False))}
        for method, values in choice.published.items()
    ]
    notes = (
        f"{len(runs)} seeds, mean ± standard deviation; {runs[0]['parameters']:,} weights; {len(parts.test):,} texts."
    )
    if "curve" in runs[0]:
        notes += "\n\nThe trade-off, mean over the seeds:\n\n" + "\n".join(_curve([run["curve"] for run in runs]))
    command = f"python benchmarks/text/classify.py {name.removesuffix('_lstm')}" + (
        " --cell lstm" if cell == "lstm" else ""
    )
    write(name, choice.title, command, rows, notes, runs)


def _curve(curves: list[list[dict[str, float]]]) -> list[str]:
    header = list(curves[0][0])
    lines = [f"| {' | '.join(header)} |", "|---|---|---|"]
    for point in zip(*curves, strict=True):
        means = [float(np.mean([each[key] for each in point])) for key in header]
        lines.append(f"| {means[0]:.0%} | {means[1]:.3f} | {means[2]:.3f} |")
    return lines


if __name__ == "__main__":
    main()
