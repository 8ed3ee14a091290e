"""Multi30k, German and English. Run: python benchmarks/text/translate.py de-en (or en-de).

The settings were chosen by the validation part; `--validation` scores that part again and leaves the test parts alone.
`--speed` races one model on our layers and on torch's: training steps and beam search, equal results first.
"""

from __future__ import annotations

import argparse
import copy
import json
import sys
import time
from dataclasses import asdict, replace
from typing import Any

import torch
from tables import RESULTS, spread, write
from torch import nn

from gatelet import SearchSettings, TextSettings, TrainingSettings, Translator, TranslatorSettings
from gatelet.datasets.text import multi30k
from gatelet.features.text import Pairs
from gatelet.nn import GRU, LSTM
from gatelet.tasks.translation.batch import Batch, PairCutter, numbered
from gatelet.tasks.translation.fitted import Fitted
from gatelet.tasks.translation.learning import Plan, prepare
from gatelet.tasks.translation.network import TranslationLoss, TranslatorNetwork
from gatelet.training import Batches, TrainingProgress
from gatelet.training.progress import Report

TEXT = TextSettings(unit="bpe", lowercase=True, vocabulary_size=6000, buckets=0, max_length=256)
NETWORK = TranslatorSettings(embedding_size=256, hidden_size=256, dropout=0.3, embedding_dropout=0.3)
TRAINING = TrainingSettings(epochs=11, batch_size=64, learning_rate=3e-3, patience=20, precision="bf16", max_time=780.0)
SEARCH = SearchSettings(beams=5)
TESTS = ("test_2016", "test_2017")
PEER = {"de-en": "34.6", "en-de": ""}  # test 2016


def pairs_of(languages: tuple[str, str]) -> dict[str, Pairs]:
    """The parts, as pairs of source and target."""
    turned = languages == ("en", "de")
    parts = {}
    for name, rows in multi30k().items():
        german, english = (tuple(row[side] for row in rows) for side in (0, 1))
        parts[name] = Pairs(english, german) if turned else Pairs(german, english)
    return parts


def fitted(languages: tuple[str, str], parts: dict[str, Pairs], training: TrainingSettings) -> Translator:
    """A translator trained on the training part, its epoch chosen by the validation part."""
    translator = Translator(languages=languages, source=TEXT, network=NETWORK, search=SEARCH)
    return translator.fit(parts["train"], validation=parts["validation"], training=training, progress=told())


def told() -> Report:
    """A line per epoch, wherever the output goes."""
    started, last = time.perf_counter(), 0

    def tell(at: TrainingProgress) -> None:
        nonlocal last
        if at.epoch > last:
            last = at.epoch
            loss = "" if at.validation_loss is None else f", validation loss {at.validation_loss:.4f}"
            print(f"epoch {at.epoch}, {time.perf_counter() - started:.0f} s{loss}", file=sys.stderr, flush=True)

    return tell


def run(languages: tuple[str, str], seed: int, scored: tuple[str, ...], training: TrainingSettings) -> dict[str, Any]:
    """Train once, score each of the parts once."""
    parts = pairs_of(languages)
    training = replace(training, seed=seed)
    started = time.perf_counter()
    translator = fitted(languages, parts, training)
    found: dict[str, Any] = {"seed": seed, "settings": settings_of(training)}
    found["seconds"] = time.perf_counter() - started
    found |= {"parameters": translator.num_parameters, "history": translator.history.to_json()}
    for part in scored:
        started = time.perf_counter()
        scores = translator.evaluate(parts[part])
        greedy = translator.evaluate(parts[part], search=SearchSettings(beams=1)).overall["gatelet"]["bleu"]
        found[part] = scores.overall["gatelet"] | {"greedy": greedy, "seconds": time.perf_counter() - started}
        found["signatures"] = scores.signatures
    return found


def with_torch_layers(network: TranslatorNetwork) -> TranslatorNetwork:
    """A copy whose recurrent layers are torch's, with the same weights."""
    other = copy.deepcopy(network)
    for module in list(other.modules()):
        for name, layer in list(module.named_children()):
            if isinstance(layer, GRU | LSTM):
                kind = nn.GRU if isinstance(layer, GRU) else nn.LSTM
                theirs = kind(
                    layer.input_size,
                    layer.hidden_size,
                    layer.num_layers,
                    batch_first=layer.batch_first,
                    bidirectional=layer.bidirectional,
                )
                theirs.load_state_dict(layer.state_dict())
                setattr(module, name, theirs)
    return other


def trained_steps(network: TranslatorNetwork, batches: list[Batch]) -> tuple[float, list[float]]:
    """Seconds and losses of one training step per batch, in float32 as torch's layers are fastest on a CPU."""
    loss_of, losses = TranslationLoss(0.1), []
    optimizer = torch.optim.AdamW(network.parameters(), 1e-3, fused=True)
    network.train()
    started = time.perf_counter()
    for batch in batches:
        optimizer.zero_grad()
        loss = loss_of(network, batch)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        losses.append(float(loss.detach()))
    return time.perf_counter() - started, losses


