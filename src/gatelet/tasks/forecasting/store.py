"""A forecaster as a folder, and back."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from gatelet.errors import ModelError
from gatelet.features import Schema
from gatelet.tasks.forecasting.fitted import Fitted
from gatelet.tasks.forecasting.network import ForecastNetwork, NetworkSettings, WindowSizes
from gatelet.tasks.store import check_weights, described, read_config, read_weights, write_model
from gatelet.training import History, TrainingSettings

if TYPE_CHECKING:
    from gatelet.tasks.forecasting.forecaster import Forecaster

TASK = "Forecaster"
OFFSETS = "conformal_offsets"
# far above any model that trains; a description beyond this is hostile
LARGEST_SIZE = 2**20


def save(forecaster: Forecaster, fitted: Fitted, path: Path, overwrite: bool) -> Path:
    """Write a fitted forecaster, see `write_model`."""
    weights = dict(fitted.network.state_dict())
    if fitted.offsets is not None:
        weights[OFFSETS] = torch.from_numpy(fitted.offsets)
    description = {
        "horizon": forecaster.horizon,
        "context_length": fitted.network.sizes.context_length,
        "quantiles": list(forecaster.levels),
        "distribution": forecaster.distribution,
        "network": asdict(forecaster.network),
        "sizes": asdict(fitted.network.sizes),
        "schema": fitted.schema.to_json(),
        "series": list(fitted.series),
        "test_size": forecaster.test_size,
        "training": asdict(forecaster.training),
        "history": forecaster.history.to_json(),
        "metrics": forecaster.metrics,
    }
    return write_model(path, TASK, description, weights, overwrite)


def load(kind: type[Forecaster], path: Path) -> Forecaster:
    """Read a forecaster that `save` wrote.

    Raises:
        ModelError: the folder is absent, damaged, from a newer gatelet, or no forecaster.
    """
    config = read_config(path)
    if config.get("task") != TASK:
        raise ModelError(f"{path} must hold a {TASK}; it holds {config.get('task')!r}.")
    weights = read_weights(path, config)
    offsets = weights.pop(OFFSETS, None)
    with described(path):
        forecaster = _described_forecaster(kind, config)
        series = tuple(str(name) for name in config["series"])
        schema = Schema.from_json(config["schema"])
        sizes = WindowSizes(**config["sizes"])
        _check_sizes(config, sizes)
        make = (forecaster.network, sizes, forecaster.distribution, forecaster.levels)
        with torch.device("meta"):
            check_weights(path, ForecastNetwork(*make), weights)
        network = ForecastNetwork(*make)
        network.load_state_dict(weights)
        network.eval()
        if offsets is not None and offsets.shape != (forecaster.horizon, len(forecaster.levels)):
            raise ModelError(f"{path} is damaged: {OFFSETS} has shape {tuple(offsets.shape)}.")
    forecaster.restore(Fitted(schema, series, network, None if offsets is None else offsets.numpy().astype(np.float64)))
    return forecaster


def _described_forecaster(kind: type[Forecaster], config: dict[str, Any]) -> Forecaster:
    """A forecaster that is not fitted yet, as the configuration says."""
    schema = Schema.from_json(config["schema"])
    forecaster = kind(
        config["horizon"],
        context_length=config["context_length"],
        columns=schema.columns,
        network=NetworkSettings(**config["network"]),
        quantiles=config["quantiles"],
        distribution=config["distribution"],
        seasonality=schema.frequency.seasonality,
    )
    forecaster.training = TrainingSettings(**config["training"])
    forecaster.test_size = int(config["test_size"])
    forecaster.metrics = dict(config["metrics"])
    forecaster.history = History.from_json(config["history"])
    return forecaster


def _check_sizes(config: dict[str, Any], sizes: WindowSizes) -> None:
    """Refuse sizes that no weights could have, before a network of them is described."""
    named = asdict(sizes) | {key: config["network"][key] for key in ("hidden_size", "num_layers", "series_embedding")}
    for name, value in named.items():
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= LARGEST_SIZE:
            raise ValueError(f"{name} must be between 0 and {LARGEST_SIZE}; got {value!r}.")
    if config["network"]["num_layers"] > 64:
        raise ValueError(f"num_layers must be at most 64; got {config['network']['num_layers']}.")
    if (sizes.context_length, sizes.horizon) != (config["context_length"], config["horizon"]):
        raise ValueError("the sizes of the windows are not those of the forecaster.")
