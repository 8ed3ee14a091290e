"""What is saved of a forecaster, and a forecaster from it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from gatelet.features import Schema
from gatelet.tasks.description import check_sizes, texts, whole
from gatelet.tasks.forecasting.batch import batch_widths
from gatelet.tasks.forecasting.fitted import Fitted
from gatelet.tasks.forecasting.network import ForecastNetwork, NetworkSettings, WindowSizes
from gatelet.tasks.forecasting.planned import PlannedForecastNetwork
from gatelet.tasks.forecasting.planning import plan_of
from gatelet.tasks.store import Contents, SavedModel

if TYPE_CHECKING:
    from gatelet.tasks.forecasting.forecaster import Forecaster

_Forecaster = TypeVar("_Forecaster", bound="Forecaster")

OFFSETS = "conformal_offsets"


def contents(forecaster: Forecaster, fitted: Fitted) -> Contents:
    """What is saved of a forecaster."""
    settings = {
        "horizon": forecaster.horizon,
        "context_length": fitted.network.sizes.context_length,
        "quantiles": list(forecaster.levels),
        "distribution": forecaster.distribution,
        "network": asdict(forecaster.network),
    }
    learned = {
        "sizes": asdict(fitted.network.sizes),
        "schema": fitted.schema.to_json(),
        "series": list(fitted.series),
        "test_size": forecaster.test_size,
    }
    weights = {} if fitted.offsets is None else {OFFSETS: torch.from_numpy(fitted.offsets)}
    return Contents(settings, learned, weights, plan_of(fitted))


def rebuilt(kind: type[_Forecaster], saved: SavedModel) -> tuple[_Forecaster, Fitted]:
    """A forecaster from what was saved."""
    config, offsets = saved.config, saved.weights.pop(OFFSETS, None)
    schema, series = Schema.from_json(config["schema"]), texts("series", config["series"])
    forecaster = kind(
        config["horizon"],
        context_length=config["context_length"],
        columns=schema.columns,
        network=NetworkSettings(**config["network"]),
        quantiles=config["quantiles"],
        distribution=config["distribution"],
        seasonality=schema.frequency.seasonality,
    )
    forecaster.test_size = whole("test_size", config["test_size"])
    sizes = WindowSizes(**config["sizes"])
    check_sizes(config)
    _check_agreement(config, sizes, schema, series)
    make = (forecaster.network, sizes, forecaster.distribution, forecaster.levels)
    network = saved.planned(PlannedForecastNetwork, *make) or saved.network(ForecastNetwork, *make)
    calibration = None if offsets is None else _calibration(offsets, forecaster)
    return forecaster, Fitted(schema, series, network, calibration)


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
    whole("seasonality", schema.frequency.seasonality)


def _calibration(offsets: torch.Tensor, forecaster: Forecaster) -> NDArray[np.float64]:
    expected = (forecaster.horizon, len(forecaster.levels))
    if offsets.dtype != torch.float64 or offsets.shape != expected or not offsets.isfinite().all():
        raise ValueError(f"{OFFSETS} must be finite numbers of shape {expected}.")
    values: NDArray[np.float64] = offsets.numpy()
    return values
