"""Each sort of covariate, where it alone carries the signal."""

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest

from gatelet.errors import DataError
from gatelet.features import Columns
from gatelet.tasks.forecasting import Forecaster, NetworkSettings
from gatelet.training import TrainingSettings

New = Callable[..., Forecaster]


def noisy(rows: int, **columns: Any) -> pl.DataFrame:
    return pl.DataFrame({"ds": np.arange(rows), **columns})


def error_with(columns: Columns, table: pl.DataFrame, context_length: int = 8, epochs: int = 20) -> float:
    """Mean absolute error, one step ahead, of a forecaster that is told these columns."""
    training = TrainingSettings(epochs=epochs, batch_size=32, learning_rate=2e-2, patience=epochs)
    network = NetworkSettings(hidden_size=12)
    forecaster = Forecaster(1, context_length=context_length, columns=columns, network=network, quantiles=())
    forecaster.fit(table, training=training, test_size=24)
    scores = forecaster.backtest(table, step=1, baselines=False).scores()
    return scores.overall["gatelet"]["mae"]


@pytest.mark.parametrize("part", ["past", "future"])
@pytest.mark.parametrize("kind", ["numeric", "categorical"])
def test_a_covariate_tells_what_the_past_cannot(part: str, kind: str) -> None:
    generator = np.random.default_rng(0)
    x = generator.normal(size=300) if kind == "numeric" else generator.choice([-2.0, 0.0, 2.0], 300)
    told = x if kind == "numeric" else np.array(["low", "mid", "high"])[np.int64(x / 2 + 1)]
    y = (x if part == "future" else np.roll(x, 1)) + 0.1 * generator.normal(size=300)
    table = noisy(300, y=y, x=told)
    assert error_with(Columns(**{part: ("x",)}), table) < 0.35 * np.mean(abs(y))  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["numeric", "categorical"])
def test_a_static_covariate_tells_series_apart(kind: str) -> None:
    generator = np.random.default_rng(0)
    tables = []
    for number in range(6):
        sign = 1.0 if number % 2 else -1.0
        place = np.arange(80) % 4
        # the fourth value, which no context of three holds, goes up or down with the sort of the series
        y = np.array([0.0, 1.0, 0.5, 0.0])[place] + 1.5 * sign * (place == 3) + 0.05 * generator.normal(size=80)
        told = sign if kind == "numeric" else "up" if sign > 0 else "down"
        tables.append(noisy(80, unique_id=f"s{number}", y=y, event=1.0 * (place == 3), sort=told))
    data = pl.concat(tables)
    with_it = error_with(Columns(static=("sort",), future=("event",)), data, context_length=3, epochs=10)
    without = error_with(Columns(future=("event",)), data, context_length=3, epochs=10)
    assert with_it < 0.5 * without


def priced(rows: int = 60) -> pl.DataFrame:
    generator = np.random.default_rng(1)
    return noisy(
        rows,
        y=generator.normal(size=rows),
        price=generator.normal(size=rows),
        promo=generator.choice(["a", "b"], rows),
    )


def test_the_future_may_come_in_the_table_or_beside_it(new: New, quick: TrainingSettings) -> None:
    table = priced(64)
    columns = Columns(future=("price", "promo"))
    known = table.with_columns(y=pl.when(pl.col("ds") < 60).then(pl.col("y")))
    forecaster = new(columns=columns).fit(known, training=quick)
    inside = forecaster.predict(known)
    beside = forecaster.predict(known.head(60), future=table.select("ds", "price", "promo").tail(4))
    np.testing.assert_array_equal(inside.quantiles, beside.quantiles)
    np.testing.assert_array_equal(inside.times, beside.times)
    other = table.with_columns(price=-pl.col("price")).tail(4)
    assert not np.array_equal(forecaster.predict(known.head(60), future=other).quantiles, inside.quantiles)


def test_a_future_covariate_missing_over_the_horizon_is_named(new: New, quick: TrainingSettings) -> None:
    forecaster = new(columns=Columns(future=("price",))).fit(priced(), training=quick)
    with pytest.raises(DataError, match=r"Future covariate 'price' must be known over the horizon; .*'series' at 60"):
        forecaster.predict(priced())
    with pytest.raises(DataError, match=r"series 'series' at 62\.$"):
        forecaster.predict(priced(60), future=priced(62).select("ds", "price"))


def test_missing_covariates_and_unknown_categories_are_borne(new: New, quick: TrainingSettings) -> None:
    table = priced(64).with_columns(
        price=pl.when(pl.col("ds") % 7 != 0).then(pl.col("price")),
        wind=pl.when(pl.col("ds") % 3 != 0).then(1.0 * pl.col("ds")),
    )
    columns = Columns(past=("wind",), future=("price", "promo"))
    known = table.with_columns(y=pl.when(pl.col("ds") < 59).then(pl.col("y")))
    forecaster = new(columns=columns).fit(known, training=quick)
    unknown = known.with_columns(promo=pl.when(pl.col("ds") > 50).then(pl.lit("new")).otherwise(pl.col("promo")))
    assert np.isfinite(forecaster.predict(unknown).quantiles).all()
