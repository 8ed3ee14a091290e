from collections.abc import Callable
from dataclasses import fields, replace
from datetime import datetime

import numpy as np
import polars as pl
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gatelet.features import Columns, Panel, fit_schema, read_panel
from gatelet.features.windows import Windows, next_windows
from gatelet.tasks.forecasting.batch import Batch, WindowCutter, batch_widths

Make = Callable[..., Panel]
CONTEXT, HORIZON = 6, 3
INPUTS = ("context", "context_observed", "past", "known", "whole", "series", "center", "scale")


def only(panel: Panel, origin: int, series: int = 0, center: str = "mean") -> Batch:
    windows = Windows(np.array([series]), np.array([origin]))
    return WindowCutter(panel, windows, CONTEXT, HORIZON, center=center)(torch.tensor([0]))


def in_units(batch: Batch, part: torch.Tensor) -> np.ndarray:
    return (part.double() * batch.scale[:, None] + batch.center[:, None]).numpy()


def table(rows: int = 20, seed: int = 0) -> pl.DataFrame:
    generator = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "unique_id": ["a"] * rows + ["b"] * rows,
            "ds": [*range(rows)] * 2,
            "y": generator.normal(size=2 * rows),
            "wind": generator.normal(size=2 * rows),
            "price": generator.normal(size=2 * rows),
            "size": ["small"] * rows + ["large"] * rows,
        }
    )


COLUMNS = Columns(static=("size",), past=("wind",), future=("price",))


@pytest.mark.parametrize("center", ["mean", "last"])
@given(seed=st.integers(0, 99))
def test_nothing_of_the_horizon_leaks_into_the_inputs(center: str, seed: int) -> None:
    frame, origin = table(seed=seed), 10
    schema = fit_schema(frame, COLUMNS)
    later = pl.col("ds") >= origin
    changed = frame.with_columns(
        pl.when(later).then(pl.lit(1e6) * (1 + pl.col("ds"))).otherwise(pl.col("y")).alias("y"),
        pl.when(later).then(pl.lit(-1e6)).otherwise(pl.col("wind")).alias("wind"),
    )
    batches = [only(read_panel(data, schema), origin, center=center) for data in (frame, changed)]
    for name in INPUTS:
        assert torch.equal(getattr(batches[0], name), getattr(batches[1], name)), name
    assert not torch.equal(batches[0].target, batches[1].target)


def test_future_covariates_are_known_over_the_horizon_and_past_ones_are_not() -> None:
    panel = read_panel(table(), fit_schema(table(), COLUMNS))
    batch = only(panel, 10)
    assert batch.past.shape == (1, CONTEXT, 2) and batch.known.shape == (1, CONTEXT + HORIZON, 2)
    np.testing.assert_array_equal(batch.past[0, :, 0], panel.past[4:10, 0])
    np.testing.assert_array_equal(batch.known[0, :, 0], panel.future[4:13, 0])
    assert (batch.past[..., 1] == 1).all() and (batch.known[..., 1] == 1).all()
    np.testing.assert_array_equal(batch.whole[0, 2:], panel.static[0])


def test_missing_values_are_zero_and_told_by_masks(panel_of: Make) -> None:
    frame = table().with_columns(
        y=pl.when(pl.col("ds").is_in([5, 11])).then(None).otherwise(pl.col("y")),
        wind=pl.when(pl.col("ds") == 6).then(None).otherwise(pl.col("wind")),
        price=pl.when(pl.col("ds") == 12).then(None).otherwise(pl.col("price")),
    )
    batch = only(read_panel(frame, fit_schema(frame, COLUMNS)), 10)
    assert batch.context_observed[0].tolist() == [1, 0, 1, 1, 1, 1] and batch.context[0, 1] == 0
    assert batch.target_observed[0].tolist() == [1, 0, 1] and batch.target[0, 1] == 0
    assert batch.past[0, :, 1].tolist() == [1, 1, 0, 1, 1, 1] and batch.past[0, 2, 0] == 0
    assert batch.known[0, :, 1].tolist() == [1] * 8 + [0] and batch.known[0, 8, 0] == 0
    for field in fields(Batch):
        assert not getattr(batch, field.name).isnan().any(), field.name


def test_a_context_that_begins_before_its_series_is_padded(panel_of: Make) -> None:
    panel = panel_of([100.0] * 9, [1.0, 2.0, 3.0, 4.0])
    batch = only(panel, 9 + 2, series=1)
    assert batch.context_observed[0].tolist() == [0, 0, 0, 0, 1, 1]
    assert batch.center.item() == 1.5 and batch.scale.item() == 0.5
    assert batch.context[0].tolist() == [0, 0, 0, 0, -1, 1]
    assert batch.target_observed[0].tolist() == [1, 1, 0]  # the horizon goes beyond the last row
    np.testing.assert_allclose(in_units(batch, batch.target)[0, :2], [3, 4])


def test_padding_holds_nothing_of_the_neighbouring_series() -> None:
    frame = table(rows=8)
    schema = fit_schema(frame, COLUMNS)
    other = frame.with_columns(
        [
            pl.when(pl.col("unique_id") == "a").then(1e3).otherwise(pl.col(name)).alias(name)
            for name in ("wind", "price")
        ]
    )
    batches = [only(read_panel(data, schema), 8 + 2, series=1) for data in (frame, other)]
    for name in INPUTS:
        assert torch.equal(getattr(batches[0], name), getattr(batches[1], name)), name


