"""Darts' own GRU and LSTM on M4 Hourly, as they are and with `gatelet.nn.replace`: time and losses.

    python benchmarks/kernels/darts_replaced.py [--batches 15] [--batch 32] [--json FILE]      (pip install darts)

`RNNModel` on windows of 216 steps (168 to read, 48 ahead), two layers of 128 units, all else Darts' defaults; one seed,
so the same batches and weights. The better of two runs each, in turn.
"""

import logging
import time
import warnings
from typing import Any

from turns import options, save

from gatelet.datasets.series import m4_hourly
from gatelet.nn import replace


def series() -> list[Any]:
    """The training part of each series, scaled by its mean."""
    from darts import TimeSeries

    train, _ = m4_hourly()
    parts = train.partition_by("unique_id", maintain_order=True)
    values = [part["y"].to_numpy().astype("float32") for part in parts]
    return [TimeSeries.from_values(each / each.mean()) for each in values]


def fit(kind: str, train: list[Any], chosen: Any, replaced: bool) -> tuple[float, list[float]]:
    """Seconds of `fit` and the loss of every batch."""
    from darts.models import RNNModel
    from pytorch_lightning.callbacks import Callback

    losses: list[float] = []

    class Losses(Callback):  # type: ignore[misc, unused-ignore]
        def on_train_batch_end(self, trainer: Any, module: Any, outputs: Any, batch: Any, index: int) -> None:
            losses.append(float(outputs["loss"]))

    model = RNNModel(
        input_chunk_length=168,
        training_length=216,
        model=kind,
        hidden_dim=128,
        n_rnn_layers=2,
        batch_size=chosen.batch,
        n_epochs=1,
        random_state=0,
        pl_trainer_kwargs={
            "accelerator": "cpu",
            "limit_train_batches": chosen.batches,
            "callbacks": [Losses()],
            "enable_progress_bar": False,
            "enable_model_summary": False,
            "logger": False,
            "enable_checkpointing": False,
        },
    )
    if replaced:  # the network is made when `fit` sees the data
        create = model._create_model
        model._create_model = lambda sample: replace(create(sample))
    started = time.perf_counter()
    model.fit(train)
    return time.perf_counter() - started, losses


def main() -> None:
    """Fit each model four times in turn, as it is and replaced."""
    chosen = options(__doc__, batches=15, batch=32, threads=2)
    warnings.filterwarnings("ignore")
    for name in ("lightning.pytorch", "pytorch_lightning", "lightning_fabric", "darts"):
        logging.getLogger(name).setLevel(logging.ERROR)
    train = series()
    rows: list[dict[str, Any]] = []
    for kind in ("GRU", "LSTM"):
        runs: dict[bool, list[tuple[float, list[float]]]] = {False: [], True: []}
        for _ in range(2):
            for replaced, done in runs.items():
                done.append(fit(kind, train, chosen, replaced))
        plain, ours = (min(done) for done in runs.values())
        apart = max(abs(a - b) / abs(a) for a, b in zip(plain[1], ours[1], strict=True))
        times = {"s": plain[0], "s replaced": ours[0], "times as fast": plain[0] / ours[0]}
        rows.append({"model": kind, **times, "losses apart": apart})
    save(chosen, rows)


if __name__ == "__main__":
    main()
