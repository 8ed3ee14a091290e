"""A fitted forecaster as a plan: each step takes one row and forecasts the horizon after it.

The context is a window over the rows so far, which is scaled by itself; the cell runs over that window from the
beginning at every step, as in training.
"""

from __future__ import annotations

import numpy as np

from gatelet import plan
from gatelet.features import Schema
from gatelet.nn.heads import QuantileHead
from gatelet.nn.planning import array, dense, recurrent
from gatelet.plan.values import Weights
from gatelet.tasks.forecasting.fitted import Fitted
from gatelet.tasks.forecasting.network import ForecastNetwork
from gatelet.tasks.planned import plan_within


def plan_of(fitted: Fitted) -> plan.Plan:
    """The plan of a forecaster.

    Inputs of a step, as far as the model has them: `target` in the unit of the data, NaN where missing; `past` and
    `known` covariates of the row and those `ahead` for the horizon, in the units of their columns, NaN where missing,
    categories as zeros and a one; `calendar` and `calendar_ahead`; `static` covariates, standardized; and the number of
    the `series` among those of the training, from 1, 0 for another. The output is `forecast`, (horizon, quantiles).
    """
    network, schema = fitted.network, fitted.schema
    if (found := plan_within(network)) is not None:
        return found
    sizes, settings = network.sizes, network.settings
    unit = schema.columns.target
    inputs = [plan.Value("target", (), unit=unit)]
    operations: list[plan.Operation] = [
        plan.Window("target", "window", sizes.context_length, missing=True),
        plan.Center("window", "center", settings.center),
        plan.Spread("window", "scale", schema.target_std),
        plan.Scale("window", "center", "scale", "scaled"),
        plan.Filled("scaled", "context"),
        plan.Observed("scaled", "context_observed"),
    ]
    rows = ["context", "context_observed"]
    past, past_operations = _past(schema, sizes.context_length)
    known, known_operations, ahead = _known(schema, sizes.context_length, sizes.horizon)
    inputs += past + known
    operations += past_operations + known_operations
    rows += ["past_rows"] * bool(past) + ["known_rows"] * bool(known)
    whole, whole_inputs, whole_operations = _whole(network, schema)
    inputs += whole_inputs
    operations += [
        *whole_operations,
        plan.Concatenate(tuple(rows), "rows"),
        plan.Segments("rows", "segments", settings.segment_length),
        plan.Concatenate(("segments", whole), "segments_whole"),
        dense(network.embed, "segments_whole", "embedded", "relu"),
        *_encoder(network),
        *_decoder(network, whole, ahead),
        *_head(fitted),
    ]
    output = plan.Value("forecast", (sizes.horizon, len(network.head.levels)), unit=unit)
    features = {
        "kind": "series",
        "schema": schema.to_json(),
        "context_length": sizes.context_length,
        "horizon": sizes.horizon,
        "quantiles": list(network.head.levels),
        "series": list(fitted.series),
    }
    return plan.Plan("Forecaster", tuple(inputs), tuple(operations), (output,), features)


def _past(schema: Schema, length: int) -> tuple[list[plan.Value], list[plan.Operation]]:
    """Past covariates, if there are any: "past_rows", the values and then what is observed."""
    if not schema.past_names:
        return [], []
    return [plan.Value("past", (len(schema.past_names),))], [
        *_masked(schema, "past"),
        plan.Window("past_masked", "past_rows", length),
    ]


def _known(schema: Schema, length: int, horizon: int) -> tuple[list[plan.Value], list[plan.Operation], str]:
    """What is known of the future, if anything: "known_rows", and the name of the rows of the horizon."""
    inputs: list[plan.Value] = []
    operations: list[plan.Operation] = []
    parts, ahead = [], []
    if schema.future_names:
        inputs += [plan.Value("known", (len(schema.future_names),))]
        inputs += [plan.Value("ahead", (horizon, len(schema.future_names)))]
        operations += [*_masked(schema, "known"), *_masked(schema, "ahead")]
        parts, ahead = ["known_masked"], ["ahead_masked"]
    if schema.calendar:
        inputs += [plan.Value("calendar", (2 * len(schema.calendar),))]
        inputs += [plan.Value("calendar_ahead", (horizon, 2 * len(schema.calendar)))]
        parts, ahead = [*parts, "calendar"], [*ahead, "calendar_ahead"]
    if not inputs:
        return [], [], ""
    operations += [
        plan.Concatenate(tuple(parts), "known_row"),
        plan.Window("known_row", "known_rows", length),
        plan.Concatenate(tuple(ahead), "ahead_rows"),
    ]
    return inputs, operations, "ahead_rows"


