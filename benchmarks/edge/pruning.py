"""What it costs in quality to have a tenth of the recurrent weights, in blocks or of low rank, on two real tasks.

    python benchmarks/edge/pruning.py [--task forecast classify] [--seeds 3] [--validation]

forecast: the demo's forecaster (GRU of 64 units, temperature of three airports, the last eight weeks as a test).
classify: SST-2, sentences only (GRU of 128 units, read from both ends; settings of benchmarks/text/sets.py).

Each seed gives nine models: the dense one; that one pruned to a density of 0.1 (of W_hh, and of W_hh and W_ih), to the
rank with as many multiply-adds in W_hh and to twice that rank, and trained on for as long with nothing pruned; one
pruned to the density and one to the rank as it was fitted; and a small dense one, with as many weights in W_hh as are
left. All settings are the usual ones; the epochs are chosen by the validation parts (`--validation` shows
those), and the test parts are scored once. Runs are kept, so a benchmark that was stopped goes on with the next seed.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from gatelet import Classifier, ClassifierSettings, Columns, Forecaster, NetworkSettings
from gatelet.datasets.series import nyc_weather
from gatelet.study.demo import HOURS, NETWORK, PAST, SPLIT, TRAINING

sys.path.append(str(Path(__file__).parents[1] / "text"))
from sets import CHOICES, READERS

RESULTS = Path(__file__).parent / "results"
DENSITY = 0.1
DENSE, LONGER, PRUNED, LOW, HIGHER, BOTH, FITTED, LOW_FITTED, SMALL = (
    "dense",
    "that, trained on, nothing pruned",
    "that, 90% of the blocks of W_hh pruned",
    "that, W_hh of the rank with as many multiply-adds",
    "that, W_hh of twice that rank",
    "that, 90% of the blocks of W_hh and W_ih pruned",
    "both pruned as it was fitted",
    "of that rank as it was fitted",
    "small and dense, as many weights in W_hh as are left",
)

Model = Forecaster | Classifier


class Forecasting:
    """The demo's forecaster."""

    title = "New York's temperature, 24 hours ahead"
    units = NETWORK.hidden_size
    metrics = ("mase", "wql")

    def __init__(self, *, test: bool) -> None:
        self.table, self.test = nyc_weather(), test

    def fit(self, seed: int, *, small: bool = False, density: float = 1.0, rank: int | None = None) -> Model:
        """A fresh model."""
        network: NetworkSettings = replace(NETWORK, hidden_size=smaller(NETWORK.hidden_size)) if small else NETWORK
        model = Forecaster(HOURS, columns=Columns(past=PAST), network=network)
        return model.fit(
            self.table,
            training=replace(TRAINING, seed=seed, density=density, prune_inputs=density < 1, rank=rank),
            test_size=SPLIT.test_size,
            validation_size=SPLIT.validation_size,
        )

    def prune(self, model: Model, density: float | None, inputs: bool, rank: int | None) -> None:
        """Train on."""
        assert isinstance(model, Forecaster)
        model.prune(self.table, density, inputs=inputs, rank=rank, validation_size=SPLIT.validation_size)

    def scores(self, model: Model) -> dict[str, float]:
        """On the test part."""
        assert isinstance(model, Forecaster)
        overall = model.evaluate(self.table).to_json()["overall"]["gatelet"] if self.test else {}
        return {name: overall[name] for name in self.metrics if name in overall}


class Classification:
    """SST-2."""

    title = "SST-2, sentences only"
    units = CHOICES["sst2"].network.hidden_size
    metrics = ("accuracy", "macro_f1")

    def __init__(self, *, test: bool) -> None:
        self.parts, self.choice, self.test = READERS["sst2"](), CHOICES["sst2"], test

    def fit(self, seed: int, *, small: bool = False, density: float = 1.0, rank: int | None = None) -> Model:
        """A fresh model."""
        network: ClassifierSettings = self.choice.network
        if small:
            network = replace(network, hidden_size=smaller(network.hidden_size))
        choice = replace(self.choice, network=network)
        training = replace(choice.settings(seed), density=density, prune_inputs=density < 1, rank=rank)
        return choice.classifier().fit(self.parts.train, validation=self.parts.validation, training=training)

    def prune(self, model: Model, density: float | None, inputs: bool, rank: int | None) -> None:
        """Train on."""
        assert isinstance(model, Classifier)
        model.prune(self.parts.train, density, inputs=inputs, rank=rank, validation=self.parts.validation)

    def scores(self, model: Model) -> dict[str, float]:
        """On the test part, or the accuracy on the validation part."""
        assert isinstance(model, Classifier)
        if not self.test:
            return {"accuracy": model.metrics["accuracy"]}
        overall = model.evaluate(self.parts.test).overall["gatelet"]
        return {name: overall[name] for name in self.metrics}


