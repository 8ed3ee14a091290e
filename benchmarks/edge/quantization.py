"""What integers cost on real tasks: weights of 8 bits, values of 16, calibrated after training.

    python benchmarks/edge/quantization.py [--sets demo sst2 ... reviews multi30k] [--seeds 3]

Each model is trained in floats, calibrated on its training part, and scored on the test part before and after. The
settings are those of the demo, of `benchmarks/text/sets.py`, for the heartbeats a GRU of 32 units over segments of four
samples, and for the language model and the translator those of `benchmarks/text/{generate,translate}.py`, trained for
two minutes; nothing was chosen by a test part. Results are kept run by run, and a benchmark that was stopped goes on.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

import gatelet
from gatelet import Columns, Forecaster
from gatelet import plan as p
from gatelet.datasets.series import nyc_weather
from gatelet.datasets.signals import Examples, ecg5000
from gatelet.deploy.quantization import convert, observe, plan_drift
from gatelet.features import read_table
from gatelet.nn import GRU
from gatelet.nn.planning import dense, recurrent
from gatelet.plan import interpret
from gatelet.study.demo import HOURS, NETWORK, PAST, SPLIT, TRAINING
from gatelet.tasks.quantizing import drifted

sys.path.insert(0, str(Path(__file__).parents[1] / "text"))
import generate
import translate
from sets import CHOICES, READERS

RESULTS = Path(__file__).parent / "results"
SEGMENT, HIDDEN, EPOCHS, BATCH, STEPS = 4, 32, 60, 50, 10_000
SECONDS = 120  # of training of the language model, and of the translator
Run = dict[str, Any]


def demo(seed: int) -> Run:
    """The forecaster of `gatelet demo`: New York's temperature a day ahead."""
    table = read_table(nyc_weather())
    model = Forecaster(HOURS, columns=Columns(past=PAST), network=NETWORK)
    training = replace(TRAINING, seed=seed)
    model.fit(table, training=training, test_size=SPLIT.test_size, validation_size=SPLIT.validation_size)
    return facts(gatelet.quantize(model, table))


def sst2(seed: int, *, streamed: bool = False) -> Run:
    """The classifier of SST-2 in `benchmarks/text`; streamed, one that reads forward only."""
    choice, parts = CHOICES["sst2"], READERS["sst2"]()
    model = choice.classifier()
    if streamed:
        model = gatelet.Classifier(
            text=choice.reading, network=replace(choice.network, bidirectional=False), **choice.more
        )
    model.fit(parts.train, validation=parts.validation, training=choice.settings(seed))
    return facts(gatelet.quantize(model, parts.train, test=parts.test))


def reviews(seed: int) -> Run:
    """The language model of film reviews in `benchmarks/text`, word by word, trained briefly."""
    texts = generate.parts(None)
    model = gatelet.LanguageModel(
        text=generate.READING["word"], network=generate.NETWORK["word"], segments=generate.SEGMENTS["word"]
    )
    training = replace(generate.TRAINING["word"], seed=seed, max_time=SECONDS)
    model.fit(texts["train"], validation=texts["validation"], training=training)
    return facts(gatelet.quantize(model, texts["train"], test=texts["test"]))


def multi30k(seed: int) -> Run:
    """The translator of Multi30k from German in `benchmarks/text`, trained briefly; test 2016."""
    languages = ("de", "en")
    parts = translate.pairs_of(languages)
    model = translate.fitted(languages, parts, replace(translate.TRAINING, seed=seed, max_time=SECONDS))
    return facts(gatelet.quantize(model, parts["train"], test=parts["test_2016"]))


def facts(done: Any) -> Run:
    """What is kept of a quantization."""
    found = done.to_json()
    return {"metric": done.metric, "before": found["before"][done.metric], "after": found["after"][done.metric]} | {
        name: found[name] for name in ("counted", "bytes_before", "bytes_after", "drift", "kept")
    }


