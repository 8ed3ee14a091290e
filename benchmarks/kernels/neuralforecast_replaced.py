"""NeuralForecast's own GRU and LSTM on M4 Hourly, as they are and with `gatelet.nn.replace`: time and losses.

    python benchmarks/kernels/neuralforecast_replaced.py [--steps 30] [--json FILE]      (pip install neuralforecast)

Context 168, two layers of 128 units, all else NeuralForecast's defaults; one seed, so the same batches and weights.
--windows is its windows_batch_size, 128 by default: how many sequences a step trains on.
"""

import logging
import time
import warnings
from typing import Any

from turns import options, save

from gatelet.datasets.series import m4_hourly
from gatelet.nn import replace


def fit(kind: Any, train: Any, chosen: Any, replaced: bool) -> tuple[float, list[float]]:
    """Seconds of `fit` and the training losses."""
    from neuralforecast import NeuralForecast

    model = kind(
        h=48,
        input_size=168,
        encoder_n_layers=2,
        encoder_hidden_size=128,
        max_steps=chosen.steps,
        windows_batch_size=chosen.windows,
        enable_progress_bar=False,
        enable_model_summary=False,
        enable_checkpointing=False,
        logger=False,
        accelerator="cpu",
    )
    if replaced:
        replace(model)
    runner = NeuralForecast(models=[model], freq=1)
    started = time.perf_counter()
    runner.fit(train)
    seconds = time.perf_counter() - started
    return seconds, [float(loss) for _, loss in runner.models[0].train_trajectories]


def main() -> None:
    """Fit each model four times in turn, as it is and replaced, and print the better time of each."""
    from neuralforecast.models import GRU, LSTM

    chosen = options(__doc__, steps=30, windows=128, threads=2)
    warnings.filterwarnings("ignore")
    for name in ("lightning.pytorch", "pytorch_lightning", "lightning_fabric"):
        logging.getLogger(name).setLevel(logging.ERROR)
    train, _ = m4_hourly()
    rows: list[dict[str, Any]] = []
    for kind in (GRU, LSTM):
        runs: dict[bool, list[tuple[float, list[float]]]] = {False: [], True: []}
        for _ in range(2):
            for replaced, done in runs.items():
                done.append(fit(kind, train, chosen, replaced))
        plain, ours = (min(done) for done in runs.values())
        apart = max(abs(a - b) / abs(a) for a, b in zip(plain[1], ours[1], strict=True))
        times = {"s": plain[0], "s replaced": ours[0], "times as fast": plain[0] / ours[0]}
        rows.append({"model": kind.__name__, **times, "losses apart": apart})
    save(chosen, rows)


if __name__ == "__main__":
    main()