TASKS: dict[str, type[Forecasting] | type[Classification]] = {"forecast": Forecasting, "classify": Classification}


def smaller(hidden: int) -> int:
    """The width whose square is a tenth of that of `hidden`."""
    return round(hidden * float(np.sqrt(DENSITY)))


def low(hidden: int) -> int:
    """The rank of a W_hh (3H, H) whose factors have as many weights as blocks are left: R (3H + H) = density 3H H."""
    return round(DENSITY * 3 * hidden / 4)


def one_seed(task: Forecasting | Classification, seed: int, folder: Path) -> list[dict[str, Any]]:
    """All models of one seed."""
    runs = []

    def note(name: str, model: Model, started: float) -> None:
        epochs = model.history.epochs
        run = {"model": name, "seed": seed, "seconds": time.perf_counter() - started, "epochs": len(epochs)}
        run |= {"density": model.history.best.density, "validation_loss": model.history.best.validation_loss}
        runs.append(run | {"scores": task.scores(model)})
        print(runs[-1], flush=True)

    started = time.perf_counter()
    dense = task.fit(seed)
    note(DENSE, dense, started)
    place = dense.save(folder / "dense", overwrite=True)
    rank = low(task.units)
    ways: dict[str, tuple[float | None, bool, int | None]] = {
        LONGER: (1.0, False, None),
        PRUNED: (DENSITY, False, None),
        LOW: (None, False, rank),
        HIGHER: (None, False, 2 * rank),
        BOTH: (DENSITY, True, None),
    }
    for name, way in ways.items():
        started, model = time.perf_counter(), type(dense).load(place)
        task.prune(model, *way)
        note(name, model, started)
    for name in (FITTED, LOW_FITTED, SMALL):
        started, density = time.perf_counter(), DENSITY if name == FITTED else 1.0
        fitted = task.fit(seed, small=name == SMALL, density=density, rank=rank if name == LOW_FITTED else None)
        note(name, fitted, started)
    return runs


def table(metrics: tuple[str, ...], runs: list[dict[str, Any]]) -> str:
    """A Markdown table: mean and standard deviation over the seeds, and the difference to the dense model."""
    lines = ["| model | " + " | ".join(f"{name} | change" for name in metrics) + " |"]
    lines.append("|---" * (1 + 2 * len(metrics)) + "|")
    for name in dict.fromkeys(run["model"] for run in runs):
        cells = []
        for metric in metrics:
            found, dense = (
                np.array([run["scores"][metric] for run in runs if run["model"] == which]) for which in (name, DENSE)
            )
            cells.append(f"{found.mean():.4f} ± {found.std(ddof=1) if len(found) > 1 else 0:.4f}")
            cells.append(f"{100 * (found.mean() / dense.mean() - 1):+.1f}%")
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Train what is not known yet, and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--task", nargs="+", choices=list(TASKS), default=list(TASKS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--validation", action="store_true", help="leave the test parts alone, write nothing")
    asked = parser.parse_args()
    kept = RESULTS / "pruning.json"
    known: dict[str, list[dict[str, Any]]] = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
    for name in asked.task:
        task, runs = TASKS[name](test=not asked.validation), [] if asked.validation else known.get(name, [])
        for seed in range(asked.seeds):
            if any(run["seed"] == seed for run in runs):
                continue
            with tempfile.TemporaryDirectory() as folder:
                runs += one_seed(task, seed, Path(folder))
            if not asked.validation:
                known[name] = runs
                kept.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")
    if asked.validation:
        return
    parts = [f"## {TASKS[name].title}\n\n{table(TASKS[name].metrics, runs)}\n" for name, runs in known.items()]
    text = (
        "# A tenth of the recurrent weights\n\nBlocks of zeros, or a low rank: 5 for 64 units, 10 for 128. "
        "`python benchmarks/edge/pruning.py`; mean ± standard deviation over the seeds, and the change of the mean "
        "against the dense model.\n\n" + "\n".join(parts)
    )
    (RESULTS / "pruning.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