class Heartbeats(nn.Module):
    """Segments of a beat through a GRU, the largest of its states, five classes."""

    def __init__(self) -> None:
        """Make it with fresh weights."""
        super().__init__()
        self.gru, self.head = GRU(SEGMENT, HIDDEN, batch_first=True), nn.Linear(HIDDEN, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, T, 4) to (B, 5)."""
        scores: torch.Tensor = self.head(self.gru(x)[0].amax(1))
        return scores

    def plan(self, steps: int) -> p.Plan:
        """What it computes of one whole beat."""
        operations = [
            *recurrent(self.gru, "beat", "states", over="rows"),
            p.Pool("states", "pooled", "max", "rows"),
            dense(self.head, "pooled", "scores"),
        ]
        return p.Plan("Heartbeats", (p.Value("beat", (steps, SEGMENT)),), tuple(operations), (p.Value("scores", (5,)),))


def heartbeats(seed: int) -> Run:
    """ECG5000 as published: 500 beats to learn from, 4,500 to score."""
    (x, labels), (x_test, labels_test) = map(_segments, ecg5000())
    torch.manual_seed(seed)
    network, rng = Heartbeats(), np.random.default_rng(seed)
    optimizer = torch.optim.AdamW(network.parameters(), lr=5e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, EPOCHS * (len(x) // BATCH))
    for _ in range(EPOCHS):
        for index in rng.permutation(len(x)).reshape(-1, BATCH):
            loss = nn.functional.cross_entropy(network(torch.from_numpy(x[index])), torch.from_numpy(labels[index]))
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            schedule.step()
    plan, frames = network.eval().plan(x.shape[1]), [[{"beat": beat} for beat in x]]
    made = convert(plan, observe(plan, frames))
    with torch.inference_mode():
        before = network(torch.from_numpy(x_test)).argmax(1).numpy()
    start = interpret.start(made.plan)
    after = [interpret.step(made.plan, {"beat": beat}, start)[0]["scores"].argmax() for beat in x_test]
    return {
        "metric": "accuracy",
        "before": float((before == labels_test).mean()),
        "after": float((np.array(after) == labels_test).mean()),
        "counted": f"{len(x_test)} beats",
        "bytes_before": plan.weight_bytes,
        "bytes_after": made.plan.weight_bytes,
        "drift": {name: drifted(each) for name, each in plan_drift(plan, made, frames).items()},
        "kept": [],
    }


def _segments(examples: Examples) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """(N, T / 4, 4) samples and (N,) classes."""
    whole = np.stack(examples.sequences).astype(np.float32)
    return whole.reshape(len(whole), -1, SEGMENT), examples.labels.astype(np.int64) - 1


SETS: dict[str, tuple[str, Callable[[int], Run], str]] = {
    "demo": ("demo forecaster, GRU 64", demo, "MASE"),
    "sst2": ("SST-2, GRU 128 from both ends", sst2, "accuracy"),
    "sst2_streamed": ("SST-2, GRU 128 reading forward", lambda seed: sst2(seed, streamed=True), "accuracy"),
    "ecg5000": ("ECG5000, GRU 32", heartbeats, "accuracy"),
    "reviews": ("film reviews word by word, GRU 256, 10,000 words", reviews, "perplexity"),
    "multi30k": ("Multi30k from German, GRU 256 with attention", multi30k, "BLEU"),
}


def main() -> None:
    """Train once per set and seed, quantize, and write results/quantization.{json,md}."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", nargs="+", choices=list(SETS), default=list(SETS))
    parser.add_argument("--seeds", type=int, default=3)
    asked = parser.parse_args()
    file = RESULTS / "quantization.json"
    runs: list[Run] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else []
    for name in asked.sets:
        for seed in range(asked.seeds):
            if any((run["set"], run["seed"]) == (name, seed) for run in runs):
                continue
            run = {"set": name, "seed": seed, **SETS[name][1](seed)}
            print({key: value for key, value in run.items() if key != "drift"}, flush=True)
            runs.append(run)
            file.write_text(json.dumps(runs, indent=1) + "\n", encoding="utf-8")
    (RESULTS / "quantization.md").write_text(report(runs), encoding="utf-8")


def report(runs: list[Run]) -> str:
    """The table of all sets."""
    header = [
        "model",
        "metric",
        "floats",
        "integers",
        "loss",
        "bytes of weights",
        "drift, at most",
        "grows",
    ]
    lines = [
        "# Integers on real tasks",
        "",
        f"`python benchmarks/edge/quantization.py`, {platform.machine()}, torch {torch.__version__}.",
        "",
        f"| {' | '.join(header)} |",
        f"|{'---|' * len(header)}",
    ]
    for name, (title, _, metric) in SETS.items():
        own = [run for run in runs if run["set"] == name]
        if own:
            seeds = ", one seed" if len(own) == 1 else ""
            lines.append(f"| {' | '.join([title + seeds, metric, *_row(own, metric)])} |")
    lines += [
        "",
        f"{max(run['seed'] for run in runs) + 1} seeds, where not said otherwise: means, and the worst loss too,",
        "in points of accuracy or BLEU, or per cent of MASE and perplexity; below zero, the integers are better.",
        f"Drift: the states run {STEPS:,} steps without a restart; how far the last tenth of them is from float64.",
        "",
    ]
    return "\n".join(lines)


def _row(runs: list[Run], metric: str) -> list[str]:
    before, after = (np.array([run[key] for run in runs]) for key in ("before", "after"))
    points = {"accuracy": 100, "BLEU": 1}
    losses = points[metric] * (before - after) if metric in points else 100 * (after / before - 1)
    drifts = [found for run in runs for found in run["drift"].values()]
    return [
        f"{before.mean():.4f}",
        f"{after.mean():.4f}",
        f"{losses.mean():+.2f}, at worst {losses.max():+.2f}{' %' * (metric not in points)}",
        f"{runs[0]['bytes_before']:,} -> {runs[0]['bytes_after']:,}",
        f"{max(found['largest'][-1] for found in drifts):.4f}",
        "yes" if any(found["grows"] for found in drifts) else "no",
    ]


if __name__ == "__main__":
    main()
