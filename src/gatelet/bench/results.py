"""What was measured, and the ratios and shares that follow."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from gatelet.bench.problem import GATES
from gatelet.bench.shapes import Shape


@dataclass(frozen=True)
class Measured:
    """One layer at one shape. The keys are "forward" and "train", where the library does that.

    Attributes:
        cell: "gru" or "lstm".
        about: library and version.
        ms: median milliseconds.
        prepare_ms: building the layer: packing weights, compiling; not part of `ms`.
        first_ms: the first call of all, in a new process.
        peak_bytes: what memory rose by at most, from before the first forward on.
        error: of y, largest difference from float64.
        gradient_error: largest difference from float64 of any gradient, as a share of its largest value.
    """

    cell: str
    about: str
    ms: dict[str, float]
    prepare_ms: float
    first_ms: dict[str, float]
    peak_bytes: dict[str, int | None]
    error: float
    gradient_error: float | None


@dataclass(frozen=True)
class Row:
    """All layers at one shape; `failed` says why a layer is not among them."""

    shape: Shape
    layers: dict[str, Measured]
    failed: dict[str, str]

    def share(self, name: str, what: str, peak: float) -> float | None:
        """The layer's products per second as a share of `peak`, both in FLOP/s."""
        layer = self.layers.get(name)
        if layer is None or what not in layer.ms:
            return None
        return self.shape.flops(GATES[layer.cell], train=what == "train") / (1e-3 * layer.ms[what] * peak)

    def ratio(self, peer: str, ours: str, what: str) -> float | None:
        """How many times as long `peer` takes."""
        times = [self.layers[name].ms.get(what) if name in self.layers else None for name in (peer, ours)]
        return None if times[0] is None or times[1] is None else times[0] / times[1]


@dataclass
class Bench:
    """A whole run, or as much as was done of it.

    Attributes:
        machine: processor, system, load.
        settings: threads, repeats, seed.
        products: who -> FLOP/s of a square product of 2048.
        absent: peers that are not installed -> what installs them.
        rows: one per shape.
        planned: how many shapes there should be.
    """

    machine: dict[str, Any]
    settings: dict[str, Any]
    absent: dict[str, str]
    planned: int
    products: dict[str, float] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)

    @property
    def peak(self) -> float:
        """FLOP/s of the faster product."""
        return max(self.products.values())

    @property
    def complete(self) -> bool:
        """Whether all shapes were measured."""
        return len(self.rows) == self.planned

    def names(self, what: str = "forward") -> list[str]:
        """The layers that some row has times of."""
        return list(dict.fromkeys(name for row in self.rows for name, layer in row.layers.items() if what in layer.ms))

    def mean_ratio(self, peer: str, ours: str, what: str) -> float | None:
        """Geometric mean over the shapes."""
        return geometric_mean([ratio for row in self.rows if (ratio := row.ratio(peer, ours, what)) is not None])

    def to_json(self) -> dict[str, Any]:
        """All of it, with the ratios to our GRU (and of torch's LSTM to our LSTM) and the shares of peak."""
        rows = []
        for row in self.rows:
            layers = {name: asdict(layer) for name, layer in row.layers.items()}
            for name, layer in layers.items():
                layer["share_of_peak"] = {what: row.share(name, what, self.peak) for what in layer["ms"]}
            rows.append({"shape": asdict(row.shape), "layers": layers, "failed": row.failed})
        means = {
            f"{peer} / {ours}": {what: self.mean_ratio(peer, ours, what) for what in ("forward", "train")}
            for peer, ours in self.pairs()
        }
        return {
            "machine": self.machine,
            "settings": self.settings,
            "absent": self.absent,
            "product_flops": self.products,
            "peak_flops": self.peak,
            "complete": self.complete,
            "geometric_mean_ratios": means,
            "rows": rows,
        }

    def pairs(self) -> list[tuple[str, str]]:
        """Who is set against whom: all others against our GRU, and torch's LSTM against our LSTM."""
        names = self.names()
        against = [(name, "GRU") for name in names if name not in ("GRU", "LSTM")]
        return [*against, *([("torch LSTM", "LSTM")] if {"LSTM", "torch LSTM"} <= set(names) else [])]


def geometric_mean(values: Sequence[float]) -> float | None:
    """exp(mean(log)); None of nothing."""
    return math.exp(sum(map(math.log, values)) / len(values)) if values else None
