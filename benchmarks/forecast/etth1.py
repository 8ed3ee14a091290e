"""ETTh1, 96 to 96, multivariate, all windows. Run: python benchmarks/forecast/etth1.py

The protocol of the long-term forecasting literature (LTSF): 12, 4 and 4 months of training, validation and test, every
channel standardized by its training part, errors over all windows of the test part, none dropped.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np
import polars as pl
from record import record, spread

from gatelet import Forecaster, NetworkSettings, TrainingSettings
from gatelet.datasets.series import ett

MONTH = 30 * 24
HORIZON = 96
PUBLISHED = {
    "SegRNN": (0.368, 0.395),
    "iTransformer": (0.386, 0.405),
    "DLinear": (0.386, 0.400),
    "PatchTST": (0.414, 0.419),
}


def standardized() -> pl.DataFrame:
    """The 20 months of the protocol, each channel by mean and standard deviation of its first 12 months."""
    data = ett().group_by("unique_id", maintain_order=True).head(20 * MONTH)
    train = pl.col("y").head(12 * MONTH)
    y = (pl.col("y") - train.mean()) / train.std(ddof=0)
    return data.with_columns(y.over("unique_id"))


def main() -> None:
    """Train once per seed, score all windows of the test part once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    seeds = parser.parse_args().seeds
    data = standardized()
    runs: list[dict[str, Any]] = []
    for seed in range(seeds):
        forecaster = Forecaster(
            HORIZON,
            context_length=720,
            network=NetworkSettings(
                hidden_size=128, segment_length=48, dropout=0.5, series_embedding=16, center="last"
            ),
        )
        settings = TrainingSettings(
            epochs=6, steps_per_epoch=100, batch_size=256, learning_rate=1e-3, patience=6, seed=seed
        )
        started = time.perf_counter()
        forecaster.fit(data, test_size=4 * MONTH, validation_size=4 * MONTH, training=settings, progress=True)
        seconds = time.perf_counter() - started
        backtest = forecaster.backtest(data, step=1, baselines=False)
        error = backtest.forecasts["gatelet"][..., backtest.levels.index(0.5)] - backtest.actual
        runs.append(
            {
                "seed": seed,
                "seconds": seconds,
                "parameters": forecaster.num_parameters,
                "windows": len(backtest.windows),
                "mse": float(np.mean(error**2)),
                "mae": float(np.mean(np.abs(error))),
            }
        )
    rows: list[dict[str, Any]] = [
        {
            "method": "gatelet GRU, this run",
            "MSE": spread([run["mse"] for run in runs]),
            "MAE": spread([run["mae"] for run in runs]),
            "training, s": f"{max(run['seconds'] for run in runs):.0f} at most",
        }
    ]
    rows += [{"method": method, "MSE": mse, "MAE": mae} for method, (mse, mae) in PUBLISHED.items()]
    notes = (
        f"{seeds} seeds, mean ± standard deviation; {runs[0]['parameters']:,} weights, {runs[0]['windows']:,} windows "
        f"of 7 channels (2,785 each, all of the test part). Context 720, as SegRNN's. The median of the quantile "
        "forecast is scored; the validation months chose the epoch. Published: the SegRNN and iTransformer papers."
    )
    record("etth1", "ETTh1, 96 hours ahead", "python benchmarks/forecast/etth1.py", rows, notes, runs)


if __name__ == "__main__":
    main()
