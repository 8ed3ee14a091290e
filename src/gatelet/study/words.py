"""What every measure means, for somebody who has not met it before."""

from __future__ import annotations

SPOKEN = {
    "mae": "MAE",
    "rmse": "RMSE",
    "mase": "MASE",
    "smape": "sMAPE",
    "wql": "wQL",
    "coverage": "coverage",
    "qlike": "QLIKE",
}

# metric -> (name, explanation); {unit} and {promise} are filled in
MEASURES = {
    "mae": ("Average error", "MAE, in {unit}: how far off the forecast was, on average."),
    "rmse": ("Error, large misses stressed", "RMSE, in {unit}: like the average error, but a large miss weighs more."),
    "mase": (
        "Scaled error",
        "MASE: the average error divided by that of repeating the last season, one season ahead, in the training part.",
    ),
    "smape": ("Percentage error", "sMAPE, from 0 to 200: the error in per cent of the mean of forecast and truth."),
    "wql": (
        "Quantile loss",
        "wQL judges the whole band and not only its middle: it is low where the band is narrow and still right.",
    ),
    "coverage": (
        "Coverage",
        "How often the truth lay within the widest band, which promises {promise}. Nearer to that is better.",
    ),
    "qlike": ("Variance loss", "QLIKE: how well the forecast variance fits the size of the moves that followed."),
}

COSTS = {
    "parameters": ("Parameters", "Trained numbers in the whole network; each takes four bytes."),
    "flops_per_step": (
        "Arithmetic per time step",
        "FLOPs of the recurrent layers to read one step: additions and multiplications of their matrices.",
    ),
    "flops_per_forecast": ("Arithmetic per forecast", "FLOPs of the whole network to read the context and forecast."),
    "seconds_per_epoch": ("Training time per epoch", "Mean over the epochs, validation included, on this machine."),
    "seconds_to_best": ("Training time to the best epoch", "Until the weights that were kept."),
    "step_latency": (
        "Time for one step",
        "One sequence, one new step through the recurrent layers: half of the calls take less. Below it the time that "
        "99% of the calls stay under (p99).",
    ),
    "peak_memory": (
        "Memory of a training step",
        "Weights, optimizer state, gradients and what the way back needs, at the fullest moment.",
    ),
}

GLOSSARY = (
    (
        "GRU",
        "Gated recurrent unit: a cell that reads a sequence step by step. Two gates for each of its units decide what "
        "to keep of what it has read, and what to replace.",
    ),
    (
        "LSTM",
        "Long short-term memory: an older cell with three gates and a second state, and a third more arithmetic than a "
        "GRU of the same size.",
    ),
    ("RNN", "The plain recurrent cell, without gates: the cheapest, and the first to forget."),
    ("Persistence", "The simplest forecast: everything stays as it is now."),
    ("Seasonal naive", "The next simplest: the last season repeats itself. For hourly data that is the last day."),
    ("Window mean", "The mean of the last season, for every step ahead."),
    ("Band", "The range between two quantiles: the 80% band should hold the truth four times out of five."),
    (
        "Rolling origins",
        "Forecasts from many past moments in turn, each made from what was known by then, and held against what came.",
    ),
    ("Validation", "Rows kept out of the training that choose the best epoch. The test rows come after them."),
    (
        "Interval",
        "Holds the mean in 95 of 100 resamples of seeds and series (a paired bootstrap). With few seeds or series it "
        "is too narrow, which is why the recommendation may say that it does not know.",
    ),
)
