"""Multi30k, German and English. Run: python benchmarks/text/translate.py de-en (or en-de).

The settings were chosen by the validation part; `--validation` scores that part again and leaves the test parts alone.
Each run is kept in results/ as it ends, and not made again; `--seed 1` makes one. `--speed` races one model on our
layers and on torch's: training steps and beam search, equal results first. `--profile` says where the time goes, and
`--compiled` whether torch.compile makes the training faster.
"""

from __future__ import annotations

import argparse
import copy
import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

import torch
from tables import RESULTS, spread, write
from torch import Tensor, nn

from gatelet import SearchSettings, TextSettings, TrainingSettings, Translator, TranslatorSettings
from gatelet.datasets.text import multi30k
from gatelet.features.text import Pairs
from gatelet.features.text.numbered import numbered
from gatelet.nn import GRU, LSTM
from gatelet.tasks.translation.batch import Batch, PairCutter
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
JOBS = ("training in float32", "training in bfloat16", "beam search in float32")
SEARCHED = 200  # sentences of the race
LossOf = Callable[[nn.Module, Batch], Tensor]
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


def trained_steps(
    network: TranslatorNetwork, batches: list[Batch], half: bool, loss_of: LossOf | None = None
) -> tuple[float, list[float]]:
    """Seconds and losses of one training step per batch."""
    loss_of, losses = loss_of or TranslationLoss(0.1), []
    optimizer = torch.optim.AdamW(network.parameters(), 1e-3, fused=True)
    network.train()
    started = time.perf_counter()
    for batch in batches:
        optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            loss = loss_of(network, batch)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        losses.append(float(loss.detach()))
    return time.perf_counter() - started, losses


def begun(parts: dict[str, Pairs], steps: int) -> tuple[Fitted, list[Batch]]:
    """A model that has learned from some batches, so that what it writes has an end; and the batches."""
    # without dropout, which would draw different numbers
    network = replace(NETWORK, dropout=0.0, embedding_dropout=0.0)
    model = prepare(parts["train"], Plan(TEXT, TEXT, False, network, TranslationLoss(0.1)), 0)
    model.longest = 1.0
    sides = numbered(model.source, parts["train"].sources), numbered(model.target, parts["train"].targets)
    lengths = torch.from_numpy(sides[1].lengths)
    batches = list(Batches(len(sides[0]), PairCutter(*sides), 64, seed=0, limit=steps, lengths=lengths))
    trained_steps(model.network, batches, True)
    return model, batches


def profile(languages: tuple[str, str], steps: int) -> None:
    """Print where the time of training and of beam search goes."""
    parts = pairs_of(languages)
    model, batches = begun(parts, steps)
    sentences = parts["validation"].sources[:SEARCHED]
    for job, do in (
        ("training", lambda: trained_steps(model.network, batches, True)),
        ("beam search", lambda: model.translate(sentences, SEARCH)),
    ):
        with torch.profiler.profile() as found:
            do()
        print(f"{job}\n{found.key_averages().table(sort_by='self_cpu_time_total', row_limit=12)}")


def speed(languages: tuple[str, str], steps: int, rounds: int) -> dict[str, Any]:
    """Training steps and beam search of the same model on both kinds of layers, in turns."""
    parts = pairs_of(languages)
    ours, batches = begun(parts, steps)
    pair = {"gatelet": ours.network, "torch": with_torch_layers(ours.network)}
    sentences = parts["validation"].sources[:SEARCHED]
    seconds: dict[str, dict[str, list[float]]] = {job: {name: [] for name in pair} for job in JOBS}
    for number in range(rounds):
        losses: dict[str, dict[str, list[float]]] = {job: {} for job in JOBS[:2]}
        written = {}
        for name in pair if number % 2 else reversed(pair):
            for job in JOBS[:2]:
                taken, losses[job][name] = trained_steps(copy.deepcopy(pair[name]), batches, job == JOBS[1])
                seconds[job][name].append(taken)
            model = Fitted(ours.source, ours.target, ours.spacing, pair[name], ours.longest)
            started = time.perf_counter()
            written[name] = model.translate(sentences, SEARCH).texts
            seconds[JOBS[2]][name].append(time.perf_counter() - started)
        agree(losses, written)
    return {"seconds": seconds, "steps": steps, "sentences": len(sentences)}


