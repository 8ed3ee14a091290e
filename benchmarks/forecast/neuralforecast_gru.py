"""The same training job with NeuralForecast's GRU and ours, side by side on M4 Hourly.

Run, where NeuralForecast is installed (pip install neuralforecast): python benchmarks/forecast/neuralforecast_gru.py

Both read a week hour by hour with the same number of units, learn the nine deciles of the next 48 hours from the same
number of windows per step and the same number of steps, on the same threads, and are scored on the official test part.
"""

from __future__ import annotations

import argparse
import logging
import time
import warnings
from typing import Any

import numpy as np
import polars as pl
import torch
from record import record

from gatelet import Forecaster, NetworkSettings, TrainingSettings, metrics
from gatelet.datasets.series import m4_hourly

HORIZON, CONTEXT, HIDDEN, WINDOWS, RATE = 48, 168, 128, 256, 2e-3
DECILES = [k / 10 for k in range(1, 10)]


def ours(data: pl.DataFrame, steps: int, segment_length: int) -> dict[str, float]:
    """Seconds to fit, MASE and wQL of our forecaster."""
    network = NetworkSettings(hidden_size=HIDDEN, segment_length=segment_length)
    forecaster = Forecaster(HORIZON, context_length=CONTEXT, network=network, seasonality=24)
    settings = TrainingSettings(epochs=1, steps_per_epoch=steps, batch_size=WINDOWS, learning_rate=RATE)
    started = time.perf_counter()
    forecaster.fit(data, test_size=HORIZON, validation_size=HORIZON, training=settings)
    seconds = time.perf_counter() - started
    scores = forecaster.evaluate(data).overall["gatelet"]
    return {
        "seconds": seconds,
        "mase": scores["mase"],
        "wql": scores["wql"],
        "parameters": forecaster.num_parameters,
    }


def theirs(train: pl.DataFrame, test: pl.DataFrame, steps: int) -> dict[str, float]:
    """Seconds to fit, MASE and wQL of NeuralForecast's GRU."""
    from neuralforecast import NeuralForecast
    from neuralforecast.losses.pytorch import MQLoss
    from neuralforecast.models import GRU

    model = GRU(
        h=HORIZON,
        input_size=CONTEXT,
        encoder_n_layers=1,
        encoder_hidden_size=HIDDEN,
        loss=MQLoss(quantiles=DECILES),
        max_steps=steps,
        windows_batch_size=WINDOWS,
        learning_rate=RATE,
        scaler_type="standard",
        val_check_steps=steps,
        enable_progress_bar=False,
        logger=False,
        enable_checkpointing=False,
        accelerator="cpu",
    )
    runner = NeuralForecast(models=[model], freq=1)
    started = time.perf_counter()
    runner.fit(train, val_size=HORIZON)
    seconds = time.perf_counter() - started
    forecast = runner.predict().sort("unique_id", "ds")
    columns = [name for name in forecast.columns if name.startswith("GRU")]
    quantiles = np.sort(forecast.select(columns).to_numpy(), axis=1)
    y = test.sort("unique_id", "ds")["y"].to_numpy().reshape(-1, HORIZON)
    quantiles = quantiles.reshape(*y.shape, len(DECILES))
    ids = forecast["unique_id"].unique(maintain_order=True)
    scale = [metrics.seasonal_scale(train.filter(pl.col("unique_id") == name).sort("ds")["y"], 24) for name in ids]
    return {
        "seconds": seconds,
        "mase": float(metrics.mase(y, quantiles[..., 4], np.array(scale)[:, None])),
        "wql": float(metrics.wql(y, quantiles, DECILES)),
        "parameters": sum(weight.numel() for weight in model.parameters()),
    }


def main() -> None:
    """Fit all three, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    warnings.filterwarnings("ignore")
    for name in ("lightning.pytorch", "pytorch_lightning", "lightning_fabric"):
        logging.getLogger(name).setLevel(logging.ERROR)
    train, test = m4_hourly()
    data = pl.concat([train, test])
    runs = {
        "gatelet, hour by hour": ours(data, options.steps, 1),
        "NeuralForecast GRU": theirs(train, test, options.steps),
        "gatelet, segments of 24 hours": ours(data, options.steps, 24),
    }
    base = runs["NeuralForecast GRU"]["seconds"]
    rows: list[dict[str, Any]] = [
        {
            "forecaster": name,
            "fit, s": f"{run['seconds']:.1f}",
            "times as fast": f"{base / run['seconds']:.1f}",
            "MASE": f"{run['mase']:.3f}",
            "wQL": f"{run['wql']:.4f}",
            "weights": f"{run['parameters']:,.0f}",
        }
        for name, run in runs.items()
    ]
    notes = (
        f"{options.steps} steps of {WINDOWS} windows, {CONTEXT} hours of context, one layer of {HIDDEN} units, AdamW "
        f"and Adam at {RATE:g}, windows standardized, one seed. Wall time of fit, the validation at its end included. "
        "Neither is trained out in so few steps: m4_hourly.py shows where ours arrives."
    )
    record(
        "neuralforecast_gru",
        "The same job as NeuralForecast's GRU",
        "python benchmarks/forecast/neuralforecast_gru.py",
        rows,
        notes,
        runs,
    )


if __name__ == "__main__":
    main()
