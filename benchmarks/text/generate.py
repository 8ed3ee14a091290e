"""Long reviews foretold, character by character or word by word. Run: python benchmarks/text/generate.py character

The corpus is review_polarity: 2,000 film reviews in small letters, 7.8 million characters. Folds 0 to 7 are learned
from, fold 8 chooses the epoch and the order of the n-grams, fold 9 is scored once. The LSTM has as many weights as the
GRU. Beside them stand n-grams over the same tokens, and xz, which compresses fold 9 after it has seen the others.
A training takes `--seconds` at most, else 600. `--validation` scores fold 8 instead and writes nothing; `--reviews 100`
takes fewer of each part, to try things.
"""

from __future__ import annotations

import argparse
import lzma
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import ngrams
from tables import spread, write

from gatelet import LanguageModel, LanguageModelSettings, SegmentSettings, TextSettings, TrainingSettings
from gatelet.datasets.text import review_polarity
from gatelet.metrics import bits_per_character, perplexity
from gatelet.tasks.language_modelling.script import Corpus

READING = {
    "character": TextSettings(unit="character", min_count=2),
    "word": TextSettings(unit="space", min_count=3, vocabulary_size=10_000),
}
NETWORK = {
    "character": LanguageModelSettings(
        embedding_size=64, hidden_size=512, dropout=0.0, embedding_dropout=0.0, tied=False
    ),
    "word": LanguageModelSettings(
        embedding_size=128, hidden_size=256, dropout=0.4, embedding_dropout=0.3, token_dropout=0.1, weight_drop=0.3
    ),
}
# hidden_size with which an LSTM has as many weights
LSTM = {"character": 440, "word": 217}
SEGMENTS = {"character": SegmentSettings(length=128), "word": SegmentSettings(length=50, varied=True)}
TRAINING = {
    "character": TrainingSettings(epochs=6, batch_size=32, learning_rate=3e-3, precision="bf16"),
    "word": TrainingSettings(epochs=8, batch_size=32, learning_rate=3e-3, precision="bf16"),
}
ORDERS = {"character": (5, 6, 7, 8), "word": (2, 3, 4)}


def parts(most: int | None) -> dict[str, list[str]]:
    """The documents of training, validation and test."""
    rows = review_polarity()
    folds = {"train": range(8), "validation": (8,), "test": (9,)}
    return {name: [row.text for row in rows if row.fold in kept][:most] for name, kept in folds.items()}


def packed(known: Sequence[str], text: Sequence[str]) -> int:
    """Bytes that xz needs for a text after what it knows; its dictionary holds all of it."""
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME}]
    sizes = [len(lzma.compress("\n".join(each).encode(), filters=filters)) for each in (known, [*known, *text])]
    return sizes[1] - sizes[0]


def scored(name: str, nats: float, corpus: Corpus, parameters: int | None = None) -> dict[str, Any]:
    """A row of numbers."""
    bits = bits_per_character(nats + corpus.spelling_nats, corpus.characters)
    found = {"method": name, "perplexity": perplexity(nats, len(corpus)), "bits_per_character": bits}
    return found | ({} if parameters is None else {"parameters": parameters})


def trained(
    unit: str, cell: str, training: TrainingSettings, texts: dict[str, list[str]], part: str
) -> tuple[dict[str, Any], LanguageModel]:
    """Train once, score once."""
    hidden = NETWORK[unit].hidden_size if cell == "gru" else LSTM[unit]
    network = replace(NETWORK[unit], cell=cell, hidden_size=hidden)
    model = LanguageModel(text=READING[unit], network=network, segments=SEGMENTS[unit])
    started = time.perf_counter()
    model.fit(texts["train"], validation=texts["validation"], training=training, progress=True)
    seconds = time.perf_counter() - started
    found = model.evaluate(texts[part]).overall["gatelet"]
    row = {"method": cell, "seed": training.seed, "parameters": model.num_parameters, "seconds": seconds} | found
    return row | {"history": model.history.to_json()}, model


def counted(unit: str, model: LanguageModel, texts: dict[str, list[str]], part: str) -> list[dict[str, Any]]:
    """Rows of what only counts."""
    script = model.fitted_script
    corpora = {name: script.corpus(documents) for name, documents in texts.items()}
    train, validation, test = corpora["train"], corpora["validation"], corpora[part]
    best = min(ORDERS[unit], key=lambda order: ngrams.nats(train, validation, script.size, order))
    rows = [scored(f"Kneser-Ney, {best} {unit}s", ngrams.nats(train, test, script.size, best), test)]
    rows.append(scored("1", ngrams.nats(train, test, script.size, 1), test) | {"method": f"frequencies of {unit}s"})
    known = [text for name in ("train", "validation") if name != part for text in texts[name]]
    bits = 8.0 * packed(known, texts[part]) / test.characters
    return [
        *rows,
        {"method": "xz after the other parts", "bits_per_character": bits, "unknown": test.unknown / len(test)},
    ]


def report(unit: str, seconds: float, runs: list[dict[str, Any]], rows: list[dict[str, Any]]) -> None:
    """The table."""
    table: list[dict[str, Any]] = []
    for cell in dict.fromkeys(run["method"] for run in runs):
        own = [run for run in runs if run["method"] == cell]
        row: dict[str, Any] = {"method": f"gatelet, {cell.upper()}", "weights": f"{own[0]['parameters']:,}"}
        row["bits per character"] = spread([run["bits_per_character"] for run in own])
        row[f"perplexity per {unit}"] = f"{sum(run['perplexity'] for run in own) / len(own):.2f}"
        table.append(row | {"training, s": f"{max(run['seconds'] for run in own):.0f} at most"})
    for each in rows:
        row = {"method": each["method"], "bits per character": f"{each['bits_per_character']:.3f}"}
        table.append(row | ({f"perplexity per {unit}": f"{each['perplexity']:.2f}"} if "perplexity" in each else {}))
    unknown = next(row["unknown"] for row in rows if "unknown" in row)
    notes = (
        f"Folds 0 to 7 of review_polarity for training, 8 for choosing, 9 scored once; {100 * unknown:.2f}% of its "
        f"{unit}s are unknown, whose spelling the bits per character count at 8 bits per byte."
    )
    seeds = len({run["seed"] for run in runs})
    command = f"python benchmarks/text/generate.py {unit} --seeds {seeds} --seconds {seconds:.0f}"
    write(f"generate_{unit}", f"Long reviews, {unit} by {unit}", command, table, notes, {"runs": runs, "others": rows})


def main() -> None:
    """Train once per cell and seed, score once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("unit", choices=list(READING))
    parser.add_argument("--cells", default="gru,lstm")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=600.0, help="that a training may take")
    parser.add_argument("--reviews", type=int, help="take so many of each part, write nothing")
    parser.add_argument("--validation", action="store_true", help="score the validation fold, write nothing")
    asked = parser.parse_args()
    part = "validation" if asked.validation else "test"
    texts = parts(asked.reviews)
    runs: list[dict[str, Any]] = []
    models: list[LanguageModel] = []
    for seed in range(asked.seeds):
        for cell in asked.cells.split(","):
            training = replace(TRAINING[asked.unit], seed=seed, max_time=asked.seconds)
            run, model = trained(asked.unit, cell, training, texts, part)
            runs.append(run)
            models.append(model)
            print({name: value for name, value in run.items() if name != "history"}, flush=True)
    rows = counted(asked.unit, models[0], texts, part)
    print(*rows, sep="\n", flush=True)
    if not (asked.validation or asked.reviews):
        report(asked.unit, asked.seconds, runs, rows)


if __name__ == "__main__":
    main()
