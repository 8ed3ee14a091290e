"""A forecaster as a folder, and back."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from gatelet.errors import ModelError
from gatelet.features import Schema
from gatelet.tasks.forecasting.batch import batch_widths
from gatelet.tasks.forecasting.fitted import Fitted
from gatelet.tasks.forecasting.network import ForecastNetwork, NetworkSettings, WindowSizes
from gatelet.tasks.forecasting.planning import plan_of
from gatelet.tasks.store import check_weights, described, read_config, read_weights, write_model
from gatelet.training import History, TrainingSettings

if TYPE_CHECKING:
    from gatelet.tasks.forecasting.forecaster import Forecaster

TASK = "Forecaster"
OFFSETS = "conformal_offsets"
# far above any model that trains; a description beyond this is hostile
LARGEST_SIZE = 2**20
MOST_LAYERS = 64


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
    return write_model(path, TASK, description, weights, overwrite, plan_of(fitted))


def load(kind: type[Forecaster], path: Path) -> Forecaster:
    """Read a forecaster that `save` wrote.

    Raises:
        ModelError: the folder is absent, damaged, from a newer gatelet, or no forecaster.
    """
    config = read_config(path)
    if config.get("task") != TASK:
        raise ModelError(f"{path} must hold a {TASK}; it holds {config.get('task')!r:.80}.")
    weights = read_weights(path, config)
    offsets = weights.pop(OFFSETS, None)
    with described(path):
        forecaster = _described_forecaster(kind, config)
        schema = Schema.from_json(config["schema"])
        series = _names(config["series"])
        sizes = WindowSizes(**config["sizes"])
        _check_sizes(config, sizes)
        _check_agreement(config, sizes, schema, series)
        make = (forecaster.network, sizes, forecaster.distribution, forecaster.levels)
        with torch.device("meta"):
            check_weights(path, ForecastNetwork(*make), weights)
        network = ForecastNetwork(*make)
        network.load_state_dict(weights)
        network.eval()
        calibration = None if offsets is None else _calibration(offsets, forecaster)
    forecaster.restore(Fitted(schema, series, network, calibration))
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
    forecaster.test_size = _whole("test_size", config["test_size"])
    if not isinstance(config["metrics"], dict):
        raise TypeError(f"metrics must be an object; got {config['metrics']!r:.80}.")
    forecaster.metrics = config["metrics"]
    forecaster.history = History.from_json(config["history"])
    return forecaster


def _check_sizes(config: dict[str, Any], sizes: WindowSizes) -> None:
    """Refuse sizes that no weights could have, before a network of them is described."""
    for name, value in (asdict(sizes) | config["network"]).items():
        if name in ("hidden_size", "num_layers", "segment_length", "series_embedding", *asdict(sizes)):
            _whole(name, value)
    if config["network"]["num_layers"] > MOST_LAYERS:
        raise ValueError(f"num_layers must be at most {MOST_LAYERS}; got {config['network']['num_layers']}.")


def _check_agreement(config: dict[str, Any], sizes: WindowSizes, schema: Schema, series: tuple[str, ...]) -> None:
    """Refuse parts that are sound alone but do not belong together: forecasts from them would fail later."""
    if (sizes.context_length, sizes.horizon) != (config["context_length"], config["horizon"]):
        raise ValueError("the sizes of the windows are not those of the forecaster.")
    if sizes.context_length % config["network"]["segment_length"]:
        raise ValueError("context_length must be a multiple of segment_length.")
    if sizes.series != len(series):
        raise ValueError(f"series must have {sizes.series} names; it has {len(series)}.")
    if (sizes.past, sizes.known, sizes.whole) != batch_widths(schema):
        raise ValueError("the sizes of the windows are not those of the schema.")
    _whole("seasonality", schema.frequency.seasonality)


def _whole(name: str, value: Any) -> int:
    if type(value) is not int or not 0 <= value <= LARGEST_SIZE:
        raise ValueError(f"{name} must be a whole number from 0 to {LARGEST_SIZE}; got {value!r:.80}.")
    return value


def _names(values: Any) -> tuple[str, ...]:
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise TypeError("series must be a list of names.")
    return tuple(values)


def _calibration(offsets: torch.Tensor, forecaster: Forecaster) -> NDArray[np.float64]:
    expected = (forecaster.horizon, len(forecaster.levels))
    if offsets.dtype != torch.float64 or offsets.shape != expected or not offsets.isfinite().all():
        raise ValueError(f"{OFFSETS} must be finite numbers of shape {expected}.")
    values: NDArray[np.float64] = offsets.numpy()
    return values
