"""The same sentiment training on our layers and on torch's. Run: python benchmarks/text/speed.py

Both networks begin with the same weights and see the same batches; the epochs take turns, and their losses must agree
before a time is reported.
"""

from __future__ import annotations

import argparse
import copy
import time
from typing import Any

import numpy as np
import torch
from sets import CHOICES, READERS
from tables import write
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from gatelet import ClassifierSettings
from gatelet.features.labels import fit_labels
from gatelet.features.text import fit_text
from gatelet.nn import GRU, LSTM
from gatelet.tasks.classification.batch import TextCutter
from gatelet.tasks.classification.loss import ClassificationLoss
from gatelet.tasks.classification.network import ClassifierNetwork, ClassifierSizes
from gatelet.training import Batches


class Packed(nn.Module):
    """A layer of torch's behind the call of ours: padded batch and lengths in, padded batch out."""

    def __init__(self, layer: nn.GRU | nn.LSTM) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor, *, lengths: Tensor) -> tuple[Tensor, None]:
        """(B, T, F) to (B, T, D*H)."""
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        y, _ = pad_packed_sequence(self.layer(packed)[0], batch_first=True, total_length=x.shape[1])
        return y, None


def with_torch_layers(network: ClassifierNetwork) -> ClassifierNetwork:
    """A copy whose recurrent layers are torch's, with the same weights."""
    other = copy.deepcopy(network)
    for place, layer in enumerate(network.layers):
        assert isinstance(layer, GRU | LSTM)
        kind = nn.GRU if isinstance(layer, GRU) else nn.LSTM
        theirs = kind(layer.input_size, layer.hidden_size, batch_first=True, bidirectional=layer.bidirectional)
        theirs.load_state_dict(layer.state_dict())
        other.layers[place] = Packed(theirs)
    return other


def epoch(network: ClassifierNetwork, batches: Batches, optimizer: torch.optim.Optimizer) -> tuple[float, float]:
    """Train once over the batches; seconds and mean loss."""
    loss_of, losses = ClassificationLoss(), []
    network.train()
    started = time.perf_counter()
    for batch in batches:
        optimizer.zero_grad()
        loss = loss_of(network, batch)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        losses.append(float(loss.detach()))
    return time.perf_counter() - started, float(np.mean(losses))


def race(cell: str, epochs: int) -> dict[str, Any]:
    """Epochs of SST-2 on both kinds of layers in turns, without dropout, which would draw different numbers."""
    choice, parts = CHOICES["sst2"], READERS["sst2"]()
    features = fit_text(parts.train.texts, choice.reading)
    labels = fit_labels(parts.train.labels or ())
    tokens = features.encode(parts.train.texts)
    cutter = TextCutter(tokens, labels.targets(parts.train.labels or (), parts.train.places))
    batches = Batches(len(tokens), cutter, 64, seed=0, lengths=torch.from_numpy(tokens.lengths))
    settings = ClassifierSettings(cell=cell, dropout=0.0, embedding_dropout=0.0, word_dropout=0.0)
    torch.manual_seed(0)
    sizes = ClassifierSizes(len(features.vocabulary), choice.reading.spelling_buckets, len(labels))
    ours = ClassifierNetwork(settings, sizes)
    networks = {"gatelet": ours, "torch": with_torch_layers(ours)}
    optimizers = {name: torch.optim.AdamW(each.parameters(), 1e-3, fused=True) for name, each in networks.items()}
    seconds: dict[str, list[float]] = {name: [] for name in networks}
    for number in range(epochs):
        batches.set_epoch(number)
        losses = {}
        for name in networks if number % 2 else reversed(networks):
            taken, losses[name] = epoch(networks[name], batches, optimizers[name])
            seconds[name].append(taken)
        if abs(losses["gatelet"] - losses["torch"]) > 2e-3:
            raise SystemExit(f"The losses must agree to 2e-3; got {losses}.")
    best = {name: min(values) for name, values in seconds.items()}
    return {"cell": cell, "seconds": seconds, "best": best, "ratio": best["torch"] / best["gatelet"]}


def main() -> None:
    """Race both cells."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=4)
    asked = parser.parse_args()
    runs = [race(cell, asked.epochs) for cell in ("gru", "lstm")]
    rows = [
        {
            "cell": run["cell"],
            "gatelet, s per epoch": f"{run['best']['gatelet']:.2f}",
            "torch, s per epoch": f"{run['best']['torch']:.2f}",
            "torch / gatelet": f"{run['ratio']:.2f}",
        }
        for run in runs
    ]
    notes = (
        "The whole training step counts: batches, vectors, spellings, optimizer. Fastest of "
        f"{asked.epochs} epochs of each; same weights, same batches, losses equal to 2e-3."
    )
    write("speed", "Sentiment training on our layers and torch's", "python benchmarks/text/speed.py", rows, notes, runs)


if __name__ == "__main__":
    main()
