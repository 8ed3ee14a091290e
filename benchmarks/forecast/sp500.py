"""S&P 500, variance of the next day, 2014 to 2018. Run: python benchmarks/forecast/sp500.py

Walk-forward: for each year a forecaster with a Student-t head is trained on all days before that year and forecasts the
variance of every day of the year from the days before it.
"""

from __future__ import annotations

import argparse
import time
from datetime import datetime
from typing import Any

import numpy as np
import polars as pl
from record import record, spread

from gatelet import Columns, Forecaster, NetworkSettings, TrainingSettings, metrics
from gatelet.datasets.series import range_features, sp500

YEARS = range(2014, 2019)
PUBLISHED = {
    "GJR-GARCH": 0.3526,
    "GARCH(1,1)": 0.3897,
    "EWMA 0.94": 0.4530,
    "rolling 22 days": 0.5545,
    "constant": 0.9405,
}
COLUMNS = Columns(past=("parkinson", "overnight", "abs_return", "log_volume"))


def forecast_year(data: pl.DataFrame, year: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns and forecast variances of the days of a year."""
    until = data.filter(pl.col("ds") < datetime(year + 1, 1, 1))
    days = until.filter(pl.col("ds") >= datetime(year, 1, 1)).height
    forecaster = Forecaster(
        1,
        context_length=64,
        columns=COLUMNS,
        network=NetworkSettings(hidden_size=32, dropout=0.2),
        distribution="student_t",
        frequency="rows",
    )
    settings = TrainingSettings(epochs=15, batch_size=128, learning_rate=2e-3, weight_decay=1e-3, seed=seed)
    forecaster.fit(until, test_size=days, validation_size=500, training=settings, progress=True)
    backtest = forecaster.backtest(until, step=1, baselines=False)
    assert backtest.variance is not None
    return backtest.actual[:, 0], backtest.variance[:, 0]


def main() -> None:
    """Walk forward once per seed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    seeds = parser.parse_args().seeds
    data = range_features(sp500())
    runs: list[dict[str, Any]] = []
    for seed in range(seeds):
        started = time.perf_counter()
        parts = [forecast_year(data, year, seed) for year in YEARS]
        returns, variance = (np.concatenate(part) for part in zip(*parts, strict=True))
        by_year = {str(year): float(metrics.qlike(*part)) for year, part in zip(YEARS, parts, strict=True)}
        runs.append(
            {
                "seed": seed,
                "seconds": time.perf_counter() - started,
                "days": len(returns),
                "qlike": float(metrics.qlike(returns, variance)),
                "by_year": by_year,
            }
        )
    rows: list[dict[str, Any]] = [
        {"method": "gatelet GRU, Student-t, this run", "QLIKE": spread([run["qlike"] for run in runs])}
    ]
    rows += [{"method": method, "QLIKE": value} for method, value in PUBLISHED.items()]
    notes = (
        f"{seeds} seeds, mean ± standard deviation; {runs[0]['days']:,} days; five trainings per seed, "
        f"{max(run['seconds'] for run in runs):.0f} s at most for all five. QLIKE is mean(log p + r²/p), r in percent. "
        "The GRU reads returns and the day's range, gap and volume; the others, whose figures are those of "
        "the data set's protocol, read returns alone. No claim to predict prices."
    )
    record("sp500", "S&P 500, variance one day ahead", "python benchmarks/forecast/sp500.py", rows, notes, runs)


if __name__ == "__main__":
    main()
