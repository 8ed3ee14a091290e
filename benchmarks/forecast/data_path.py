"""What cutting windows costs beside a training step. Run: python benchmarks/forecast/data_path.py

The demo's data and network: three airports, 72 hours of context, batches of 128 windows; and M4 Hourly with a week.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import torch
from record import record

from gatelet import Columns
from gatelet.datasets.series import m4_hourly, nyc_weather
from gatelet.features import fit_schema, read_panel
from gatelet.features.windows import training_windows
from gatelet.study.demo import PAST
from gatelet.tasks.forecasting.batch import Batch, WindowCutter, batch_widths
from gatelet.tasks.forecasting.forecaster import DECILES
from gatelet.tasks.forecasting.network import ForecastNetwork, NetworkSettings, WindowSizes, forecast_loss


def job(data: Any, columns: Columns, shape: tuple[int, int, int], network: NetworkSettings) -> tuple[Any, Any]:
    """The two halves of a training step: cut a random batch, and learn from it. `shape`: context, horizon, batch."""
    context, horizon, batch_size = shape
    schema = fit_schema(data, columns, seasonality=24)
    panel = read_panel(data, schema)
    windows = training_windows(panel, context, horizon, 0)
    cutter = WindowCutter(panel, windows, context, horizon, center="mean")
    sizes = WindowSizes(context, horizon, *batch_widths(schema), panel.num_series)
    model = ForecastNetwork(network, sizes, "quantiles", DECILES)
    optimizer = torch.optim.AdamW(model.parameters(), fused=True)

    def learn(batch: Batch) -> None:
        optimizer.zero_grad()
        torch.autograd.backward(forecast_loss(model, batch))
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()

    return lambda: cutter(torch.randint(len(windows), (batch_size,))), learn


def measure(cut: Callable[[], Batch], learn: Callable[[Batch], None], steps: int) -> tuple[float, float]:
    """Median milliseconds of both halves."""
    cuts, learns = [], []
    for _ in range(steps + 5):
        started = time.perf_counter()
        batch = cut()
        between = time.perf_counter()
        learn(batch)
        learns.append(time.perf_counter() - between)
        cuts.append(between - started)
    return 1e3 * median(cuts[5:]), 1e3 * median(learns[5:])


def main() -> None:
    """Measure both jobs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=100)
    steps = parser.parse_args().steps
    jobs = {
        "demo, GRU 64, segments of 1": job(
            nyc_weather(), Columns(past=PAST), (72, 24, 128), NetworkSettings(hidden_size=64)
        ),
        "M4 Hourly, GRU 128, segments of 24": job(
            m4_hourly()[0], Columns(), (168, 48, 256), NetworkSettings(hidden_size=128, segment_length=24)
        ),
    }
    rows: list[dict[str, Any]] = []
    for name, (cut, learn) in jobs.items():
        cutting, learning = measure(cut, learn, steps)
        rows.append(
            {
                "job": name,
                "cutting a batch, ms": f"{cutting:.2f}",
                "forward, backward, update, ms": f"{learning:.2f}",
                "share of the step": f"{cutting / (cutting + learning):.1%}",
            }
        )
    notes = f"Medians of {steps} steps after 5."
    record("data_path", "The data path", "python benchmarks/forecast/data_path.py", rows, notes, rows)


if __name__ == "__main__":
    main()
