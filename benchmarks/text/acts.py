"""Dialogue acts to sentences, restaurant and hotel. Run: python benchmarks/text/acts.py restaurant (or hotel).

The protocol is that of RNNLG (Wen et al. 2015, 2016), so that its published scores can stand beside ours: sentences are
normalised by its rules, the five best of 20 candidates are scored for every act of the test part, with the references
of all acts that differ in values alone, and slots are counted by its list of words. The settings were chosen by the
validation part; `--validation` scores that part again and leaves the test part alone.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import replace
from typing import Any

import torch
from rnnlg import normalised
from tables import RESULTS, spread, write

from gatelet import Realizer, RealizerSettings, SearchSettings, SlotRules, TextSettings, TrainingSettings
from gatelet.datasets.text import dialog_acts
from gatelet.features.text import Pairs
from gatelet.features.text.acts import DialogueAct, delexicalise, lexicalise
from gatelet.metrics import reference_bleu

TEXT = TextSettings(unit="space", buckets=0, min_count=2, max_length=256)
NETWORK = RealizerSettings(embedding_size=64, hidden_size=192, dropout=0.5, embedding_dropout=0.3)
TRAINING = TrainingSettings(epochs=30, batch_size=32, learning_rate=3e-3, patience=30)
SEARCH = SearchSettings(beams=20, length_penalty=1.0, best=5)
# the words by which RNNLG counts slots that are yes or no, whatever the domain
RULES = SlotRules(
    keywords={
        "kidsallowed": ("child", "kid", "kids", "children"),
        "dogsallowed": ("dog", "dogs", "puppy"),
        "hasinternet": ("internet", "wifi"),
        "acceptscreditcards": ("card", "cards"),
        "isforbusinesscomputing": ("business", "nonbusiness", "home", "personal", "general"),
        "hasusbport": ("usb",),
    },
    uncounted_slots=("type",),
    uncounted_acts=("?select", "suggest"),
)
PUBLISHED = {
    "restaurant": {"SC-LSTM": (0.7525, 0.38), "encoder-decoder LSTM": (0.7398, 2.78)},
    "hotel": {"SC-LSTM": (0.8482, 3.07), "encoder-decoder LSTM": (0.8549, 4.69)},
}


def pairs_of(domain: str) -> dict[str, Pairs]:
    """The parts, as pairs of an act and a sentence."""
    return {
        part: Pairs(tuple(row.act for row in rows), tuple(normalised(row.reference) for row in rows))
        for part, rows in dialog_acts(domain).items()
    }


def by_hand(domain: str, part: str) -> float:
    """BLEU of the sentences that RNNLG's hand-written rules make: of each act the first that the set has for it."""
    rows = dialog_acts(domain)[part]
    acts = [DialogueAct.parse(row.act) for row in rows]
    groups: dict[tuple[str, ...], list[tuple[list[str], list[str]]]] = {}
    for act, row in zip(acts, rows, strict=True):
        both = (delexicalise(act, normalised(row.baseline)), delexicalise(act, normalised(row.reference)))
        groups.setdefault(act.features, []).append(both)

    def said(act: DialogueAct, marked: list[str]) -> list[str]:
        return " ".join(lexicalise(act, marked)).split()

    return reference_bleu(
        ([said(act, groups[act.features][0][0])], [said(act, marked) for _, marked in groups[act.features]])
        for act in acts
    )


def run(domain: str, seed: int, part: str, training: TrainingSettings) -> dict[str, Any]:
    """Train once, score one part: the five best of each act, and the best alone."""
    parts = pairs_of(domain)
    started = time.perf_counter()
    realizer = Realizer(text=TEXT, network=NETWORK, rules=RULES, search=SEARCH)
    realizer.fit(parts["train"], validation=parts["validation"], training=replace(training, seed=seed))
    found: dict[str, Any] = {"seed": seed, "seconds": time.perf_counter() - started}
    found |= {"parameters": realizer.num_parameters, "history": realizer.history.to_json()}
    started = time.perf_counter()
    found["five"] = realizer.evaluate(parts[part]).overall["gatelet"]
    found["one"] = realizer.evaluate(parts[part], search=replace(SEARCH, best=1)).overall["gatelet"]
    found["scoring_seconds"] = time.perf_counter() - started
    return found


def report(domain: str, runs: list[dict[str, Any]]) -> None:
    """The table of a domain."""
    rows: list[dict[str, Any]] = []
    for name, key in (("gatelet's SC-GRU, five best", "five"), ("gatelet's SC-GRU, the best", "one")):
        row = {"method": name, "BLEU": spread([each[key]["bleu"] for each in runs])}
        row["slot error, %"] = spread([100 * each[key]["slot_error"] for each in runs])
        row["training, s"] = f"{max(each['seconds'] for each in runs):.0f} at most"
        rows.append(row)
    for name, (bleu, error) in PUBLISHED[domain].items():
        rows.append({"method": f"{name}, five best (Wen et al. 2016)", "BLEU": bleu, "slot error, %": error})
    rows.append({"method": "rules written by hand, in the set", "BLEU": f"{by_hand(domain, 'test'):.3f}"})
    notes = (
        f"{len(runs)} seeds, {runs[0]['parameters']:,} weights, {SEARCH.beams} beams. BLEU-4 and slots as RNNLG's "
        "scorer counts them. The validation part chose settings and epoch; the test part was scored once."
    )
    command = f"python benchmarks/text/acts.py {domain}"
    write(f"acts_{domain}", f"Dialogue acts to sentences, {domain}", command, rows, notes, runs)


def main() -> None:
    """Train once per seed, score once; what a seed gave is kept at once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("domain", choices=list(PUBLISHED))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=TRAINING.epochs, help="fewer or more than chosen")
    parser.add_argument("--validation", action="store_true", help="score the validation part, write nothing")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    training = replace(TRAINING, epochs=asked.epochs, patience=asked.epochs)
    runs = []
    for seed in range(asked.seeds):
        kept = RESULTS / f"acts_{asked.domain}_{seed}.part.json"
        if kept.exists() and not asked.validation:
            runs.append(json.loads(kept.read_text(encoding="utf-8")))
            continue
        runs.append(run(asked.domain, seed, "validation" if asked.validation else "test", training))
        print({name: value for name, value in runs[-1].items() if name != "history"}, flush=True)
        if not asked.validation:
            RESULTS.mkdir(exist_ok=True)
            kept.write_text(json.dumps(runs[-1]), encoding="utf-8")
    if not asked.validation:
        report(asked.domain, runs)
        for seed in range(asked.seeds):
            (RESULTS / f"acts_{asked.domain}_{seed}.part.json").unlink()


if __name__ == "__main__":
    main()
