"""NeuralForecast's own GRU and LSTM on M4 Hourly, as they are and with `gatelet.nn.replace`: time and losses.

    python benchmarks/kernels/neuralforecast_replaced.py [--steps 30]      (pip install neuralforecast)

Context 168, two layers of 128 units, all else NeuralForecast's defaults; one seed, so the same batches and weights.
"""

import argparse
import json
import logging
import time
import warnings
from pathlib import Path
from typing import Any

import torch

from gatelet.datasets.series import m4_hourly
from gatelet.nn import replace

RESULTS = Path(__file__).parent / "results" / "neuralforecast_replaced.json"


def fit(kind: Any, train: Any, steps: int, replaced: bool) -> tuple[float, list[float]]:
    """Seconds of `fit` and the training losses."""
    from neuralforecast import NeuralForecast

    model = kind(
        h=48,
        input_size=168,
        encoder_n_layers=2,
        encoder_hidden_size=128,
        max_steps=steps,
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

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    warnings.filterwarnings("ignore")
    for name in ("lightning.pytorch", "pytorch_lightning", "lightning_fabric"):
        logging.getLogger(name).setLevel(logging.ERROR)
    train, _ = m4_hourly()
    rows = []
    for kind in (GRU, LSTM):
        runs: dict[bool, list[tuple[float, list[float]]]] = {False: [], True: []}
        for _ in range(2):
            for replaced, done in runs.items():
                done.append(fit(kind, train, options.steps, replaced))
        plain, ours = (min(done) for done in runs.values())
        apart = max(abs(a - b) / abs(a) for a, b in zip(plain[1], ours[1], strict=True))
        rows.append(
            {
                "model": kind.__name__,
                "seconds": plain[0],
                "seconds replaced": ours[0],
                "times as fast": plain[0] / ours[0],
                "largest relative difference of a loss": apart,
            }
        )
        print(rows[-1], flush=True)
    RESULTS.write_text(json.dumps({"steps": options.steps, "threads": options.threads, "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