def speed(languages: tuple[str, str], steps: int, rounds: int) -> dict[str, Any]:
    """Training steps and beam search of the same model on both kinds of layers, in turns; the least times count."""
    parts = pairs_of(languages)
    # without dropout, which would draw different numbers
    network = replace(NETWORK, dropout=0.0, embedding_dropout=0.0)
    plan = Plan(TEXT, TEXT, False, network, TranslationLoss(0.1))
    ours = prepare(parts["train"], plan, 0)
    ours.longest = 1.0
    sides = numbered(ours.source, parts["train"].sources), numbered(ours.target, parts["train"].targets)
    lengths = torch.from_numpy(sides[1].lengths)
    batches = list(Batches(len(sides[0]), PairCutter(*sides), 64, seed=0, limit=steps, lengths=lengths))
    theirs = with_torch_layers(ours.network)
    seconds: dict[str, dict[str, list[float]]] = {
        job: {"gatelet": [], "torch": []} for job in ("training", "beam search")
    }
    sentences = parts["validation"].sources[:200]
    for number in range(rounds):
        losses, written = {}, {}
        pair = {"gatelet": ours.network, "torch": theirs}
        for name in pair if number % 2 else reversed(pair):
            taken, losses[name] = trained_steps(copy.deepcopy(pair[name]), batches)
            seconds["training"][name].append(taken)
            model = Fitted(ours.source, ours.target, ours.spacing, pair[name], ours.longest)
            started = time.perf_counter()
            written[name] = model.translate(sentences, SEARCH).texts
            seconds["beam search"][name].append(time.perf_counter() - started)
        worst = max(abs(a - b) for a, b in zip(losses["gatelet"], losses["torch"], strict=True))
        if worst > 2e-2:
            raise SystemExit(f"The losses must agree to 0.02; they differ by {worst:.3g}.")
    return {"seconds": seconds, "steps": steps, "sentences": len(sentences)}


def report_speed(pair: str, found: dict[str, Any]) -> None:
    """The table of the race."""
    rows = []
    for job, count, unit in (("training", "steps", "steps"), ("beam search", "sentences", "sentences")):
        least = {name: min(values) for name, values in found["seconds"][job].items()}
        row = {"job": job} | {f"{name}, {unit} per s": f"{found[count] / each:.1f}" for name, each in least.items()}
        rows.append(row | {"torch / gatelet": f"{least['torch'] / least['gatelet']:.2f}"})
    notes = "float32, same weights, same batches; fastest round of each. An untrained model is searched to its limits."
    command = f"python benchmarks/text/translate.py {pair} --speed"
    write("translate_speed", "A translator on our layers and torch's", command, rows, notes, found)


def report(pair: str, runs: list[dict[str, Any]]) -> None:
    """The table of a direction."""
    row: dict[str, Any] = {"method": "gatelet GRU, this run"}
    for part in TESTS:
        for metric in ("bleu", "greedy", "chrf"):
            values = [each[part][metric] for each in runs]
            row[f"{part} {metric}"] = spread(values)
    row["training, s"] = f"{max(each['seconds'] for each in runs):.0f} at most"
    rows = [row]
    if PEER[pair]:
        rows.append({"method": "attention GRU on torch's layers, one core, 900 s", "test_2016 bleu": PEER[pair]})
    signatures = "; ".join(f"{name} `{value}`" for name, value in runs[0]["signatures"].items())
    notes = (
        f"{len(runs)} seeds, {runs[0]['parameters']:,} weights, beam {SEARCH.beams}. {signatures}. The validation part "
        "chose settings and epoch; the test parts were scored once."
    )
    write(f"translate_{pair}", f"Multi30k {pair}", f"python benchmarks/text/translate.py {pair}", rows, notes, runs)


def settings_of(training: TrainingSettings) -> dict[str, Any]:
    """What a stored run must agree with to count."""
    return {"text": asdict(TEXT), "network": asdict(NETWORK), "training": asdict(training), "search": asdict(SEARCH)}


def stored(pair: str) -> list[dict[str, Any]]:
    """The runs that are kept, of these settings."""
    path = RESULTS / f"translate_{pair}.json"
    runs = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    return [each for each in runs if each["settings"] == settings_of(replace(TRAINING, seed=each["seed"]))]


def finish(pair: str, languages: tuple[str, str], seeds: list[int]) -> None:
    """Train and score what is not kept yet, and keep each run as it ends, so that a stop loses one at most."""
    for seed in seeds:
        runs = stored(pair)
        if seed in (each["seed"] for each in runs):
            print(f"Seed {seed} is kept in {RESULTS}; remove it there to run it again.", flush=True)
            continue
        runs.append(run(languages, seed, TESTS, TRAINING))
        report(pair, sorted(runs, key=lambda each: int(each["seed"])))


def main() -> None:
    """Train once per seed, score once; or race."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pair", choices=list(PEER))
    parser.add_argument("--seed", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--epochs", type=int, help="of --validation, fewer or more than chosen")
    parser.add_argument("--validation", action="store_true", help="score the validation part, write nothing")
    parser.add_argument("--speed", action="store_true", help="race our layers against torch's")
    parser.add_argument("--steps", type=int, default=20, help="of the race")
    asked = parser.parse_args()
    first, second = asked.pair.split("-")
    if asked.speed:
        report_speed(asked.pair, speed((first, second), asked.steps, 3))
    elif asked.validation:
        training = TRAINING if asked.epochs is None else replace(TRAINING, epochs=asked.epochs)
        for seed in asked.seed:
            found = run((first, second), seed, ("validation",), training)
            print({name: value for name, value in found.items() if name not in ("history", "settings")}, flush=True)
    else:
        finish(asked.pair, (first, second), asked.seed)


if __name__ == "__main__":
    main()