def _masked(schema: Schema, name: str) -> list[plan.Operation]:
    """Covariates standardized, gaps filled with 0, and beside them 1 where there is no gap."""
    mean, scale = _scales(schema, schema.columns.past if name == "past" else schema.columns.future)
    return [
        plan.Standardize(name, f"{name}_scaled", mean, scale),
        plan.Filled(f"{name}_scaled", f"{name}_filled"),
        plan.Observed(f"{name}_scaled", f"{name}_observed"),
        plan.Concatenate((f"{name}_filled", f"{name}_observed"), f"{name}_masked"),
    ]


def _scales(schema: Schema, covariates: tuple[str, ...]) -> tuple[Weights, Weights]:
    """Mean and scale of each feature; those of categories are 0 and 1."""
    means: list[float] = []
    scales: list[float] = []
    for name in covariates:
        numeric, count = name not in schema.categories, len(schema.expanded((name,)))
        means += [schema.mean[name] if numeric else 0.0] * count
        scales += [schema.std[name] if numeric else 1.0] * count
    return _single(means), _single(scales)


def _whole(network: ForecastNetwork, schema: Schema) -> tuple[str, list[plan.Value], list[plan.Operation]]:
    """What is the same for all steps of a window: its name, inputs and operations."""
    inputs: list[plan.Value] = []
    operations: list[plan.Operation] = [plan.Level("center", "scale", "level", schema.target_mean, schema.target_std)]
    parts = ["level"]
    if schema.static_names:
        inputs.append(plan.Value("static", (len(schema.static_names),)))
        parts.append("static")
    if network.settings.series_embedding:
        inputs.append(plan.Value("series", (), "int"))
        operations.append(plan.Embedding("series", "series_vector", array(network.series.weight)))
        parts.append("series_vector")
    operations.append(plan.Concatenate(tuple(parts), "whole"))
    return "whole", inputs, operations


def _states(network: ForecastNetwork) -> list[tuple[str, ...]]:
    """Names of the last states of each layer: h, and c of an LSTM."""
    depth = network.settings.num_layers
    layers = ["encoded" if k + 1 == depth else f"encoded.l{k}" for k in range(depth)]
    parts = ("", ".c") if network.settings.cell == "lstm" else ("",)
    return [tuple(f"{layer}{part}" for part in parts) for layer in layers]


def _encoder(network: ForecastNetwork) -> list[plan.Operation]:
    cells = recurrent(network.encoder, "embedded", "encoded", over="rows", cells=True)
    return [*cells, *(plan.Row(name, f"{name}.last") for names in _states(network) for name in names)]


def _decoder(network: ForecastNetwork, whole: str, ahead: str) -> list[plan.Operation]:
    """Each segment of the horizon is one step of the cell from the encoder's last states."""
    length = network.settings.segment_length
    operations: list[plan.Operation] = []
    if ahead:
        operations += [plan.Segments(ahead, "ahead_segments", length)]
        operations += [plan.Concatenate(("ahead_segments", whole), "ahead_whole")]
    starts = tuple(tuple(f"{name}.last" for name in names) for names in _states(network))
    return [
        *operations,
        dense(network.ahead, "ahead_whole" if ahead else whole, "ahead_embedded"),
        plan.Add(("ahead_embedded",), "places", array(network.place)),
        *recurrent(network.encoder, "places", "decoded", over="each", starts=starts),
    ]


def _head(fitted: Fitted) -> list[plan.Operation]:
    network, horizon = fitted.network, fitted.network.sizes.horizon
    head, levels = network.head, network.head.levels
    operations: list[plan.Operation] = [
        dense(head.linear, "decoded", "raw_segments"),
        plan.Split("raw_segments", "raw", head.num_outputs, horizon),
    ]
    shift = "shift" if network.settings.highway else ""
    if shift:
        operations += [
            plan.Segments("context", "context_segment", network.sizes.context_length),
            plan.Row("context_segment", "context_row"),
            dense(network.highway, "context_row", shift),
        ]
    median = levels.index(0.5)
    if isinstance(head, QuantileHead):
        operations.append(plan.Quantiles("raw", "quantiles", median, shift))
    else:
        operations.append(plan.StudentT("raw", "parameters", shift))
        operations.append(plan.StudentTQuantiles("parameters", "quantiles", levels))
    found = "quantiles"
    if fitted.offsets is not None:
        operations.append(plan.Calibrated("quantiles", "calibrated", _single(fitted.offsets), median))
        found = "calibrated"
    return [*operations, plan.Scale(found, "center", "scale", "forecast", back=True)]


def _single(values: object) -> Weights:
    return np.asarray(values, np.float32)