def agree(losses: dict[str, dict[str, list[float]]], written: dict[str, tuple[str, ...]]) -> None:
    """Stop a race whose runners do not compute the same.

    Raises:
        SystemExit: losses differ by more than 0.02, or more than one translation in twenty does.
    """
    for job, found in losses.items():
        worst = max(abs(a - b) for a, b in zip(found["gatelet"], found["torch"], strict=True))
        if worst > 2e-2:
            raise SystemExit(f"The losses of {job} must agree to 0.02; they differ by {worst:.3g}.")
    other = sum(a != b for a, b in zip(written["gatelet"], written["torch"], strict=True))
    if other > len(written["torch"]) // 20:
        raise SystemExit(f"Translations must agree; {other} of {len(written['torch'])} differ.")


def compiled(languages: tuple[str, str], steps: int, rounds: int) -> None:
    """Print the seconds of training steps as they are and compiled by inductor, in turns; the first round compiles."""
    model, batches = begun(pairs_of(languages), steps)
    ways: dict[str, LossOf] = {
        "as it is": TranslationLoss(0.1),
        "compiled": torch.compile(TranslationLoss(0.1).__call__, dynamic=True),
    }
    for half in (False, True):
        for number in range(rounds + 1):
            taken = {
                name: trained_steps(copy.deepcopy(model.network), batches, half, way) for name, way in ways.items()
            }
            times = ", ".join(f"{name} {seconds:.2f} s" for name, (seconds, _) in taken.items())
            print(
                f"{'bfloat16' if half else 'float32'}, {f'round {number}' if number else 'compiling'}: {times}",
                flush=True,
            )


def report_speed(pair: str, found: dict[str, Any]) -> None:
    """The table of the race."""
    rows = []
    for job, times in found["seconds"].items():
        count, unit = (found["sentences"], "sentences") if job == JOBS[2] else (found["steps"], "steps")
        row = {"job": job, "unit": f"{unit} per s"}
        row |= {name: f"{count / min(values):.1f}" for name, values in times.items()}
        ratios = sorted(b / a for a, b in zip(times["gatelet"], times["torch"], strict=True))
        rows.append(row | {"gatelet / torch": f"{ratios[len(ratios) // 2]:.2f}"})
    notes = (
        "Same weights, same batches of 64 pairs, the rest of the model the same; in turns, the fastest round and the "
        f"median of the rounds' ratios. Losses and translations agree. Beam {SEARCH.beams}, a model of few steps."
    )
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
    parser.add_argument("--profile", action="store_true", help="print where the time goes")
    parser.add_argument("--compiled", action="store_true", help="print what torch.compile does to the training")
    parser.add_argument("--steps", type=int, default=20, help="of a round of the race, or of the profile")
    parser.add_argument("--rounds", type=int, default=5, help="of the race")
    asked = parser.parse_args()
    first, second = asked.pair.split("-")
    if asked.speed:
        report_speed(asked.pair, speed((first, second), asked.steps, asked.rounds))
    elif asked.profile:
        profile((first, second), asked.steps)
    elif asked.compiled:
        compiled((first, second), asked.steps, asked.rounds)
    elif asked.validation:
        training = TRAINING if asked.epochs is None else replace(TRAINING, epochs=asked.epochs)
        for seed in asked.seed:
            found = run((first, second), seed, ("validation",), training)
            print({name: value for name, value in found.items() if name not in ("history", "settings")}, flush=True)
    else:
        finish(asked.pair, (first, second), asked.seed)


if __name__ == "__main__":
    main()
