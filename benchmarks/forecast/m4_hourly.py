"""M4 Hourly: 414 series, 48 hours ahead, official split. Run: python benchmarks/forecast/m4_hourly.py"""

from __future__ import annotations

import argparse
import time
from typing import Any

import polars as pl
from record import record, spread

from gatelet import Forecaster, NetworkSettings, TrainingSettings
from gatelet.datasets.series import m4_hourly

HORIZON = 48
PUBLISHED = {
    "seasonal naive (published)": (1.193, 13.91, None),
    "ES-RNN, winner of M4": (0.893, 9.33, None),
    "FFORMA": (0.819, 11.51, None),
    "DeepAR": (3.53, None, 0.133),
    "TFT": (2.47, None, 0.0401),
    "AutoARIMA": (1.03, None, 0.0337),
    "Chronos-Bolt": (0.837, None, 0.0253),
}


def main() -> None:
    """Train once per seed on the training part, score the test part once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    seeds = parser.parse_args().seeds
    train, test = m4_hourly()
    data = pl.concat([train, test])
    runs: list[dict[str, Any]] = []
    for seed in range(seeds):
        forecaster = Forecaster(
            HORIZON,
            context_length=168,
            network=NetworkSettings(hidden_size=128, segment_length=24),
            seasonality=24,
        )
        settings = TrainingSettings(epochs=12, steps_per_epoch=250, batch_size=256, patience=12, seed=seed)
        started = time.perf_counter()
        forecaster.fit(data, test_size=HORIZON, training=settings, progress=True)
        seconds = time.perf_counter() - started
        scores = forecaster.evaluate(data)
        runs.append({"seed": seed, "seconds": seconds, "parameters": forecaster.num_parameters} | scores.overall)
    rows: list[dict[str, Any]] = [
        {
            "method": "gatelet GRU, this run",
            "MASE": spread([run["gatelet"]["mase"] for run in runs], 3),
            "sMAPE": spread([run["gatelet"]["smape"] for run in runs], 2),
            "wQL": spread([run["gatelet"]["wql"] for run in runs]),
            "coverage of 80%": spread([run["gatelet"]["coverage"] for run in runs], 3),
            "training, s": f"{max(run['seconds'] for run in runs):.0f} at most",
        }
    ]
    naive = runs[0]["seasonal naive"]
    rows.append(
        {
            "method": "seasonal naive, this run",
            "MASE": f"{naive['mase']:.3f}",
            "sMAPE": f"{naive['smape']:.2f}",
            "wQL": f"{naive['wql']:.4f}",
            "coverage of 80%": f"{naive['coverage']:.3f}",
        }
    )
    for method, (mase, smape, wql) in PUBLISHED.items():
        rows.append({"method": method, "MASE": mase or "", "sMAPE": smape or "", "wQL": wql or ""})
    notes = (
        f"{seeds} seeds, mean ± standard deviation; {runs[0]['parameters']:,} weights. The last 96 hours of each "
        "training part chose the epoch; the test part was scored once. MASE with season 24, mean over series; wQL over "
        "the levels 0.1 to 0.9. Published figures: M4 competition, GluonTS and Chronos papers."
    )
    record("m4_hourly", "M4 Hourly", "python benchmarks/forecast/m4_hourly.py", rows, notes, runs)


if __name__ == "__main__":
    main()