@pytest.mark.parametrize(
    "values",
    [
        [0.0] * 12,
        [5.0] * 12,
        [-3e8] * 12,
        [1e-12] * 12,
        [1e-300, 0.0] * 6,
        [1e9 + 10 * (step % 3) for step in range(12)],
        [1e-9 * (step % 4) for step in range(12)],
        [-1e30, 1e30] * 6,
    ],
    ids=["zero", "constant", "large constant", "tiny constant", "denormal", "huge offset", "near zero", "huge"],
)
@pytest.mark.parametrize("center", ["mean", "last"])
def test_scaling_is_finite_and_reversible(panel_of: Make, values: list[float], center: str) -> None:
    batch = only(panel_of(values), 8, center=center)
    for name in ("context", "target", "whole"):
        assert getattr(batch, name).isfinite().all(), name
    assert batch.scale.item() > 0
    unit = max(abs(value) for value in values) * 1e-6 + 1e-12
    np.testing.assert_allclose(in_units(batch, batch.context)[0], values[2:8], rtol=1e-6, atol=unit)
    np.testing.assert_allclose(in_units(batch, batch.target)[0], values[8:11], rtol=1e-6, atol=unit)


def test_a_huge_offset_does_not_hide_the_signal(panel_of: Make) -> None:
    values = np.array([1e9 + 10.0 * (step % 3) for step in range(12)])
    offset, plain = only(panel_of(values), 8), only(panel_of(values - 1e9), 8)
    torch.testing.assert_close(offset.context, plain.context, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(offset.target, plain.target, rtol=1e-4, atol=1e-4)


def test_a_constant_context_keeps_a_scale_that_suits_its_level(panel_of: Make) -> None:
    constant = only(panel_of([50.0] * 12, np.arange(12.0)), 8)
    assert 0.01 < constant.scale.item() < 1
    zero = only(panel_of([0.0] * 12, 1e6 * np.arange(12.0)), 8)
    assert zero.scale.item() > 1  # a series among others of size 1e6


def test_center_is_the_mean_or_the_last_observed_value(panel_of: Make) -> None:
    panel = panel_of([1.0, 2.0, 3.0, 4.0, 6.0, None, 8.0, 9.0, 10.0])
    assert only(panel, 6, center="mean").center.item() == pytest.approx(16 / 5)
    assert only(panel, 6, center="last").center.item() == 6.0


def test_the_level_tells_where_the_window_lies(panel_of: Make) -> None:
    panel = panel_of(np.arange(40.0))
    low, high = only(panel, 8), only(panel, 36)
    assert low.whole[0, 0] < 0 < high.whole[0, 0]
    assert low.whole[0, 1] == high.whole[0, 1]
    extreme = only(replace(panel, target=np.full(40, 1e25)), 8)
    assert extreme.whole.abs().max() <= 10


def test_series_are_numbered_as_in_training_and_unknown_ones_are_zero(panel_of: Make) -> None:
    panel = panel_of([1.0, 2.0], [3.0, 4.0], [5.0, 6.0])
    cutter = WindowCutter(panel, next_windows(panel), 2, 1, center="mean", known_series=("s2", "s0"))
    assert cutter(torch.tensor([0, 1, 2])).series.tolist() == [2, 0, 1]


def test_batches_do_not_depend_on_their_company(panel_of: Make) -> None:
    panel = panel_of(np.sin(np.arange(30.0)), [*range(10), None, *range(10)])
    windows = Windows(np.array([0, 1, 0, 1]), np.array([9, 39, 20, 44]))
    cutter = WindowCutter(panel, windows, CONTEXT, HORIZON, center="mean")
    together = cutter(torch.tensor([3, 0, 2, 1]))
    assert len(together) == 4
    for place, number in enumerate((3, 0, 2, 1)):
        alone = cutter(torch.tensor([number]))
        for field in fields(Batch):
            whole, part = getattr(together, field.name)[place], getattr(alone, field.name)[0]
            torch.testing.assert_close(whole, part, rtol=1e-6, atol=1e-6)


def test_a_moved_batch_leaves_its_scale_on_the_cpu(panel_of: Make) -> None:
    batch = only(panel_of(np.arange(12.0)), 8).to(torch.device("meta"))
    assert batch.context.is_meta and batch.target.is_meta
    assert not batch.center.is_meta and not batch.scale.is_meta


def test_widths_are_those_of_the_batches() -> None:
    frame = table(rows=100).with_columns(ds=datetime(2024, 1, 1) + pl.duration(hours=pl.col("ds")))
    panel = read_panel(frame, fit_schema(frame, COLUMNS))
    batch = only(panel, 10)
    # a cycle of hours and its cosine; the price and its mask; the wind and its mask; level, spread and two sizes
    assert batch_widths(panel.schema) == (batch.past.shape[2], batch.known.shape[2], batch.whole.shape[1]) == (2, 4, 4)


def test_a_series_far_smaller_than_the_others_is_scaled_by_its_own_spread(panel_of: Make) -> None:
    t = np.arange(60)
    small = 3.0 + np.sin(t)
    panel = panel_of(1e5 * (2.0 + np.cos(t)), small)
    batch = WindowCutter(panel, next_windows(panel), 24, 6, center="mean")(torch.tensor([1]))
    torch.testing.assert_close(batch.scale, torch.tensor([small[36:].std()]), rtol=1e-6, atol=0.0)
